import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FOLD_HEIGHT, foldedGround, type Fold } from './folds';

const ROW = 40;
const topOf = (index: number): number => index * ROW;
const fold = (first: number, end: number): Fold => ({ first, end, text: `${first}`, isLaunch: false });
const COUNT = 100;

describe('rows 10 to 29 are one row', () => {
  const ground = foldedGround([fold(10, 30)], topOf, topOf(COUNT));

  test('what is below moves up, what is above stays', () => {
    expect(ground.placeOf(topOf(9))).toBe(topOf(9));
    expect(ground.placeOf(topOf(10))).toBe(topOf(10));
    expect(ground.placeOf(topOf(30))).toBe(topOf(10) + FOLD_HEIGHT);
    expect(ground.height).toBe(topOf(COUNT - 20) + FOLD_HEIGHT);
  });

  test('only these are folded', () => {
    expect([9, 10, 29, 30].map((index) => ground.isFolded(index))).toEqual([false, true, true, false]);
  });

  test('its row is drawn where it begins, in windows that show it', () => {
    expect(ground.rowsIn({ top: 300, height: 200 })).toMatchObject([{ top: 400 }]);
    expect(ground.rowsIn({ top: 500, height: 200 })).toEqual([]);
  });
});

test('a part that is no taller than its row is not folded', () => {
  const ground = foldedGround([fold(3, 3)], topOf, topOf(COUNT));
  expect(ground.height).toBe(topOf(COUNT));
  expect(ground.isFolded(3)).toBe(false);
});

test('rows keep their order, and a window shows what it showed before', () => {
  const folds = fc
    .uniqueArray(fc.nat({ max: COUNT }), { minLength: 2, maxLength: 12 })
    .map((cuts) => cuts.sort((a, b) => a - b))
    .map((cuts) => cuts.slice(1).flatMap((end, at) => (at % 2 === 0 ? [fold(cuts[at] ?? 0, end)] : [])));
  fc.assert(
    fc.property(folds, fc.nat({ max: topOf(COUNT) }), (some, top) => {
      const ground = foldedGround(some, topOf, topOf(COUNT));
      const shown = Array.from({ length: COUNT }, (_, i) => i).filter((index) => !ground.isFolded(index));
      const places = shown.map((index) => ground.placeOf(topOf(index)));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(new Set(places).size).toBe(places.length);
      const window = { top: Math.min(top, ground.height), height: 300 };
      const { top: first, height } = ground.unfolded(window);
      for (const index of shown) {
        const place = ground.placeOf(topOf(index));
        if (place > window.top && place < window.top + window.height) {
          expect(topOf(index)).toBeGreaterThanOrEqual(first);
          expect(topOf(index)).toBeLessThanOrEqual(first + height);
        }
      }
    }),
  );
});
