import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { conform } from './conform';
import { decode } from './codec';
import { diff } from './diff';
import { fmt } from './fmt';
import { finishFailed } from './io';
import { run } from './run';
import { verify } from './verify';

const launcher = join(import.meta.dirname, 'launcher/vmgexit.mjs');
/** Through a shell, for the sake of its redirections. */
const shell = (words: string) => {
  const done = spawnSync('/bin/sh', ['-c', `"${process.execPath}" "${launcher}" ${words}`], {
    encoding: 'utf8',
  });
  return { status: done.status, out: done.stdout, err: done.stderr };
};

test.each([
  ['run', run],
  ['fmt', fmt],
  ['fmt --check', (words: readonly string[]) => fmt([...words, '--check'])],
  ['decode', decode],
])('%s refuses a file without end by what it has read so far', (_, command) => {
  expect(() => command(['/dev/zero'])).toThrow(/^\/dev\/zero:? (?:it )?has more than \d+ bytes/);
});

test.each([
  ['verify', verify],
  ['diff', (words: readonly string[]) => diff([...words, ...words])],
])('%s reads a recording line by line, and ends at the first that is none', async (_, command) => {
  await expect(Promise.resolve().then(() => command(['/dev/zero']))).rejects.toThrow(
    /^\/dev\/zero: [^\n]*(?:not JSON|at most)/,
  );
});

test('conform refuses it too', () => {
  expect(() => conform(['/dev/zero'])).toThrow('more than');
});

test('a write that fails is no success', () => {
  const { status, err } = shell('profiles > /dev/full');
  expect([status, err]).toEqual([
    2,
    'vmgexit: standard output: no room on the device; the output is not complete\n',
  ]);
});

test('a reader that leaves is no failure', () => {
  expect(shell('profiles --json | head -c 10 > /dev/null')).toEqual({ status: 0, out: '', err: '' });
});

test('a mistake of ours ends with 70 and asks for a report', () => {
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const before = process.exitCode;
  finishFailed(new TypeError('a table has no such row'));
  const status = process.exitCode;
  process.exitCode = before;
  write.mockRestore();
  expect(status).toBe(70);
  expect(said.join('')).toMatch(/please report it[^]*a table has no such row/);
});
