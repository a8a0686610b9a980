/** A file that a person drops or opens, as text, or one sentence why not. */
import { MAX_OPENED_BYTES } from '../base/limits';
import { sizeText } from '../base/sizes';
import { beginsRecording } from './incoming';
import { looksLikeWorkFile } from './own-work/file';
import { ok, problem, type Result } from '../base/result';

export interface OpenedFile {
  readonly name: string;
  readonly text: string;
}

/** A file that is no scenario: one for the decoder. */
export interface DroppedFile {
  readonly name: string;
  readonly file: Blob;
}

/** What a file must have for its bytes to be read. */
export interface FileLike {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A file that can be read in chunks. */
export interface StreamedFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  stream(): ReadableStream<Uint8Array>;
}

/** A text as a file. */
export function textFile(name: string, text: string): StreamedFile {
  const blob = new Blob([text]);
  return { name, size: blob.size, stream: () => blob.stream() };
}

type LargeKind = 'recording' | 'works' | 'log';

/** What a file is by its first bytes, where such files may be large; what cannot be read is neither. */
export async function largeKindOf(file: Blob & { readonly name: string }): Promise<LargeKind | undefined> {
  const begin = await file
    .slice(0, 200)
    .text()
    .catch(() => '');
  if (beginsRecording(begin)) return 'recording';
  if (looksLikeWorkFile(begin)) return 'works';
  // Larger than any scenario: a log, or nothing that is read; the decoder says which.
  return file.size > MAX_OPENED_BYTES && !file.name.endsWith('.ghcb') ? 'log' : undefined;
}

/** @returns the text of a file, or the bytes of one that is no UTF-8 */
export async function readFile(
  file: FileLike,
  most = MAX_OPENED_BYTES,
): Promise<Result<OpenedFile | DroppedFile>> {
  const { name } = file;
  if (file.size === 0) return problem(`${name} is empty.`);
  if (file.size > most) {
    return problem(
      `${name} has ${sizeText(file.size)}; at most ${sizeText(most)} are read. Nothing of it was read.`,
    );
  }
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    return problem(`${name} could not be read; a folder cannot be opened, and a file may have moved.`);
  }
  return contentOf(name, new Uint8Array(bytes));
}

function contentOf(name: string, bytes: Uint8Array<ArrayBuffer>): Result<OpenedFile | DroppedFile> {
  const text = textOf(bytes);
  if (text === undefined && name.endsWith('.ghcb'))
    return problem(`${name} is not UTF-8 text; save it as UTF-8 and open it again.`);
  return ok(text === undefined ? { name, file: new Blob([bytes]) } : { name, text });
}

/** The text of bytes that are UTF-8 without zeros. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
