/**
 * Switches one change on after the other and runs the tests that reach it, those of its own folder and the fastest first,
 * until one fails. The output is one line for each change that no test noticed, and the score of each module.
 */
import fc from 'fast-check';
import { join } from 'node:path';
import { beforeAll, inject, test } from 'vitest';
import { sourceRoot } from '../../../src/testing/imports';
import { runFile } from './one-file';
import { computed, Switches } from './rounds';
import { modules, testFilesOf, type Mutant } from './sample';

/** Computing time for all tests of one change; what is not noticed by then counts as not noticed. */
const MOST_MILLISECONDS = Number(process.env['MUTANTS_SECONDS'] ?? 20) * 1000;
/** A test may take so many times what it took unchanged, and so much more. */
const SLOWER = 10;
const MORE_MILLISECONDS = 3000;

const seed = Number(process.env['VMGEXIT_SEED'] ?? 1);
const switches = new Switches();
const { $mutant, $differs, $unlike, $round } = switches;
Object.assign(globalThis, { $mutant, $differs, $unlike, $round });

/** One test, and the changes that make a difference where they stand while it runs. */
interface Covering {
  readonly file: string;
  readonly name: string;
  readonly milliseconds: number;
  readonly reached: ReadonlySet<number>;
}

/** The tests that were asked for instead of the usual ones. */
const asked = process.env['MUTANTS_TESTS']?.split(',');

/** Which test runs which change, with all of them off. */
async function coverage(files: readonly string[]): Promise<Covering[]> {
  const covering: Covering[] = [];
  for (const file of files) {
    const path = join(sourceRoot, file);
    await runFile(path, { before: () => false }); // what is evaluated once is evaluated
    let atReading = new Set<number>();
    switches.reached.clear();
    const wrong = await runFile(path, {
      onTests: () => (atReading = new Set(switches.reached)),
      before: () => {
        switches.reached.clear();
        return true;
      },
      after: (name, passed, milliseconds) => {
        if (!passed) throw new Error(`${file}: "${name}" fails before anything is changed`);
        covering.push({ file, name, milliseconds, reached: new Set([...switches.reached, ...atReading]) });
      },
    });
    if (wrong !== undefined) throw new Error(`${file} fails before anything is changed: ${wrong}`);
  }
  return covering;
}

/** Tests that reach a change, by file: the nearest folder first, then the fastest. */
function orderFor(mutant: Mutant, covering: readonly Covering[]): [file: string, tests: Covering[]][] {
  const byFile = new Map<string, Covering[]>();
  for (const one of covering)
    if (one.reached.has(mutant.id)) byFile.set(one.file, [...(byFile.get(one.file) ?? []), one]);
  const shared = (file: string): number => {
    const parts = mutant.file.split('/');
    return file.split('/').findIndex((part, at) => part !== parts[at]);
  };
  const cost = (tests: readonly Covering[]): number =>
    tests.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [...byFile].sort(([a, x], [b, y]) => shared(b) - shared(a) || cost(x) - cost(y));
}

/** @returns the test that noticed */
async function noticedBy(mutant: Mutant, covering: readonly Covering[]): Promise<string | undefined> {
  const end = computed() + MOST_MILLISECONDS;
  for (const [file, tests] of orderFor(mutant, covering)) {
    if (computed() > end) return undefined;
    const usual = new Map(tests.map(({ name, milliseconds }) => [name, milliseconds]));
    let noticed: string | undefined;
    switches.allow(MORE_MILLISECONDS + SLOWER * Math.max(...usual.values()));
    switches.active = mutant.id;
    const wrong = await runFile(join(sourceRoot, file), {
      before: (name) => {
        const time = usual.get(name);
        if (time === undefined || noticed !== undefined || computed() > end) return false;
        switches.allow(MORE_MILLISECONDS + SLOWER * time);
        return true;
      },
      after: (name, passed) => {
        if (!passed || switches.isOver) noticed ??= `${file}: ${name}`;
      },
    }).finally(() => (switches.active = -1));
    if (wrong !== undefined) noticed ??= `${file}: ${wrong}`;
    if (noticed !== undefined) return noticed;
  }
  return undefined;
}

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 70 ? `${line.slice(0, 67)}...` : line;
};

const told = ({ file, line, was, becomes, isStatement }: Mutant): string =>
  `  src/${file}:${line}  ${shortened(was)}  ${isStatement ? 'left out' : `-> ${shortened(becomes)}`}`;

async function session(): Promise<void> {
  const mutants = inject('mutants');
  console.info(`seed ${seed}, ${mutants.length} changes`);
  fc.configureGlobal({ seed, endOnFailure: true });
  for (const module of modules) {
    const own = mutants.filter((one) => one.module === module);
    if (own.length === 0) continue;
    const start = computed();
    const covering = await coverage(testFilesOf(module, asked));
    const covered = computed();
    const reachable = own.filter(({ id }) => covering.some(({ reached }) => reached.has(id)));
    const lived: Mutant[] = [];
    for (const mutant of reachable) {
      const by = await noticedBy(mutant, covering);
      if (by === undefined) lived.push(mutant);
      if (process.env['MUTANTS_ALL']) console.info(told(mutant), by ?? 'LIVED');
    }
    const unreached = own.filter((one) => !reachable.includes(one));
    const seconds = (computed() - covered) / 1000;
    const noticed = reachable.length - lived.length;
    console.info(
      `${module}: ${noticed} of ${own.length} noticed (${((100 * noticed) / own.length).toFixed(0)} %); tests once ${((covered - start) / 1000).toFixed(0)} s, then ${(seconds / Math.max(1, reachable.length)).toFixed(2)} s each`,
    );
    for (const mutant of lived) console.info(told(mutant));
    if (unreached.length > 0)
      console.info(`${module}: no test of it runs these, or has a value that they change`);
    for (const mutant of unreached) console.info(told(mutant));
  }
}

// In a hook and not in the test: vitest refuses tests inside of a test.
beforeAll(session);
test('every change was tried', () => {});
