/** docs/limits.md lists every limit with its value, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as limits from './limits';

const text = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');
const rows = [...text.matchAll(/^\| `(\w+)` *\| ([^|]+?) *\| ([^|]+?) *\| ([^|]+?) *\|$/gm)].map(
  ([, name = '', value = '', what = '', beyond = '']) => ({ name, value, what, beyond }),
);

const units: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
]);
const valueOf = (value: string): number => {
  const [number, unit = ''] = value.split(' ');
  return Number(number) * (units.get(unit) ?? Number.NaN);
};

test('every limit has one row, with its value and what happens beyond it', () => {
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(limits).sort());
  expect(Object.fromEntries(rows.map(({ name, value }) => [name, valueOf(value)]))).toEqual({ ...limits });
  for (const { what, beyond } of rows) expect(Math.min(what.length, beyond.length)).toBeGreaterThan(4);
});
