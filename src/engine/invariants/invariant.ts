/** What an invariant is: a predicate over the declared state, and the moves after which it is looked at. */
import type { Source } from '../../abi/source';
import type { MoveName } from '../moves';
import type { World } from '../world';

/** A move as the invariants see it, before its step is closed. */
export interface Seen {
  readonly world: World;
  readonly kind: MoveName;
  /** vCPU that moves or is moved; -1 when none is meant. */
  readonly index: number;
  readonly args: Readonly<Record<string, number | bigint | string>>;
  /** Position in the write log when the request or call in hand began. */
  readonly since: number;
}

/** @returns how the predicate fails, as a sentence without its end; nothing when it holds */
export type Check = (seen: Seen) => string | undefined;

export interface Invariant {
  /** The predicate, in one sentence. */
  readonly doc: string;
  /** Where it was asked for, or what it rests on. */
  readonly source: Source;
  readonly after: Readonly<Partial<Record<MoveName, Check>>>;
}

/** Declares the invariants of one area. */
export const invariants = <const T extends Readonly<Record<string, Invariant>>>(table: T): T => table;

/** The same check after several moves. */
export const afterEach = (kinds: readonly MoveName[], check: Check): Invariant['after'] =>
  Object.fromEntries(kinds.map((kind) => [kind, check]));
