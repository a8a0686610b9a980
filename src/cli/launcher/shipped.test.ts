import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAllowed, licencesText, packagesIn, packagesOf } from './shipped.mjs';

const root = join(import.meta.dirname, '../../..');
const inPackage = (path: string): string => join(root, 'node_modules', path);

test('the packages of a bundle are found by its modules, each once, with the text of its licence', () => {
  const packages = packagesOf([
    join(root, 'src/base/hex.ts'),
    inPackage('xstate/dist/xstate.esm.js'),
    inPackage('xstate/dist/other.js'),
    inPackage('@codemirror/view/dist/index.js'),
    '\0rolldown/runtime.js',
    '\0virtual:charts',
  ]);
  expect(packages.map(({ name, licence }) => [name, licence])).toEqual([
    ['@codemirror/view', 'MIT'],
    ['rolldown', 'MIT'],
    ['xstate', 'MIT'],
  ]);
  for (const { version, text } of packages) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(text).toContain('Permission is hereby granted');
  }
});

test('a bundle names its packages in a file, and they are read from it', () => {
  const mit = { name: 'a', version: '1.0.0', licence: 'MIT', text: 'Do as you like.\n\n----\nReally.' };
  const two = { name: '@b/c', version: '2.0.0', licence: 'EPL-2.0 OR GPL-3.0-or-later', text: '' };
  expect(packagesIn(licencesText([mit, two]))).toEqual([
    { name: 'a', licence: 'MIT' },
    { name: '@b/c', licence: 'EPL-2.0 OR GPL-3.0-or-later' },
  ]);
});

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0)', true],
  ['EPL-2.0 OR GPL-3.0-or-later', true],
  ['GPL-3.0', false],
  ['MIT AND GPL-3.0', false],
  ['MPL-2.0', false],
  ['', false],
])('a package under "%s" may ship: %s', (licence, may) => expect(isAllowed(licence)).toBe(may));
