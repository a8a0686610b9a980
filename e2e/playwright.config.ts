import { availableParallelism } from 'node:os';
import { defineConfig } from '@playwright/test';

// scripts/e2e.mjs finds the browser and a free port, and passes both on.
const executablePath = process.env['E2E_CHROMIUM'];
const port = process.env['E2E_PORT'] ?? '4173';
const baseURL = `http://127.0.0.1:${port}/`;

/** A wait is as long as the slowest machine needs; a page that errs ends it at once (watch.ts). */
const WAIT_MILLISECONDS = 30_000;
/** More browsers than this compete for memory and win no time. */
const MOST_WORKERS = 8;

/** `npm test` leaves out second ways to the same thing and rare corners, which are tagged; a long run takes all. */
const left = process.env['VMGEXIT_LONG'] ? {} : { grepInvert: /@long/ };

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  ...left,
  outputDir: '../test-results/artefacts',
  reporter: [[process.env['CI'] ? 'list' : 'line'], ['json', { outputFile: '../test-results/e2e.json' }]],
  forbidOnly: !!process.env['CI'],
  fullyParallel: true,
  workers: Math.min(availableParallelism(), MOST_WORKERS),
  // On a busy machine: a test that passes at its second try is named in the headline of the stage, and is a fault to mend.
  retries: process.env['CI'] ? 1 : 0,
  timeout: 4 * WAIT_MILLISECONDS,
  expect: { timeout: WAIT_MILLISECONDS },
  use: {
    baseURL,
    // Each test has a browser without a past; the one about working offline allows it.
    serviceWorkers: 'block',
    // A trace costs a third of the time: E2E_TRACE=1 keeps those of the tests that fail.
    trace: process.env['E2E_TRACE'] ? 'retain-on-failure' : 'off',
    ...(executablePath ? { launchOptions: { executablePath } } : {}),
  },
  webServer: {
    // node itself and not npx: whoever kills npx leaves its child running
    command: `node node_modules/vite/bin/vite.js preview --host 127.0.0.1 --port ${port} --strictPort`,
    cwd: '..',
    url: baseURL,
    timeout: 4 * WAIT_MILLISECONDS,
    reuseExistingServer: false,
  },
});
