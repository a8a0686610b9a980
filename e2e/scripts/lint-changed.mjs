// @ts-check
/** `npm run lint:changed`: ESLint and Prettier on what differs from the main branch, committed or not. */
import { spawnSync } from 'node:child_process';

/** @param {string[]} args @returns {string[]} the lines that git prints; none when it fails */
const git = (...args) => {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter(Boolean) : [];
};

const [base = 'HEAD'] = git('merge-base', 'HEAD', process.argv[2] ?? 'main');
const files = [
  ...git('diff', '--name-only', '--relative', '--diff-filter=d', base),
  ...git('ls-files', '--others', '--exclude-standard'),
];
const code = files.filter((file) => /\.(ts|js|mjs|svelte)$/.test(file));

/** @param {string} bin @param {string[]} args @returns {boolean} */
const passes = (bin, ...args) =>
  spawnSync(process.execPath, [`node_modules/${bin}`, ...args], { stdio: 'inherit' }).status === 0;
const cache = ['--cache', '--cache-strategy', 'content', '--cache-location'];

console.log(`${files.length} changed files`);
const linted =
  code.length === 0 ||
  passes('eslint/bin/eslint.js', '--no-warn-ignored', ...cache, 'node_modules/.cache/eslint/', ...code);
const formatted =
  files.length === 0 ||
  passes(
    'prettier/bin/prettier.cjs',
    ...['--check', '--ignore-unknown', '--log-level', 'warn'],
    ...cache,
    'node_modules/.cache/prettier-changed',
    ...files,
  );
process.exitCode = linted && formatted ? 0 : 1;
