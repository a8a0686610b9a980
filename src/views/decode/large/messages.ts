/** What the page asks the worker that counts a log, and what it hears. */
import type { SentColumns } from '../../../traces/columns/columns';

/** Bytes of the file from `from` up to and without `to`. */
export interface CountRequest {
  readonly file: Blob;
  readonly from: number;
  readonly to: number;
}

export type CountReply =
  | { readonly kind: 'progress'; readonly bytes: number; readonly lines: number }
  | { readonly kind: 'done'; readonly columns: SentColumns }
  | { readonly kind: 'failed'; readonly why: string };
