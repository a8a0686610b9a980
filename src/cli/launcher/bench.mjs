// @ts-check
/** `npm run bench`: the measurements, from their bundle; some of them again in Chromium. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './launch.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

await launch('bench');
await inBrowser();

/** Measures in Chromium what a page feels. */
async function inBrowser() {
  const { build } = await import('vite');
  const { chromium } = await import('@playwright/test');
  const { ensureBrowser } = await import('../../../e2e/scripts/browser.mjs');
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
}
