/**
 * Some ways at random, the same each time, before states are stored: what is live is mostly known then, so that a search
 * seldom begins again.
 */
import type { Resumable } from '../../base/resumable';
import { GAP, REFUSED } from './expanding';
import type { PassParts } from './pass';
import { NO_LEAF } from './performing';

/** The ways, and the acts that are tried on each. */
const WALKS = 120;
const WALK_LENGTH = 60;

/** @param pack gives packed states the form that the live cells ask for */
export function* scout({ memo, live, scope, performer }: PassParts, pack: () => void): Resumable<void> {
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  for (let walk = 0; walk < WALKS; walk++) {
    const way: number[] = [];
    let words = new Int32Array(live.words);
    for (let steps = 0; steps < WALK_LENGTH; steps++) {
      const act = random(scope.acts.length);
      const known = memo.leafOf(act, words);
      const leaf = known < 0 ? performer.perform(words, act, () => ({ leaves: way, act })) : known;
      if (live.isStale) {
        pack();
        words = memo.wordsAfter(way);
      }
      if (leaf === NO_LEAF) continue;
      if (memo.kinds[leaf] === REFUSED || memo.kinds[leaf] === GAP) continue;
      const next = new Int32Array(live.words);
      memo.apply(leaf, words, next);
      words = next;
      way.push(leaf);
    }
    yield;
  }
}
