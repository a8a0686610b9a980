import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fmt } from './fmt';
import { UsageError } from './io';

const temporary = mkdtempSync(join(tmpdir(), 'vmgexit-'));
afterAll(() => rmSync(temporary, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(temporary, name), text);
  return join(temporary, name);
};
const scenario = (...lines: string[]): string =>
  ['ghcb-scenario 1', ...lines, 'end ghcb-scenario', ''].join('\n');

test.each([
  ['The page state change must be refused when the gfn is any value > 0x100 here'],
  ['The page state change must be refused when the gfn is any value >>> 0x100'],
  ['The page state change must be refused when the gfn is any value at ? or'],
  ['The page state change must be refused when the gfn is any value at ;then'],
])('a file that was formatted in place is read again, whichever word would begin a line: %s', (words) => {
  const place = file('note.ghcb', scenario(`note    ${words}`));
  expect(fmt([place, '--write'])).toMatchObject({ status: 0, text: '' });
  expect(readFileSync(place, 'utf8').replace(/\n +/g, ' ')).toContain(words);
  expect(fmt([place, '--check'])).toMatchObject({ status: 0, text: '' });
});

test('a file takes the place of the one behind a link, and leaves nothing beside it', () => {
  const place = file('real.ghcb', scenario('note     spaced     out'));
  symlinkSync(place, join(temporary, 'linked.ghcb'));
  fmt([join(temporary, 'linked.ghcb'), '--write']);
  expect(readFileSync(place, 'utf8')).toBe(scenario('note    spaced out'));
  expect(lstatSync(join(temporary, 'linked.ghcb')).isSymbolicLink()).toBe(true);
  expect(readdirSync(temporary).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('what cannot be written keeps its text', () => {
  expect(() => fmt(['/proc/self/cmdline', '--write'])).toThrow(UsageError);
});
