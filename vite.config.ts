import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { frontPage } from './src/cli/front-page/plugin.ts';
import { charts } from './src/drawings/layout/plugin.ts';

export default defineConfig({
  base: './', // the built site works under any path
  plugins: [svelte(), charts(), frontPage()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false }, // every browser that runs ES2022 knows modulepreload
    manifest: true, // e2e/scripts/first-load.mjs reads it
    rolldownOptions: { input: { index: 'index.html', inspector: 'inspector.html' } },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/**/*.test.ts'] },
  },
});
