import { expect, test } from 'vitest';
import { layoutHits, layoutRail, railPosition, railX } from './rail';

const kinds = (content: Parameters<typeof layoutRail>[0], width: number) => [
  ...new Set(layoutRail(content, width).marks.map((mark) => mark.kind)),
];

test.each([
  ['a dot for each step while there is room', 20, [0, 5, 9], 1000, ['step']],
  ['a tick for each act when there is not', 2000, [0, 500, 900], 1000, ['act']],
  ['nothing but the line in a long run', 9000, Array.from({ length: 3000 }, (_, i) => i * 3), 1000, []],
])('%s', (_, stepCount, actStarts, width, expected) => {
  expect(kinds({ stepCount, actStarts, findings: [], divergences: [] }, width)).toEqual(expected);
});

test('findings that would cover each other are one diamond', () => {
  const { marks } = layoutRail(
    { stepCount: 10_000, actStarts: [], findings: [10, 11, 12, 9000], divergences: [] },
    800,
  );
  expect(marks.filter((mark) => mark.kind === 'finding').map((mark) => mark.position)).toEqual([11, 9001]);
});

test.each([
  [100, [1, 2]],
  [101, [1]],
])('of two neighbours among %d steps on 400 pixels, these have diamonds: %j', (stepCount, positions) => {
  const content = { stepCount, actStarts: [], findings: [0, 1], divergences: [] };
  const diamonds = layoutRail(content, 420).marks.filter((mark) => mark.kind === 'finding');
  expect(diamonds.map((mark) => mark.position)).toEqual(positions);
});

test.each([0, 1, 17, 100])('a click where position %d stands goes there', (position) => {
  expect(railPosition(100, 700, railX(100, 700, position))).toBe(position);
});

test('an empty run has one place', () => {
  expect(railPosition(0, 700, 350)).toBe(0);
  expect(layoutRail({ stepCount: 0, actStarts: [], findings: [], divergences: [] }, 700).marks).toEqual([]);
});

test('steps that a filter means are strokes where they stand; those that would touch are one', () => {
  expect(layoutHits([], 100, 1000)).toEqual([]);
  const [one, ...others] = layoutHits([49], 100, 1000);
  expect(one && one.x + one.length / 2).toBe(railX(100, 1000, 50));
  expect(others).toEqual([]);
  const all = Array.from({ length: 5000 }, (_, step) => step);
  expect(layoutHits(all, 5000, 1000)).toHaveLength(1);
  expect(layoutHits([0, 2500, 4999], 5000, 1000)).toHaveLength(3);
});
