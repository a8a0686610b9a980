/** What the page and the worker of the search say to each other. A question is answered until the next one comes. */
import type { Verdict } from '../../explorer/search/exploration';
import type { Progress, Searched } from '../../explorer/search/search';

export type Question =
  | {
      readonly kind: 'explore';
      /** Counted by the page: a reply to an earlier question is not heard. */
      readonly turn: number;
      readonly text: string;
      readonly profiles: readonly string[];
    }
  | { readonly kind: 'stop' };

/** What a search says of one question. */
export interface ShownAnswer {
  readonly name: string;
  readonly says: string;
  readonly sense: 'bad' | 'wanted';
  readonly verdict: Verdict;
  /** The acts of the shortest way, a line each. */
  readonly way?: readonly string[];
  /** The way as a scenario. */
  readonly text?: string;
  /** The same under this kernel and others. */
  readonly beside?: string;
}

export type Counts = Omit<Searched, 'answers' | 'cells'> & { readonly cells: number };

/** A search that ended, or what was known when it was stopped. */
export interface ShownSearch {
  readonly profiles: readonly string[];
  readonly answers: readonly ShownAnswer[];
  readonly counts: Counts;
  readonly milliseconds: number;
}

/** States as they are drawn. */
export interface ShownMap {
  readonly clusters: readonly { readonly name: string; readonly states: number; readonly depth: number }[];
  readonly nodes: readonly { readonly cluster: number; readonly depth: number; readonly text: string }[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly act: string }[];
}

export type Reply = { readonly turn: number } & Said;

export type Said =
  | ({ readonly kind: 'progress'; readonly under: string } & Progress)
  /** Searches that ended, and last what the present one has found: a counterexample is read while the rest is searched. */
  | { readonly kind: 'early'; readonly searches: readonly ShownSearch[] }
  | { readonly kind: 'found'; readonly searches: readonly ShownSearch[]; readonly stopped: boolean }
  /** The last message about a question that was searched. */
  | { readonly kind: 'map'; readonly map: ShownMap | undefined }
  | { readonly kind: 'failed'; readonly what: string };
