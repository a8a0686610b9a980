/** The lines `explore`: what a search for all orders of acts may do behind the acts above them, and what it looks for. */
import type { Act } from '../engine/acts';
import type { InvariantName } from '../engine/rules/invariants';
import type { Filter } from './filter/filter';
import type { WrittenParameter } from './written';

/** A filter and the text it was read from, one blank between words. */
export interface WrittenFilter {
  readonly text: string;
  readonly filter: Filter;
}

/** Acts that the search may take, written as one line: `v*` for every vCPU, `|` between the values of a parameter. */
export interface ScopeActs {
  readonly what: 'acts';
  /** How often they may be taken on one way, all of them together; without it as often as possible. */
  readonly times?: { readonly count: number; readonly text: string };
  /** Who acts, as written: `v0`, `v*`, `vmm`. */
  readonly who: string;
  readonly verb: string;
  readonly written: readonly WrittenParameter[];
  readonly acts: readonly Act[];
}

/** What one line says. */
export type Clause =
  | ScopeActs
  /** Threads go on one at a time, in any order, and not by themselves after each act. */
  | { readonly what: 'threads' }
  /** These invariants hold after every act; all of them where none is named. */
  | { readonly what: 'invariants'; readonly names: readonly InvariantName[] }
  /** No act is what the filter asks for. */
  | ({ readonly what: 'never' } & WrittenFilter)
  /** Some way leads to such an act, or to one and later to another. */
  | ({ readonly what: 'some'; readonly then?: WrittenFilter } & WrittenFilter)
  /** Guest and VMM see the same under each of these profiles. */
  | { readonly what: 'alike'; readonly specs: readonly string[] }
  /** Where the search ends at the latest. */
  | {
      readonly what: 'limit';
      readonly states?: number;
      readonly depth?: number;
      readonly written: readonly WrittenParameter[];
    };

export interface ExploreLine {
  readonly kind: 'explore';
  readonly clause: Clause;
}
