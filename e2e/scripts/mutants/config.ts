/**
 * The tests of `npm run mutants`: one process in which the changed files and the tests stay loaded, and one test that runs
 * all others again for each change.
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { charts } from '../../../src/drawings/layout/plugin';
import { isTest, sourceRoot, textOf } from '../../../src/testing/imports';
import { drawn, type Mutant } from './sample';
import { withSwitches } from './switches';

const { MUTANTS_PATHS = '', MUTANTS_COUNT = '', VMGEXIT_SEED = '1' } = process.env;
const paths = MUTANTS_PATHS.split(',').filter(Boolean);
const count = MUTANTS_COUNT === '' ? undefined : Number(MUTANTS_COUNT);
const mutants = drawn(paths, Number(VMGEXIT_SEED), count);

const byFile = new Map<string, Mutant[]>();
for (const mutant of mutants) byFile.set(mutant.file, [...(byFile.get(mutant.file) ?? []), mutant]);

declare module 'vitest' {
  interface ProvidedContext {
    mutants: readonly Mutant[];
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  plugins: [
    svelte(),
    charts(),
    {
      name: 'mutants',
      enforce: 'pre',
      load(id) {
        const file = id.startsWith(`${sourceRoot}/`) ? id.slice(sourceRoot.length + 1) : '';
        if (!file.endsWith('.ts') || isTest(file) || file.startsWith('testing/')) return undefined;
        return withSwitches(file, textOf(file), byFile.get(file) ?? []);
      },
    },
  ],
  test: {
    include: ['e2e/scripts/mutants/session.ts'],
    setupFiles: ['src/testing/seed.ts'],
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 0,
    hookTimeout: 0,
    disableConsoleIntercept: true,
    provide: { mutants },
    reporters: ['dot'],
  },
});
