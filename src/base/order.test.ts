import { expect, test } from 'vitest';
import { firstFrom } from './order';

test.each([
  [[], 3, 0],
  [[3, 5, 9], 2, 0],
  [[3, 5, 9], 3, 0],
  [[3, 5, 9], 4, 1],
  [[3, 5, 9], 9, 2],
  [[3, 5, 9], 10, 3],
  [[3, 3, 3, 5], 3, 0],
  [[3, 3, 3, 5], 4, 3],
])('in %j the first that is not below %i has index %i', (numbers, least, index) => {
  expect(firstFrom(numbers, least)).toBe(index);
});
