import { defineConfig } from '@playwright/test';

// scripts/e2e.mjs finds the browser and a free port, and passes both on.
const executablePath = process.env['E2E_CHROMIUM'];
const port = process.env['E2E_PORT'] ?? '4173';
const baseURL = `http://127.0.0.1:${port}/`;

export default defineConfig({
  testDir: '.',
  outputDir: '../test-results/artefacts',
  reporter: [[process.env['CI'] ? 'list' : 'line'], ['json', { outputFile: '../test-results/e2e.json' }]],
  forbidOnly: !!process.env['CI'],
  fullyParallel: true,
  workers: 2,
  use: {
    baseURL,
    trace: 'retain-on-failure',
    ...(executablePath ? { launchOptions: { executablePath } } : {}),
  },
  webServer: {
    // node itself and not npx: whoever kills npx leaves its child running
    command: `node node_modules/vite/bin/vite.js preview --host 127.0.0.1 --port ${port} --strictPort`,
    cwd: '..',
    url: baseURL,
    reuseExistingServer: false,
  },
});
