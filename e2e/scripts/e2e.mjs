// @ts-check
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ensureBrowser } from './browser.mjs';

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve, reject) => {
    const s = createServer();
    s.on('error', reject);
    s.listen(0, '127.0.0.1', () => {
      const a = s.address();
      s.close(() => resolve(a && typeof a === 'object' ? a.port : 0));
    });
  });

const path = await ensureBrowser();
console.log(`browser: ${path || 'Playwright Chromium'}`);
const cli = join(createRequire(import.meta.url).resolve('@playwright/test/package.json'), '..', 'cli.js');
const r = spawnSync(process.execPath, [cli, 'test', '--config', 'e2e', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: {
    ...process.env,
    E2E_PORT: process.env['E2E_PORT'] ?? String(await freePort()),
    ...(path ? { E2E_CHROMIUM: path } : {}),
  },
});
process.exit(r.status ?? 1);
