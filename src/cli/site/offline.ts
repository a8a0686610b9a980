/** A Vite plugin that makes the service worker: with it the page works without a network after one visit. */
import type { Plugin } from 'vite';
import { generateSW } from 'workbox-build';

/** A file that is larger is loaded from the network; the largest chunk that ships has 2 MB. */
const MOST_BYTES = 8 << 20;

export function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    async closeBundle() {
      const dir = this.environment.config.build.outDir;
      const { count, size, warnings } = await generateSW({
        swDest: `${dir}/service-worker.js`,
        globDirectory: dir,
        globPatterns: ['**/*.{html,js,css,svg,png,json,jsonl,ghcb,md,txt,webmanifest}'],
        // The picture of the front page is for a page without scripts, which has no service worker either.
        globIgnores: ['service-worker.js', 'picture.png', 'front-page.svg', '.vite/**'],
        maximumFileSizeToCacheInBytes: MOST_BYTES,
        inlineWorkboxRuntime: true,
        sourcemap: false,
        // A new version waits until the last tab with the old one is closed: no tab gets files of two versions.
        skipWaiting: false,
        clientsClaim: false,
        cleanupOutdatedCaches: true,
        directoryIndex: 'index.html',
        cacheId: 'vmgexit',
      });
      for (const warning of warnings) this.warn(warning);
      this.info(`works offline: ${count} files, ${(size / 1e6).toFixed(1)} MB`);
    },
  };
}
