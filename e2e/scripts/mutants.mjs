// @ts-check
/**
 * `npm run mutants -- src/engine/kvm/ap [--count 30]`: makes small wrong changes in files below a path, and says which of
 * them no test notices. Without a path, a sample of each module. `--tests src/engine/kvm,src/scenarios/run.test.ts` takes
 * these tests alone, while they are written; `--all` names the test that noticed each change.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, tests: { type: 'string' }, all: { type: 'boolean' } },
});
/** @param {string} path */
const belowSource = (path) => path.replace(/^(\.\/)?src\//, '');
const paths = positionals.map(belowSource);
const every = ['engine/', 'recording/', 'scenarios/', 'explorer/', 'drawings/', 'app/'];
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', 'e2e/scripts/mutants/config.ts', '--silent=false'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      MUTANTS_PATHS: (paths.length > 0 ? paths : every).join(','),
      MUTANTS_COUNT: values.count ?? (paths.length > 0 ? '' : '40'),
      ...(values.tests ? { MUTANTS_TESTS: values.tests.split(',').map(belowSource).join(',') } : {}),
      ...(values.all ? { MUTANTS_ALL: '1' } : {}),
    },
  },
);
process.exitCode = status ?? 1;
