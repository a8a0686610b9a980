// @ts-check
/** `npm run bench`, third part: the page as it was built last: a run of a million steps, a guest of 1 TiB, the edge matrix. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import { preview } from 'vite';
import { ensureBrowser } from '../../../e2e/scripts/browser.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const REPEATS = 1000;

/** @param {string} memory @param {number} steps */
function addressOf(memory, steps) {
  const text = `ghcb-scenario 1\nprofile linux-7.2\nvm vcpus=2 memory=${memory}\nguest storm\nlaunch standard\nrun until=steps:${steps}\nend ghcb-scenario\n`;
  return `#/x/1.${deflateRawSync(Buffer.from(text), { level: 9 }).toString('base64url')}`;
}

/** @param {string} what @param {string} figure */
const line = (what, figure, note = '') =>
  console.log(`  ${what.padEnd(52)}${figure.padStart(16)}${note === '' ? '' : `   ${note}`}`);
/** @param {number} value */
const milliseconds = (value) => `${value.toFixed(value < 10 ? 3 : 1)} ms`;

/**
 * Does something in the page again and again. It is over when its state has changed and everything has its place.
 * @param {import('@playwright/test').Page} page @param {'step' | 'jump' | 'pan' | 'zoom'} what
 * @returns {Promise<{ average: number, p99: number }>}
 */
const times = (page, what) =>
  page.evaluate(
    async ({ what, repeats }) => {
      const range = /** @type {HTMLInputElement | null} */ (document.querySelector('.overview input'));
      const ladder = /** @type {HTMLElement} */ (document.querySelector('[role=listbox][aria-label=Steps]'));
      const buttons = /** @type {HTMLButtonElement[]} */ ([
        ...document.querySelectorAll('.overview .scale button'),
      ]);
      const most = ladder ? ladder.scrollHeight - ladder.clientHeight : 0;
      /** @param {string} key */
      const press = (key) =>
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      /** @type {Readonly<Record<typeof what, (turn: number) => void>>} */
      const acts = {
        step: () => press('j'),
        jump: (turn) => {
          ladder.scrollTop = (most * ((turn * 7919) % 997)) / 997;
          ladder.dispatchEvent(new Event('scroll'));
        },
        pan: (turn) => {
          if (!range) return;
          range.value = String((turn * 7919) % Number(range.max));
          range.dispatchEvent(new Event('input', { bubbles: true }));
        },
        zoom: (turn) => buttons[turn % 8 < 4 ? 0 : 1]?.click(),
      };
      /** @type {number[]} */
      const taken = [];
      for (let turn = 0; turn < repeats; turn++) {
        if (turn % 50 === 0) await new Promise((resolve) => setTimeout(resolve));
        const start = performance.now();
        acts[what](turn);
        await Promise.resolve();
        void document.body.offsetHeight;
        taken.push(performance.now() - start);
      }
      const average = taken.reduce((sum, one) => sum + one, 0) / repeats;
      taken.sort((a, b) => a - b);
      return { average, p99: taken[Math.floor(repeats * 0.99)] ?? 0 };
    },
    { what, repeats: REPEATS },
  );

/**
 * @param {import('@playwright/test').Browser} browser @param {string} url @param {string} address
 * @returns {Promise<{ page: import('@playwright/test').Page, opened: number, steps: number, bytes: number }>}
 */
async function open(browser, url, address) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const start = performance.now();
  await page.goto(url + address);
  await page.waitForFunction(
    () =>
      /of \d+/.test(document.body.innerText) &&
      document.querySelector('[role=option]') &&
      !document.querySelector('.job'),
    undefined,
    { timeout: 600_000, polling: 100 },
  );
  const opened = performance.now() - start;
  const text = await page.getByText(/^step \d+ of \d+$/).innerText();
  const client = await page.context().newCDPSession(page);
  await client.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize = 0 } =
    /** @type {{ usedSize: number, backingStorageSize?: number }} */ (
      await client.send('Runtime.getHeapUsage')
    );
  return { page, opened, steps: Number(/of (\d+)/.exec(text)?.[1]), bytes: usedSize + backingStorageSize };
}

/** @param {import('@playwright/test').Page} page @param {Parameters<typeof times>[1]} what @param {string} said */
async function report(page, what, said) {
  const { average, p99 } = await times(page, what);
  line(said, milliseconds(average), `average of ${REPEATS}, with layout; p99 ${milliseconds(p99)}`);
}

/** Loads of the matrix, each in a browser that has nothing of the page. */
const LOADS = 5;

/**
 * From the request for the page to the frame in which each cell of the matrix is drawn; the best of some loads.
 * @param {import('@playwright/test').Browser} browser @param {string} address
 * @returns {Promise<{ drawn: number, busy: number }>} milliseconds, and how many of them the page's thread worked
 */
async function matrixDrawn(browser, address) {
  let best = { drawn: Infinity, busy: Infinity };
  for (let load = 0; load < LOADS; load++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript(() => {
      const look = () => {
        const cells = document.querySelectorAll('[role=gridcell]');
        const isDrawn = cells.length > 0 && !document.querySelector('[role=gridcell].waiting');
        if (!isDrawn) requestAnimationFrame(look);
        else requestAnimationFrame(() => Object.assign(globalThis, { drawnAt: performance.now() }));
      };
      requestAnimationFrame(look);
    });
    const client = await context.newCDPSession(page);
    await client.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.goto(address, { waitUntil: 'commit' });
    const handle = await page.waitForFunction(() => /** @type {any} */ (globalThis).drawnAt, undefined, {
      timeout: 120_000,
    });
    const drawn = /** @type {number} */ (await handle.jsonValue());
    const { metrics } = await client.send('Performance.getMetrics');
    const busy = (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN) * 1000;
    if (drawn < best.drawn) best = { drawn, busy };
    await context.close();
  }
  return best;
}

/** @param {import('@playwright/test').Browser} browser @param {string} url */
async function reportMatrix(browser, url) {
  const front = await matrixDrawn(browser, `${url}#/m/vcpu?r=part2-v4,as-reviewed,linux-7.2`);
  line(
    "the front page's matrix, cold page to drawn",
    milliseconds(front.drawn),
    `the page's thread worked ${milliseconds(front.busy)}; bar 300 ms, aim 100 ms`,
  );
  const other = await matrixDrawn(browser, `${url}#/m/vcpu?r=linux-6.12`);
  line('that of linux-6.12, which a worker computes', milliseconds(other.drawn));
}

const server = await preview({ root, preview: { host: '127.0.0.1', port: 0 }, logLevel: 'error' });
const url = server.resolvedUrls?.local[0] ?? '';
const executablePath = await ensureBrowser();
const browser = await chromium.launch(executablePath ? { executablePath } : {});
try {
  console.log(`\nThe built page in Chromium ${browser.version()}`);
  await reportMatrix(browser, url);

  const long = await open(browser, url, addressOf('4G', 990_000));
  line('a run opens', `${(long.opened / 1000).toFixed(1)} s`, `${long.steps} steps`);
  await report(long.page, 'step', 'one step on, by key');
  await report(long.page, 'jump', 'the ladder is scrolled anywhere');
  await long.page.close();

  const small = await open(browser, url, addressOf('128M', 5_000));
  await small.page.close();
  const large = await open(browser, url, addressOf('1024G', 5_000));
  const { page } = large;
  line(
    'a guest of 1 TiB opens',
    `${(large.opened / 1000).toFixed(1)} s`,
    `a guest of 128 MiB ${(small.opened / 1000).toFixed(1)} s`,
  );
  const more = (large.bytes - small.bytes) / 2 ** 20;
  line('heap and buffers, more than with 128 MiB', `${more.toFixed(1)} MiB`, 'bar 16 MiB of page facts');
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await page.locator('.overview canvas').waitFor();
  await report(page, 'pan', 'its map is moved');
  await report(page, 'zoom', 'its map comes closer or goes back');
} finally {
  await browser.close();
  await server.close();
}
