import { expect, test } from 'vitest';
import { layoutTrack, valueAtPlace } from './pin-track';
import { wholeRail } from './rail';

const whole = wholeRail(100);

const values = [
  { position: 0, text: 'UNINITIALIZED' },
  { position: 50, text: 'RUNNABLE' },
  { position: 51, text: 'HALTED' },
  { position: 90, text: 'STOPPED' },
];

test('each value has a tick and its text, cut where the next one begins', () => {
  const marks = layoutTrack(values.slice(0, 2), whole, 420);
  expect(marks).toMatchObject([
    { x: 10, position: 0, label: 'UNINITIALIZED', count: 1 },
    { x: 210, position: 50, label: 'RUNNABLE', count: 1 },
  ]);
  expect(layoutTrack(values.slice(0, 2), whole, 120).map(({ label }) => label)).toEqual([
    'UNINI…',
    'RUNNAB…',
  ]);
});

test('values that would be drawn over each other are one tick that says how many they are', () => {
  const [, both] = layoutTrack(values, whole, 120);
  expect(both).toMatchObject({ position: 50, count: 2 });
});

test('a value holds until the next one', () => {
  expect([0, 49, 50, 51, 89, 90, 100].map((place) => valueAtPlace(values, place))).toEqual([
    'UNINITIALIZED',
    'UNINITIALIZED',
    'RUNNABLE',
    'HALTED',
    'HALTED',
    'STOPPED',
    'STOPPED',
  ]);
  expect(valueAtPlace([], 3)).toBe('');
});
