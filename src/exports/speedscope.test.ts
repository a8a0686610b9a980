import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { isLong } from '../testing/effort';
import { exportedFrom, shipped } from '../testing/exports/exported';
import { traceEvents } from './trace-events';

const release = join(
  dirname(createRequire(import.meta.url).resolve('speedscope/package.json')),
  'dist/release',
);

/** The browser that the browser tests use; '' for Playwright's own. */
function browserPath(): string {
  const finder = pathToFileURL(join(import.meta.dirname, '../../e2e/scripts/browser.mjs')).href;
  const script = `import { ensureBrowser } from '${finder}'; process.stdout.write(await ensureBrowser());`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout;
}

/** As speedscope's own command does it: a script beside the page hands the file over. */
test.runIf(isLong)('speedscope reads the trace events and offers the threads of both runs', async () => {
  const text = finish(
    traceEvents(exportedFrom(shipped('ap-create-on-init-then-create.ghcb'), ['part2-v4', 'linux-7.2'])),
  );
  const script = join(mkdtempSync(join(tmpdir(), 'speedscope-')), 'trace.js');
  const base64 = Buffer.from(text).toString('base64');
  writeFileSync(script, `speedscope.loadFileFromBase64('trace.json', '${base64}')`);
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: ['--allow-file-access-from-files'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`${pathToFileURL(join(release, 'index.html')).href}#localProfilePath=${script}`);
    // The toolbar names the thread that is shown, and says how many there are.
    await expect
      .poll(() => page.locator('body').innerText(), { timeout: 60_000 })
      .toMatch(/(part2-v4|linux-7\.2)[^\n]*\(\d+\/1\d\)/);
  } finally {
    await browser.close();
  }
});
