// @ts-check
/** `npm run bench`, second part: the measurements of what a page feels, in Chromium. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { ensureBrowser } from '../../../e2e/scripts/browser.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const outDir = mkdtempSync(join(tmpdir(), 'vmgexit-bench-'));
await build({
  root,
  configFile: false,
  publicDir: false,
  logLevel: 'error',
  build: {
    outDir,
    minify: false,
    lib: {
      entry: 'src/cli/bench/in-browser.ts',
      formats: ['iife'],
      name: 'bench',
      fileName: () => 'bench.js',
    },
  },
});
const executablePath = await ensureBrowser();
const browser = await chromium.launch(executablePath ? { executablePath } : {});
try {
  const page = await browser.newPage();
  page.on('console', (message) => console.log(message.text()));
  await page.addScriptTag({ path: join(outDir, 'bench.js') });
  console.log(`\nIn Chromium ${browser.version()}`);
  await page.evaluate(() => {
    const { bench } = /** @type {{ bench: typeof import('../bench/in-browser.ts') }} */ (
      /** @type {unknown} */ (globalThis)
    );
    const timeline = bench.benchTimeline();
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d');
    bench.benchMap(timeline, (pixels, { columns, rows }, from, to) => {
      if (canvas.width !== columns || canvas.height !== rows) {
        canvas.width = columns;
        canvas.height = rows;
      }
      const bytes = new Uint8ClampedArray(/** @type {ArrayBuffer} */ (pixels.buffer));
      context?.putImageData(new ImageData(bytes, columns, rows), 0, 0, 0, from, columns, to - from);
    });
  });
} finally {
  await browser.close();
  rmSync(outDir, { recursive: true, force: true });
}
