/** Which files are changed, which tests must notice, and which changes of many are tried. */
import { createHash } from 'node:crypto';
import { isTest, sourceFiles, textOf } from '../../../src/testing/imports';
import { mutationsOf } from './mutations';
import type { Numbered } from './switches';

/** The modules of which a score is printed. */
export const modules = ['engine', 'recording', 'scenarios', 'explorer', 'drawings', 'app'] as const;
export type Module = (typeof modules)[number];

/** Files and folders below `src` whose tests must notice a change of a module: its own first. More would take long. */
export const testsOf: Readonly<Record<Module, readonly string[]>> = {
  engine: [
    'engine/',
    'scenarios/transcripts.test.ts',
    'scenarios/generations/',
    'scenarios/run.test.ts',
    'cli/conform/',
    'recording/shipped-recordings.test.ts',
    'recording/drawn-runs.test.ts',
  ],
  recording: ['recording/', 'exports/'],
  scenarios: ['scenarios/', 'app/corpus.test.ts', 'recording/drawn-runs.test.ts'],
  explorer: ['explorer/', 'exports/'],
  drawings: ['drawings/', 'exports/'],
  app: ['app/'],
};

/** Tests that take long and notice little that others do not. Without them a score is at most too low. */
const leftOut = [
  'scenarios/all-profiles.test.ts',
  'scenarios/any-acts.test.ts',
  'scenarios/invariants.test.ts',
  'scenarios/page-class-runs.test.ts',
  'scenarios/storm.test.ts',
  'recording/any-scenario.test.ts',
  'recording/budget.test.ts',
  'recording/comparison/comparison.test.ts',
  'recording/file/large.test.ts',
  'recording/parts.test.ts',
  'recording/tapes.test.ts',
];

/** The test files that judge a module. @param asked files or folders instead of the usual ones */
export const testFilesOf = (module: Module, asked: readonly string[] | undefined): string[] =>
  sourceFiles.filter(
    (file) =>
      isTest(file) &&
      !leftOut.includes(file) &&
      (asked ?? testsOf[module]).some((folder) => file.startsWith(folder)),
  );

/** A change of one file, by the number that switches it on. */
export interface Mutant extends Numbered {
  readonly file: string;
  readonly module: Module;
}

export const moduleOf = (file: string): Module | undefined =>
  modules.find((module) => file.startsWith(`${module}/`));

const isProduct = (file: string): boolean => /\.ts$/.test(file) && !isTest(file);

const rank = (seed: number, ...of: readonly (string | number)[]): string =>
  createHash('sha256')
    .update([seed, ...of].join('\0'))
    .digest('hex');

/**
 * Changes drawn by a seed: the same ones for the same seed and source.
 * @param paths files or folders below `src` @param count for each module; all of them when undefined
 */
export function drawn(paths: readonly string[], seed: number, count: number | undefined): Mutant[] {
  const wanted = sourceFiles.filter(
    (file) => isProduct(file) && moduleOf(file) && paths.some((path) => file.startsWith(path)),
  );
  const all = wanted.flatMap((file) =>
    mutationsOf(file, textOf(file)).map((mutation) => ({
      ...mutation,
      file,
      module: moduleOf(file) as Module,
    })),
  );
  const key = ({ file, start, becomes }: (typeof all)[number]): string => rank(seed, file, start, becomes);
  const ranked = all
    .map((mutation) => ({ mutation, key: key(mutation) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ mutation }) => mutation);
  const kept = modules.flatMap((module) => ranked.filter((one) => one.module === module).slice(0, count));
  return kept.map((mutation, id) => ({ ...mutation, id }));
}
