import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { matrixRows } from './src/cli/front-page/matrix-plugin.ts';
import { frontPage } from './src/cli/front-page/plugin.ts';
import { shippedPackages } from './src/cli/launcher/shipped.mjs';
import { offline } from './src/cli/site/offline.ts';
import { security } from './src/cli/site/plugin.ts';
import { singleFile } from './src/cli/site/single-file.ts';
import { charts } from './src/drawings/layout/plugin.ts';

const packages = shippedPackages();
/** `npm run build:single`: `vite build --mode single`. */
const isSingle = process.argv.includes('single');

/** Tests that must see their modules load. */
const alone = ['src/app/bounds.test.ts', 'src/exports/mermaid.test.ts'];

export default defineConfig({
  base: './', // the built site works under any path
  plugins: [
    svelte(),
    charts(),
    frontPage(),
    matrixRows(),
    security(),
    packages.ofBundle(),
    isSingle ? singleFile() : offline(),
  ],
  worker: { format: 'es', plugins: () => [packages.ofWorker()] },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false }, // every browser that runs ES2022 knows modulepreload
    manifest: true, // e2e/scripts/first-load.mjs reads it
    ...(isSingle ? { outDir: 'dist-single', cssCodeSplit: false, assetsInlineLimit: 0 } : {}),
    rolldownOptions: isSingle
      ? { input: { index: 'index.html' }, output: { codeSplitting: false } }
      : { input: { index: 'index.html', inspector: 'inspector.html', speaker: 'speaker.html' } },
  },
  test: {
    environment: 'node',
    setupFiles: ['src/testing/seed.ts'],
    maxWorkers: '100%',
    // A hang fails in the end; a busy machine is no hang.
    testTimeout: process.env['VMGEXIT_LONG'] ? 3_600_000 : 180_000,
    hookTimeout: 180_000,
    projects: [
      // A file finds the modules that another has loaded, which is most of the time that a test file takes.
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'e2e/scripts/**/*.test.ts'],
          exclude: alone,
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: alone, isolate: true } },
    ],
  },
});
