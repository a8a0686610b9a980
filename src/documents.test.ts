/** The documents name files, folders, functions and commands that exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };

const records = readdirSync(join(root, 'docs/decisions')).filter((file) => /^\d{4}-/.test(file));
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/STYLE.md',
  'docs/limits.md',
  'src/README.md',
  ...records.map((file) => `docs/decisions/${file}`),
];

/** A name that every folder of a view has a file of. */
const inManyFolders = new Set(['panel.ts']);

/** A folder ends in `/` or begins with one that is known; a file has an extension. */
const fromRoot = /^(?:(?:src|docs|e2e|public)\/[\w./*-]*|[\w.-]+\.(?:md|json|js|ts|mjs|html))$/;
const fromSource = /^(?:\.\.\/)?(?:[\w.-]+\/)*(?:[\w.-]+\/|[\w.-]+\.(?:md|json|ts))$/;

const inlineCode = (text: string): readonly string[] =>
  [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');

/** The paths that a document names, as they are seen from the root; src/README.md names them as seen from `src`. */
function pathsIn(document: string, text: string): readonly string[] {
  const [looksLikePath, folder] = document === 'src/README.md' ? [fromSource, 'src'] : [fromRoot, '.'];
  return inlineCode(text)
    .filter((code) => looksLikePath.test(code) && !inManyFolders.has(code))
    .map((path) => posix.join(folder, path));
}

const missingPaths = (document: string, text: string): readonly string[] =>
  pathsIn(document, text).filter((path) => !existsSync(join(root, path)));

const missingScripts = (text: string): readonly string[] =>
  [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)]
    .map(([, name]) => name ?? '')
    .filter((name) => !Object.hasOwn(scripts, name));

/** Names that a document places in a file, as in `runLoop` in `src/engine/kvm/run/run.ts`, and that are not there. */
const misplacedNames = (text: string): readonly string[] =>
  [...text.matchAll(/`([\w.]+)`(?: \([^)]*\))? in\s+`(src\/[\w./-]+\.ts)`/g)]
    .filter(([, name = '', file = '']) => !read(file).includes(name.split('.').at(-1) ?? name))
    .map(([all]) => all.replaceAll(/\s+/g, ' '));

describe.each(documents)('%s', (document) => {
  const text = read(document);
  test('names only files and folders that exist', () => {
    expect(missingPaths(document, text)).toEqual([]);
  });
  test('names only npm scripts that exist', () => {
    expect(missingScripts(text)).toEqual([]);
  });
  test('names functions in the files where they stand', () => {
    expect(misplacedNames(text)).toEqual([]);
  });
});

test.each(['ARCHITECTURE.md', 'src/README.md'])('%s names every folder of the source', (document) => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const paths = new Set(pathsIn(document, read(document)));
  expect(folders.map(({ name }) => `src/${name}/`).filter((folder) => !paths.has(folder))).toEqual([]);
});

test.each(records)('%s says context, decision and consequences', (file) => {
  const headings = read(`docs/decisions/${file}`).match(/^#+ .*$/gm) ?? [];
  expect(headings.slice(1)).toEqual(['## Context', '## Decision', '## Consequences']);
});

describe('the check itself', () => {
  test('finds a path that is not there, in prose and not in an example', () => {
    const text = 'See `src/engine/gone.ts` and `src/engine/world.ts`.\n\n```\n`src/engine/example.ts`\n```\n';
    expect(missingPaths('README.md', text)).toEqual(['src/engine/gone.ts']);
    expect(missingPaths('src/README.md', '`nowhere/`, `engine/`, `../gone.md` and `kvm_run`')).toEqual([
      'src/nowhere/',
      'gone.md',
    ]);
  });

  test('finds a script that is not there', () => {
    expect(missingScripts('npm run unit, npm run -s vmgexit -- run, npm run gone')).toEqual(['gone']);
  });

  test('finds a function that stands elsewhere', () => {
    const text = '`runLoop` in\n`src/engine/kvm/run/run.ts`, `runLoop` in `src/engine/world.ts`';
    expect(misplacedNames(text)).toEqual(['`runLoop` in `src/engine/world.ts`']);
  });
});
