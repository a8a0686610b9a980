/** How an invariant is checked: a predicate over the declared state, and the moves after which it is evaluated. */
import type { MoveName } from '../moves';
import type { InvariantName } from '../rules/invariants';
import type { World } from '../world';

/** A move as the invariants see it, before its step is closed. */
export interface Seen {
  readonly world: World;
  readonly kind: MoveName;
  /** vCPU that acts or is acted on; -1 when the move belongs to no vCPU. */
  readonly index: number;
  readonly args: Readonly<Record<string, number | bigint | string>>;
  /** Position in the write log when the request or call in hand began. */
  readonly since: number;
}

/** @returns how the predicate fails, as a sentence without its end; nothing when it holds */
export type Check = (seen: Seen) => string | undefined;

/** The moves after which an invariant is checked, each with its predicate. */
export type ChecksAfter = Readonly<Partial<Record<MoveName, Check>>>;

/** Declares the checks of one area, by the name of the invariant. */
export const checks = <const T extends Readonly<Partial<Record<InvariantName, ChecksAfter>>>>(table: T): T =>
  table;

/** The same check after several moves. */
export const afterEach = (kinds: readonly MoveName[], check: Check): ChecksAfter =>
  Object.fromEntries(kinds.map((kind) => [kind, check]));
