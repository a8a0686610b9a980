import { expect, test } from 'vitest';
import { finish, mapped, type Resumable } from './resumable';

/** How often work can be left. */
function partsOf(work: Resumable<unknown>): number {
  let parts = 0;
  while (!work.next().done) parts++;
  return parts;
}

test.each([
  [0, 0],
  [1, 0],
  [9, 2],
  [1000, 250],
])('a list of %d, four at a time, can be left %d times', (length, parts) => {
  const list = Array.from({ length }, (_, i) => i);
  expect(partsOf(mapped(list, (n) => 2 * n, 4))).toBe(parts);
  expect(finish(mapped(list, (n, i) => n + i, 4))).toEqual(list.map((n) => 2 * n));
});

test('work that fails says so to whoever does its parts', () => {
  const work = mapped(
    [1, 2],
    () => {
      throw new Error('no');
    },
    1,
  );
  expect(() => finish(work)).toThrow('no');
});
