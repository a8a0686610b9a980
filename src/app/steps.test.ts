import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { runText } from './runs';
import { landmarkFrom } from './landmarks';
import { landmarksOf } from './steps';

const run = (slug: string) => {
  const ran = runText(readFileSync(join(import.meta.dirname, `../../public/scenarios/${slug}.ghcb`), 'utf8'));
  if (!ran.ok) throw new Error(ran.problems[0]?.message);
  return ran.value.run;
};

/** Findings at steps 3, 10 and 20, which are shown at the positions 4, 11 and 21. */
const steps = [3, 10, 20];

test.each([
  ['on', 0, 1, 4],
  ['on, from the one that is shown', 4, 1, 11],
  ['on, from just before one', 3, 1, 4],
  ['two on', 0, 2, 11],
  ['on, from the last', 21, 1, undefined],
  ['two on, where one is left', 11, 2, undefined],
  ['back', 30, -1, 21],
  ['back, from the one that is shown', 21, -1, 11],
  ['back, from just behind one', 12, -1, 11],
  ['two back', 30, -2, 11],
  ['back, from the first', 4, -1, undefined],
  ['two back, where one is left', 11, -2, undefined],
])('%s: from position %i, %i landmarks, one comes to %s', (_, position, by, to) => {
  expect(landmarkFrom(steps, position, by)).toBe(to);
});

test('on and back again is where one was', () => {
  for (const step of [3, 10]) {
    const on = landmarkFrom(steps, step + 1, 1) ?? 0;
    expect(landmarkFrom(steps, on, -1)).toBe(step + 1);
  }
});

test('the exits of a run are its exits to userspace, and its acts begin where the record says', () => {
  const { timeline } = run('psc-batch');
  const { landmarks } = finish(landmarksOf(timeline));
  const { exits, actStarts, findings } = landmarks;
  expect(exits.length).toBeGreaterThan(0);
  const moves = exits.map((step) => timeline.step(step).move?.kind);
  expect(new Set(moves).size).toBeGreaterThan(1);
  expect(moves.filter((kind) => kind === 'mapGpaRangeExit').length).toBe(
    Array.from({ length: timeline.stepCount }, (_, step) => timeline.step(step).move?.kind).filter(
      (kind) => kind === 'mapGpaRangeExit',
    ).length,
  );
  for (const step of actStarts)
    expect(step === 0 || timeline.step(step).actIndex > timeline.step(step - 1).actIndex).toBe(true);
  expect(new Set(findings).size).toBe(findings.length);
});
