import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  following,
  layoutHits,
  layoutRail,
  railPosition,
  railX,
  wholeRail,
  zoomed,
  type RailContent,
  type RailMark,
} from './rail';

const empty: RailContent = { actStarts: [], exits: [], findings: [], divergences: [], notes: [] };
const railOf = (content: Partial<RailContent>, stepCount: number, width: number) =>
  layoutRail({ ...empty, ...content }, wholeRail(stepCount), width);
const positionsOf = (marks: readonly RailMark[], kind: RailMark['kind']): number[] =>
  marks.filter((mark) => mark.kind === kind).map(({ position }) => position);

test('there is a dot for each step while there is room', () => {
  expect(positionsOf(railOf({}, 20, 1000).marks, 'step')).toHaveLength(20);
  expect(positionsOf(railOf({}, 2000, 1000).marks, 'step')).toEqual([]);
});

test.each([100, 10_000, 1_000_000])(
  'of %d steps, acts, exits, notes and findings have marks that do not touch',
  (stepCount) => {
    const every = (nth: number): number[] => Array.from({ length: stepCount / nth }, (_, i) => i * nth);
    const content = { actStarts: every(2), exits: every(5), notes: every(50), findings: every(10) };
    const { marks } = railOf(content, stepCount, 1000);
    expect(marks.length).toBeLessThan(2000);
    for (const [kind, steps] of [
      ['act', content.actStarts],
      ['exit', content.exits],
      ['note', content.notes],
      ['finding', content.findings],
    ] as const) {
      const own = marks.filter((mark) => mark.kind === kind);
      expect(own.length, kind).toBeGreaterThan(0);
      expect(
        own.reduce((sum, { count }) => sum + count, 0),
        kind,
      ).toBe(steps.length);
      own.forEach((mark, i) => expect(mark.x - (own[i - 1]?.x ?? -Infinity)).toBeGreaterThan(3.9));
    }
  },
);

test('findings that would cover each other are one diamond', () => {
  const { marks } = railOf({ findings: [10, 11, 12, 9000] }, 10_000, 800);
  expect(positionsOf(marks, 'finding')).toEqual([11, 9001]);
});

test.each([
  [100, [1, 2]],
  [101, [1]],
])('of two neighbours among %d steps on 400 pixels, these have diamonds: %j', (stepCount, positions) => {
  expect(positionsOf(railOf({ findings: [0, 1] }, stepCount, 420).marks, 'finding')).toEqual(positions);
});

test('where runs part, no finding covers the mark', () => {
  const { marks } = railOf({ findings: [10, 500], divergences: [10] }, 10_000, 800);
  expect([positionsOf(marks, 'divergence'), positionsOf(marks, 'finding')]).toEqual([[11], [501]]);
});

test.each([0, 1, 17, 100])('a click where position %d stands goes there', (position) => {
  const shown = wholeRail(100);
  expect(railPosition(shown, 700, railX(shown, 700, position))).toBe(position);
});

test('an empty run has one place', () => {
  expect(railX(wholeRail(0), 700, 0)).toBe(10);
  expect(layoutRail(empty, wholeRail(0), 700).marks.filter(({ kind }) => kind !== 'step')).toEqual([]);
});

test('steps that a filter means are strokes where they stand; those that would touch are one', () => {
  const hitsOf = (hits: readonly number[], stepCount: number) => layoutHits(hits, wholeRail(stepCount), 1000);
  expect(hitsOf([], 100)).toEqual([]);
  const [one, ...others] = hitsOf([49], 100);
  expect(one && one.x + one.length / 2).toBe(railX(wholeRail(100), 1000, 50));
  expect(others).toEqual([]);
  const all = Array.from({ length: 5000 }, (_, step) => step);
  expect(hitsOf(all, 5000)).toHaveLength(1);
  expect(hitsOf([0, 2500, 4999], 5000)).toHaveLength(3);
});

describe('a closer rail', () => {
  test('shows only what is in it, and each step of it', () => {
    const shown = { from: 500_000, to: 500_050 };
    const { marks } = layoutRail({ ...empty, actStarts: [3, 500_010, 500_020, 900_000] }, shown, 1000);
    expect(positionsOf(marks, 'act')).toEqual([500_011, 500_021]);
    expect(positionsOf(marks, 'step')).toHaveLength(50);
  });

  test('keeps the position that it is closer to in place, and wider again is the whole run', () => {
    const stepCount = 100_000;
    let shown = wholeRail(stepCount);
    for (let i = 0; i < 6; i++) shown = zoomed(shown, { by: 1, around: 30_000, stepCount }) ?? shown;
    expect(shown.to - shown.from).toBeLessThan(2000);
    expect(railX(shown, 1000, 30_000)).toBeCloseTo(railX(wholeRail(stepCount), 1000, 30_000), 0);
    expect(zoomed(shown, { by: -20, around: 30_000, stepCount })).toBeUndefined();
  });

  test('any zoom and any step leave a window inside the run that has the step', () => {
    const steps = fc.integer({ min: 1, max: 2_000_000 });
    const moves = fc.array(
      fc.record({ by: fc.integer({ min: -3, max: 6 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(steps, moves, (stepCount, all) => {
        let shown = wholeRail(stepCount);
        for (const { by, share } of all) {
          const around = Math.round(share * stepCount);
          shown = zoomed(shown, { by, around, stepCount }) ?? wholeRail(stepCount);
          expect(shown.from).toBeGreaterThanOrEqual(0);
          expect(shown.to).toBeLessThanOrEqual(stepCount);
          expect(shown.to).toBeGreaterThan(shown.from);
          const after = following(shown, around, stepCount);
          expect(after.from <= around && around <= after.to).toBe(true);
        }
      }),
    );
  });
});
