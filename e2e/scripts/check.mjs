// @ts-check
/**
 * `npm run check`: the types of page, command line and browser tests. What passed is remembered by the contents it was
 * made of, so that a second run asks only what has changed; `npm test` asks all of it each time.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const cache = 'node_modules/.cache/check';
/** @param {string} project @param {string} name */
const tsc = (project, name) => [
  'node_modules/typescript/bin/tsc',
  ...['-p', project, '--incremental', '--tsBuildInfoFile', `${cache}/${name}.tsbuildinfo`],
];
const checks = [
  { name: 'page', args: ['node_modules/svelte-check/bin/svelte-check', '--tsconfig', 'src/tsconfig.json'] },
  { name: 'cli', args: tsc('src/cli', 'cli') },
  { name: 'e2e', args: tsc('e2e', 'e2e') },
];

/** Everything that types depend on, packages by the lock file. */
function contents() {
  const hash = createHash('sha256').update(process.version);
  /** @param {string} file */
  const add = (file) => hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  for (const entry of readdirSync('.', { withFileTypes: true }))
    if (entry.isFile() && /\.(ts|js|json)$/.test(entry.name)) add(entry.name);
  for (const folder of ['src', 'e2e'])
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
      if (/\.(ts|mjs|js|json|svelte)$/.test(file)) add(join(folder, file));
  return hash.digest('hex');
}

/** @param {string[]} args @returns {Promise<number>} the exit status */
const run = (args) =>
  new Promise((resolve) => {
    spawn(process.execPath, args, { stdio: 'inherit' }).on('close', (code) => resolve(code ?? 1));
  });

/** @param {string} file */
function passedWith(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

mkdirSync(cache, { recursive: true });
const now = contents();
const outcomes = await Promise.all(
  checks.map(async ({ name, args }) => {
    const passed = join(cache, `${name}.passed`);
    if (passedWith(passed) === now) return true;
    const ok = (await run(args)) === 0;
    if (ok) writeFileSync(passed, now);
    return ok;
  }),
);
process.exitCode = outcomes.every(Boolean) ? 0 : 1;
