// @ts-check
/**
 * The whole check. With --long instead: all unit tests (full grids, ten million fuzzed inputs), the score of a sample of
 * mutants, the long browser tests, and the digests in every engine. `npm run test:long -- fuzz` runs the unit tests of that name.
 * The whole check is types, lint, unit tests, build, browser tests. The browser tests wait for the build and the unit
 * tests; types and lint run in the time that these leave free. Prints a headline per stage, the output of stages that failed,
 * and as its last line the sum: each test counts, and so does each stage that is not made of tests.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * @typedef {{ passed: number, failed: number, skipped?: number }} Count
 * @typedef {{ name: string, commands: string[][], report?: () => Count, headline?: (output: string) => string, yields?: boolean }} Stage
 * @typedef {{ stage: Stage, ok: boolean, output: string, seconds: number, count: Count }} Outcome
 */

const results = 'test-results';
const isLong = process.argv.includes('--long');
/** In a long run: the tests to run, as vitest takes them; all of them when there are none. */
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('--'));
/** Tests draw their samples from it: fixed in the whole check, another each time in long runs. */
const seed = process.env['VMGEXIT_SEED'] ?? (isLong ? String(Date.now() % 2 ** 31) : '1');
/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env, NO_COLOR: '1', VMGEXIT_SEED: seed, ...(isLong ? { VMGEXIT_LONG: '1' } : {}) };
delete env['FORCE_COLOR'];

/** @param {string} file @returns {any} a report's JSON */
const readReport = (file) => JSON.parse(readFileSync(`${results}/${file}`, 'utf8'));

/** @returns {Count} */
function unitCount() {
  const r = readReport('unit.json');
  // A test file that does not even load has no tests in the report: count the file.
  const broken = r.testResults.filter(
    (/** @type {any} */ f) => f.status === 'failed' && f.assertionResults.length === 0,
  ).length;
  return {
    passed: r.numPassedTests,
    failed: r.numFailedTests + broken,
    skipped: r.numPendingTests + r.numTodoTests,
  };
}

/** How many inputs the readers were given (src/testing/fuzz.ts). @param {string} output @returns {string} */
function fuzzedInputs(output) {
  const lines = [...output.matchAll(/^fuzz .+: (\d+) inputs, .*$/gm)];
  if (isLong) for (const [line] of lines) console.log(`     ${line}`);
  const inputs = lines.reduce((sum, [, count]) => sum + Number(count), 0);
  return inputs === 0 ? '' : `${inputs.toLocaleString('en')} fuzzed inputs`;
}

/** @returns {Count} */
function browserCount() {
  const { expected, flaky, unexpected, skipped } = readReport('e2e.json').stats;
  return { passed: expected + flaky, failed: unexpected, skipped };
}

/** Names the browser tests that passed at their second try only. @returns {string} */
function secondTries() {
  /** @param {any} suite @returns {string[]} */
  const flaky = (suite) => [
    ...(suite.suites ?? []).flatMap(flaky),
    ...(suite.specs ?? [])
      .filter((/** @type {any} */ spec) =>
        spec.tests.some((/** @type {any} */ test) => test.status === 'flaky'),
      )
      .map((/** @type {any} */ spec) => `${spec.file}:${spec.line} ${spec.title}`),
  ];
  try {
    const named = readReport('e2e.json').suites.flatMap(flaky);
    return named.length === 0 ? '' : `passed at the second try only: ${named.join('; ')}`;
  } catch {
    return ''; // no report: the count says that the runner failed
  }
}

/** Package binaries, started with node itself: no shell and no npx in between. */
const bin = {
  svelteCheck: ['node_modules/svelte-check/bin/svelte-check'],
  tsc: ['node_modules/typescript-native/bin/tsc'],
  oxlint: ['node_modules/oxlint/bin/oxlint'],
  eslint: ['node_modules/eslint/bin/eslint.js'],
  oxfmt: ['node_modules/oxfmt/bin/oxfmt'],
  vitest: ['node_modules/vitest/vitest.mjs'],
  vite: ['node_modules/vite/bin/vite.js'],
};

/** @type {Stage} */
const build = {
  name: 'build',
  commands: [
    [...bin.vite, 'build', '--logLevel', 'warn'],
    ['e2e/scripts/first-load.mjs'],
    ['e2e/scripts/licences.mjs'],
  ],
  headline: (output) => /^first load: .*$/m.exec(output)?.[0] ?? '',
};
/** @type {Stage} */
const types = {
  name: 'types',
  yields: true,
  commands: [
    [...bin.svelteCheck, '--tsconfig', 'src/tsconfig.json', '--output', 'human'],
    [...bin.tsc, '-p', 'src/cli'],
    [...bin.tsc, '-p', 'e2e'],
  ],
};
/** @type {Stage} */
const lint = {
  name: 'lint',
  yields: true,
  commands: [bin.oxlint, [...bin.eslint, '.'], [...bin.oxfmt, '--check', '.']],
};
/** @type {Stage} */
const unit = {
  name: 'unit',
  commands: [
    [
      ...bin.vitest,
      'run',
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${results}/unit.json`,
      ...chosen,
    ],
  ],
  report: unitCount,
  headline: fuzzedInputs,
};
/** What ESLint finds in components with types: it takes longer than all other lint together. @type {Stage} */
const components = { name: 'lint', commands: [[...bin.eslint, 'src/**/*.svelte', 'src/**/*.svelte.ts']] };
/** All browser tests: two hundred kills, every view at every width and in every mode, the longest tasks. @type {Stage} */
const longBrowser = {
  name: 'browser',
  commands: [[...bin.vite, 'build', '--logLevel', 'warn'], ['e2e/scripts/e2e.mjs']],
  report: browserCount,
  headline: secondTries,
};
/** The same digests in every program that can run the engine. @type {Stage} */
const digests = {
  name: 'digests',
  commands: [['e2e/scripts/digests.mjs']],
  headline: (output) => {
    console.log([...output.matchAll(/^\w+(?: \d+)?: .*$/gm)].map(([line]) => `     ${line}`).join('\n'));
    return '';
  },
};
/** What small wrong changes no test notices, and the score of each module. @type {Stage} */
const mutants = {
  name: 'mutants',
  commands: [['e2e/scripts/mutants.mjs']],
  headline: (output) => {
    console.log([...output.matchAll(/^(?:\w+: | {2}src\/).*$/gm)].map(([line]) => `     ${line}`).join('\n'));
    return '';
  },
};
/** @type {Stage} */
const browser = {
  name: 'browser',
  commands: [['e2e/scripts/e2e.mjs']],
  report: browserCount,
  headline: secondTries,
};

/** The priority of a stage that yields to the others, as `nice` counts. */
const YIELDING = 10;

/** @param {string[]} args @param {boolean} [yields] @returns {Promise<{ code: number, output: string }>} */
function runNode(args, yields = false) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (yields && child.pid !== undefined) setPriority(child.pid, YIELDING);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: output + String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** @param {Stage} stage @param {boolean} ok @returns {Count} */
function countOf(stage, ok) {
  if (!stage.report) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  try {
    const count = stage.report();
    return !ok && count.failed === 0 ? { ...count, failed: 1 } : count;
  } catch {
    return { passed: 0, failed: 1 }; // no report: the runner itself failed
  }
}

/** @param {Stage} stage @returns {Promise<Outcome>} */
async function run(stage) {
  const start = performance.now();
  let [ok, output] = [true, ''];
  for (const command of stage.commands) {
    const done = await runNode(command, stage.yields);
    output += done.output;
    if (done.code !== 0) ok = false;
  }
  const count = countOf(stage, ok);
  if (count.failed > 0) ok = false;
  const outcome = { stage, ok, output, count, seconds: (performance.now() - start) / 1000 };
  print(outcome);
  return outcome;
}

/** @param {Outcome} outcome */
function print({ stage, ok, output, count, seconds }) {
  const tests = stage.report ? `${count.passed} passed, ${count.failed} failed` : '';
  const detail = [tests, stage.headline?.(output)].filter(Boolean).join('; ');
  console.log(
    `${ok ? 'ok  ' : 'FAIL'} ${stage.name.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${detail}`,
  );
  if (!ok) console.log(output.trimEnd().replace(/^/gm, '     | '));
}

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

/** @type {Outcome[]} */
const outcomes = [];
/** @param {Stage[]} stages one after the other */
async function inOrder(stages) {
  for (const stage of stages) outcomes.push(await run(stage));
}
async function everything() {
  const built = inOrder([build]);
  const checked = built.then(() => inOrder([types, lint]));
  await Promise.all([built, inOrder([unit])]);
  if (outcomes.find(({ stage }) => stage === build)?.ok) await inOrder([browser]);
  else console.log('FAIL browser         not run: the page was not built');
  await checked;
}
/** Two at a time. */
async function everythingLong() {
  const waiting = chosen.length > 0 ? [unit] : [unit, components, mutants, longBrowser, digests];
  const worker = async () => {
    for (let stage = waiting.shift(); stage; stage = waiting.shift()) await inOrder([stage]);
  };
  await Promise.all([worker(), worker()]);
}
console.log(`seed ${seed} (VMGEXIT_SEED)`);
await (isLong ? everythingLong() : everything());

/** @param {'passed' | 'failed' | 'skipped'} key */
const sum = (key) => outcomes.reduce((total, { count }) => total + (count[key] ?? 0), 0);
const failed = outcomes.filter(({ ok }) => !ok).map(({ stage }) => stage.name);
console.log(failed.length === 0 ? '\nEverything passed.' : `\nFailed: ${failed.join(', ')}.`);
console.log(
  `${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') ? `, ${sum('skipped')} skipped` : ''}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
