import { expect, test } from 'vitest';
import { MAX_SCROLLED_PIXELS, scrollScale } from './scale';

test('a picture that browsers scroll is scrolled as it is', () => {
  const scale = scrollScale(1_000_000, 600);
  expect(scale.height).toBe(1_000_000);
  expect(scale.pictureTop(12_345)).toBe(12_345);
});

test('of a taller one, both ends and every place between are reached', () => {
  const [total, room] = [56_000_000, 600];
  const scale = scrollScale(total, room);
  expect(scale.height).toBe(MAX_SCROLLED_PIXELS);
  expect(scale.pictureTop(0)).toBe(0);
  expect(scale.pictureTop(scale.height - room)).toBeCloseTo(total - room, 3);
  for (const place of [0, 1, 31_000_000, total - room])
    expect(scale.pictureTop(scale.scrollTop(place))).toBeCloseTo(place, 3);
});
