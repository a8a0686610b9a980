/** The budget of a run counts all its acts together, and stops inside the one that goes beyond it. */
import { expect, test } from 'vitest';
import { Run } from '../../testing/engine/test-run';
import { BudgetSpent } from './meter';

/** Acts of so many frames each, until the budget is spent. @returns how many were taken, at most 200 */
function taken(frames: number, writes: number): number {
  const run = new Run().initialised();
  run.world.allow({ writes });
  for (let acts = 0; acts < 200; acts++) {
    try {
      run.vmm('set-attributes', { gfn: 0, n: frames, private: acts % 2 === 1 });
    } catch (error) {
      if (error instanceof BudgetSpent) return acts;
      throw error;
    }
  }
  return 200;
}

test('what earlier acts wrote counts', () => {
  const few = taken(1, 300);
  expect(few).toBeGreaterThan(2);
  expect(few).toBeLessThan(200);
  expect(taken(1, 600) / few).toBeCloseTo(2, 0);
});

test('a run without limit goes on', () => {
  expect(taken(1, Infinity)).toBe(200);
});
