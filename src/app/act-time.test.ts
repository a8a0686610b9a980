import { expect, test } from 'vitest';
import { ActTime } from './act-time';

test.each([
  ['an act that works all the time', [10, 20, 30, 40], 40],
  ['an act in the middle of which another program had the processor', [10, 510, 515], 65],
])('%s has taken what was its own', (_, looks, expected) => {
  let now = 0;
  const time = new ActTime(() => now);
  time.begin();
  let taken = 0;
  for (const look of looks) {
    now = look;
    taken = time.look();
  }
  expect(taken).toBe(expected);
});
