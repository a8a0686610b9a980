import { test as base } from '@playwright/test';
import { KeptPage } from './kept-page';
import { watch } from './watch';

export { expect } from '@playwright/test';

interface Options {
  /** Console errors that a test provokes on purpose. */
  expectedErrors: RegExp[];
}

interface Watch {
  /** Fails the test on a console error, an uncaught error, a crash or a request to anybody else. */
  watched: void;
}

interface OfWorker {
  /** Nothing is opened before a test asks for it. */
  kept: KeptPage;
}

/** Playwright's test, for a page that never errs and never talks to anyone but its own origin. */
export const test = base.extend<Options & Watch, OfWorker>({
  expectedErrors: [[], { option: true }],
  watched: [
    async ({ context, baseURL, expectedErrors }, use) => {
      const errors = watch(context, new URL(baseURL ?? 'http://127.0.0.1').origin, expectedErrors);
      await use();
      if (errors.length > 0) throw new Error(`The page misbehaved:\n  ${errors.join('\n  ')}`);
    },
    { auto: true },
  ],
  kept: [
    async ({ browser }, use) => {
      const kept = new KeptPage(browser);
      await use(kept);
      await kept.close();
    },
    { scope: 'worker' },
  ],
});
