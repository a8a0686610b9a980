import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestText } from '../../engine/memory/digest';
import { enabledActs } from '../../engine/enabled-acts';
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import { profile } from '../../profiles/resolve';
import { worldFor } from '../../scenarios/machine';
import { headOf } from '../../scenarios/scenario';
import { standardLaunch } from '../../scenarios/launch';
import { runs } from '../../testing/effort';
import { Timeline } from './timeline';

const head = headOf({ lines: [{ kind: 'vm', settings: { memory: 4 << 20 }, written: [] }] });
const freshWorld = (): World => worldFor(head, profile('linux-7.2'));

/** A launch, then acts drawn from those that can be taken. */
function randomRun(draws: readonly number[]): Timeline {
  const timeline = new Timeline(freshWorld());
  for (const act of standardLaunch(head, profile('linux-7.2'))) timeline.perform(act, 'scenario');
  for (const draw of draws) {
    const acts = enabledActs(timeline.world).filter(({ refused }) => refused === undefined);
    timeline.world.log.top = 0;
    const chosen = acts[draw % acts.length];
    if (chosen) timeline.perform(chosen.act, 'user');
  }
  return timeline;
}

/** What the world was after each act, by performing the acts on a fresh one. */
function digestsOf(acts: readonly Act[]): string[] {
  const fresh = new Timeline(freshWorld());
  return acts.map((act) => {
    fresh.perform(act, 'user');
    return digestText(fresh.world.digest());
  });
}

test('after any acts, every place in the timeline is what a fresh run has there', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { maxLength: 25 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (draws, hops) => {
        const timeline = randomRun(draws);
        const digests = digestsOf(timeline.acts.map(({ act }) => act));
        expect(timeline.digest()).toBe(digests.at(-1));
        for (const hop of hops) {
          const index = hop % timeline.acts.length;
          const performed = timeline.acts[index];
          if (!performed) continue;
          const { world } = timeline.at(performed.firstStep + performed.stepCount);
          expect(digestText(world.digest())).toBe(digests[index]);
        }
      },
    ),
    { numRuns: runs(15) },
  );
});

test('the changes of each step lead from the state before to the state after', () => {
  const timeline = randomRun([3, 14, 15, 92, 65, 35, 89, 79]);
  for (let index = 0; index < timeline.stepCount; index++) {
    const { world } = timeline.at(index + 1);
    for (const change of timeline.step(index).changes) {
      if (change.kind !== 'pages') continue;
      expect(world.pages[change.field].get(change.first)).toBe(change.after);
      expect(world.pages[change.field].get(change.first + change.count - 1)).toBe(change.after);
    }
  }
});

test('truncated timelines go on as if the later acts had never been', () => {
  const timeline = randomRun([7, 1, 8, 2, 8]);
  const acts = timeline.acts.map(({ act }) => act);
  const digest = timeline.digest();
  timeline.step(timeline.stepCount - 1).changes.forEach(() => undefined);
  timeline.truncate(10);
  expect(timeline.acts).toHaveLength(10);
  acts.slice(10).forEach((act) => timeline.perform(act, 'user'));
  expect(timeline.digest()).toBe(digest);
});
