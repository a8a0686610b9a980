// @ts-check
/**
 * Every program that can run the engine comes to the same digests: Node 20, 22 and 24, Chromium, Firefox. The shipped
 * recordings are the scenarios and the digests. What cannot be installed here is skipped, and said.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';
import { ensureBrowser } from './browser.mjs';

const NODES = [20, 22, 24];
const PUPPETEER = 'puppeteer-core@24';
const cache = 'node_modules/.cache/engines';
const recordings = 'public/recordings';

/** @typedef {{ text: string, profile: string, digest: string }} Sample */
/** @typedef {{ name: string, run: (samples: readonly Sample[]) => Promise<string[]> }} Engine */

/** @returns {Sample[]} */
const samples = readdirSync(recordings)
  .filter((file) => file.endsWith('.ghcb.jsonl'))
  .map((file) => {
    const lines = readFileSync(join(recordings, file), 'utf8').trimEnd().split('\n');
    const { scenario, profile } = JSON.parse(lines[0] ?? '{}');
    return { text: scenario, profile, digest: JSON.parse(lines.at(-1) ?? '{}').digest };
  });

/** Installs a package in a folder of its own. @param {string} what @returns {string} the folder */
function installed(what) {
  const folder = join(cache, what.replace(/[^\w.-]/g, '-'));
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'node_modules'))) {
    const options = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error', '--prefix', folder];
    const { status, stderr } = spawnSync('npm', ['install', ...options, what], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm cannot install ${what}: ${stderr.trim().split('\n')[0] ?? ''}`);
  }
  return join(folder, 'node_modules');
}

/** What runs in each engine. @param {string} library its address @param {readonly Sample[]} of */
const digestsIn = async (library, of) => {
  const { runScenario } = await import(library);
  return of.map(({ text, profile }) => runScenario(text, profile).digest);
};

/** @param {number} major @returns {Engine} */
const nodeEngine = (major) => ({
  name: `Node ${major}`,
  run: async (of) => {
    const program = join(installed(`node@${major}`), 'node/bin/node');
    const script = `(${digestsIn.toString()})(${JSON.stringify(pathToFileURL('lib/index.mjs').href)}, ${JSON.stringify(of)})
      .then((digests) => console.log(process.version, JSON.stringify(digests)))`;
    const { stdout, stderr, status } = spawnSync(program, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`Node ${major} ended with ${status}: ${stderr}`);
    const [version = '', digests = '[]'] = stdout.trim().split(' ');
    if (!version.startsWith(`v${major}.`)) throw new Error(`it is ${version}`);
    return JSON.parse(digests);
  },
});

/** The library and an empty page, for browsers. */
const server = createServer((request, response) => {
  const path = (request.url ?? '/').replace(/\?.*/, '');
  const file = join('lib', path);
  if (path === '/')
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>engine</title>');
  else if (path.endsWith('.mjs') && !path.includes('..') && existsSync(file))
    response.setHeader('content-type', 'text/javascript').end(readFileSync(file));
  else response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const address = server.address();
const origin = `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`;
/** @param {readonly Sample[]} of */
const script = (of) => `(${digestsIn.toString()})('/index.mjs', ${JSON.stringify(of)})`;

/** @type {Engine} */
const chromiumEngine = {
  name: 'Chromium',
  run: async (of) => {
    const executablePath = await ensureBrowser();
    const browser = await chromium.launch(executablePath ? { executablePath } : {});
    try {
      const page = await browser.newPage();
      await page.goto(origin);
      return await page.evaluate(script(of));
    } finally {
      await browser.close();
    }
  },
};

/** @type {Engine} */
const firefoxEngine = {
  name: 'Firefox',
  run: async (of) => {
    const folders = (process.env['PATH'] ?? '').split(delimiter);
    const programs = ['firefox-esr', 'firefox'].flatMap((name) =>
      folders.map((folder) => join(folder, name)),
    );
    const executablePath = programs.find((file) => existsSync(file));
    if (executablePath === undefined) throw new Error('there is no firefox-esr here');
    const place = join(
      process.cwd(),
      installed(PUPPETEER),
      'puppeteer-core/lib/esm/puppeteer/puppeteer-core.js',
    );
    const { default: puppeteer } = await import(pathToFileURL(place).href);
    const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
    try {
      const page = await browser.newPage();
      await page.goto(origin);
      return await page.evaluate(script(of));
    } finally {
      await browser.close();
    }
  },
};

const built = spawnSync(process.execPath, ['src/cli/package/build.mjs'], { encoding: 'utf8' });
if (built.status !== 0) throw new Error(`the package is not built: ${built.stderr}`);
let [failed, skipped] = [0, 0];
for (const engine of [...NODES.map(nodeEngine), chromiumEngine, firefoxEngine]) {
  try {
    const digests = await engine.run(samples);
    const wrong = samples.filter(({ digest }, at) => digests[at] !== digest);
    if (wrong.length > 0) failed++;
    console.log(
      `${engine.name}: ${samples.length - wrong.length} of ${samples.length} digests are those recorded`,
    );
  } catch (error) {
    skipped++;
    console.log(`${engine.name}: skipped, ${error instanceof Error ? error.message : String(error)}`);
  }
}
server.close();
console.log(`digests: ${failed} engines differ, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
