import { expect, test } from 'vitest';
import { own, tableOf } from './table';

/** Every name that a bare object answers to without having it. */
const inherited = Object.getOwnPropertyNames(Object.prototype);

test('a table knows no name that every object inherits', () => {
  expect(inherited).toContain('constructor');
  for (const name of inherited) expect(own({ set: 1 }, name), name).toBe(undefined);
  expect(own({ set: 1 }, 'set')).toBe(1);
});

test('a table made of words keeps each of them, whatever it is called', () => {
  const table = tableOf(inherited.map((name, index) => [name, index]));
  expect(Object.keys(table)).toEqual(inherited);
  inherited.forEach((name, index) => expect(own(table, name)).toBe(index));
  expect(own(tableOf([]), '__proto__')).toBe(undefined);
});
