/** Sees every move of an act: remembers what later checks need, and checks the invariants against the state. */
import { moveNames, type MoveName } from '../moves';
import { invariantNames, type InvariantName } from '../rules/invariants';
import type { Watcher, World } from '../world';
import { invariantChecks } from './all';
import type { Check, Seen } from './invariant';
import { remember } from './remember';

type Checks = readonly (readonly [InvariantName, Check])[];

const checksAfter = new Map<MoveName, Checks>(
  moveNames.flatMap((kind) => {
    const checks = invariantNames.flatMap((name) => {
      const check = invariantChecks[name][kind];
      return check ? [[name, check] as const] : [];
    });
    return checks.length === 0 && !remember[kind] ? [] : [[kind, checks]];
  }),
);

/** Moves with which a request or a call begins; later writes belong to it. */
const begins: ReadonlySet<MoveName> = new Set<MoveName>(['msrRequest', 'naeRequest', 'ioctl', 'kvmRun']);

/** One act, watched. */
export class Watch implements Watcher {
  private since: number;
  /** Whether the act has made a visible move. */
  hasMoved = false;

  constructor(private readonly world: World) {
    this.since = world.log.top;
  }

  move(kind: MoveName, index: number, args: Seen['args']): void {
    this.hasMoved = true;
    if (begins.has(kind)) this.since = this.world.log.top;
    const checks = checksAfter.get(kind);
    if (!checks) return;
    const seen = { world: this.world, kind, index, args, since: this.since };
    const { checked } = this.world;
    if (checked?.size === 0) return;
    for (const [name, check] of checks) {
      if (checked && !checked.has(name)) continue;
      const failed = check(seen);
      if (failed !== undefined) this.world.violation(name, failed);
    }
    remember[kind]?.(seen);
  }
}
