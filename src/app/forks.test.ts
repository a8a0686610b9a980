import { expect, test } from 'vitest';
import { forksOf } from './forks';

const branches = [
  { id: 'main', title: 'main' },
  { id: 'a', title: 'A', fork: { from: 'main', position: 10 } },
  { id: 'b', title: 'B', fork: { from: 'main', position: 30 } },
  { id: 'aa', title: 'AA', fork: { from: 'a', position: 20 } },
  { id: 'early', title: 'E', fork: { from: 'a', position: 5 } },
];
const at = (shown: string): Record<string, number> =>
  Object.fromEntries(forksOf(branches, shown).map(({ id, position }) => [id, position]));

test('every other branch stands where it and the shown one part', () => {
  expect(at('main')).toEqual({ a: 10, b: 30, aa: 10, early: 5 });
  expect(at('a')).toEqual({ main: 10, b: 10, aa: 20, early: 5 });
  expect(at('aa')).toEqual({ main: 10, a: 20, b: 10, early: 5 });
});

test('a branch whose origin is gone, or that names itself, is not drawn', () => {
  expect(
    forksOf([...branches, { id: 'x', title: 'X', fork: { from: 'gone', position: 3 } }], 'main'),
  ).toHaveLength(4);
  expect(
    forksOf([{ id: 'x', title: 'X', fork: { from: 'x', position: 3 } }, ...branches.slice(0, 1)], 'main'),
  ).toEqual([]);
});
