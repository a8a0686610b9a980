import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
/** A package of two programs that print a word, with the real launcher. */
let copy = '';

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'vmgexit-launcher-'));
  cpSync(import.meta.dirname, join(copy, 'src/cli/launcher'), { recursive: true });
  mkdirSync(join(copy, 'src/cli/bench'));
  mkdirSync(join(copy, 'src/base'));
  mkdirSync(join(copy, 'node_modules'));
  symlinkSync(join(root, 'node_modules/vite'), join(copy, 'node_modules/vite'));
  for (const file of ['package.json', 'package-lock.json']) writeFileSync(join(copy, file), '{}');
  writeFileSync(join(copy, 'src/cli/bench/main.ts'), "console.log('bench')");
  writeFileSync(join(copy, 'src/cli/main.ts'), "import { word } from '../base/word';\nconsole.log(word);\n");
  say('first');
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const say = (word: string): void =>
  writeFileSync(join(copy, 'src/base/word.ts'), `export const word: string = '${word}';\n`);
async function said(program = 'vmgexit'): Promise<string> {
  const { stdout } = await run(process.execPath, [join(copy, `src/cli/launcher/${program}.mjs`)]);
  return stdout.trim();
}
const cached = (): string[] =>
  readdirSync(join(copy, 'node_modules/.cache/vmgexit'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

test('calls at one moment each build, all run, and one bundle stays', async () => {
  expect(await Promise.all([said(), said(), said()])).toEqual(['first', 'first', 'first']);
  expect(cached()).toHaveLength(1);
});

test('a call without a change uses the bundle that is there, whatever program it starts', async () => {
  expect(await said('bench')).toBe('bench');
  expect(await said()).toBe('first');
  expect(cached()).toHaveLength(1);
});

test('a change is seen at once, and going back finds the bundle that was made of the same contents', async () => {
  const before = cached();
  say('other');
  expect(await said()).toBe('other');
  expect(cached()).toHaveLength(2);
  say('first');
  expect(await said()).toBe('first');
  expect(cached()).toHaveLength(2);
  expect(cached()).toEqual(expect.arrayContaining(before));
});

test('bundles of long ago are removed', async () => {
  for (const word of ['second', 'third', 'fourth', 'fifth', 'sixth']) {
    say(word);
    expect(await said()).toBe(word);
  }
  expect(cached()).toHaveLength(5);
});
