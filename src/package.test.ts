import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { everyNode, importOf, parse, sourceFiles, textOf } from './testing/imports';

const read = (file: string) => readFileSync(join(import.meta.dirname, '..', file), 'utf8');

test('every package is pinned to one exact version', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, unknown>;
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'overrides'];
  const listed = kinds.flatMap((kind) => Object.entries((manifest[kind] ?? {}) as Record<string, string>));
  expect(listed.filter(([, version]) => !/^(npm:[\w-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(read('package-lock.json')).not.toContain('"resolved"');
});

/** Used without an import: types, and what a configuration names as text. */
const named: Readonly<Record<string, readonly [file: string, text: string]>> = {
  speedscope: ['src/exports/speedscope.test.ts', 'speedscope/package.json'],
  '@types/node': ['src/cli/tsconfig.json', '"node"'],
  'oxlint-tsgolint': ['.oxlintrc.json', '"typeAware": true'],
};

test('every package is imported, run or named by a configuration', () => {
  const root = join(import.meta.dirname, '..');
  const outside = [
    ...readdirSync(root).filter((file) => /\.config\.(ts|js)$/.test(file)),
    ...readdirSync(join(root, 'e2e'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file))
      .map((file) => `e2e/${file}`),
  ].map((file) => [file, read(file)] as const);
  const texts = [...outside, ...sourceFiles.map((file) => [file, textOf(file)] as const)];
  const imported = texts.flatMap(([file, text]) =>
    everyNode(parse(file, text)).flatMap((node) => importOf(node)?.from ?? []),
  );
  const run = outside.flatMap(([, text]) =>
    [...text.matchAll(/node_modules\/((?:@[\w-]+\/)?[\w-]+)\//g)].map(([, name]) => name),
  );
  const isUsed = (name: string): boolean => {
    const types = name.replace(/^@types\//, '');
    const [file, text] = named[name] ?? [];
    return (
      imported.some((from) => from === types || from.startsWith(`${types}/`)) ||
      run.includes(name) ||
      (file !== undefined && text !== undefined && read(file).includes(text))
    );
  };
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: object };
  expect(Object.keys(devDependencies).filter((name) => !isUsed(name))).toEqual([]);
});
