import { test as base } from '@playwright/test';

export { expect } from '@playwright/test';

interface Options {
  /** Console errors that a test provokes on purpose. */
  expectedErrors: RegExp[];
}

interface Watch {
  /** Fails the test on a console error, an uncaught error or a request to anybody else. */
  watch: void;
}

/** Playwright's test, for a page that never errs and never talks to anyone but its own origin. */
export const test = base.extend<Options & Watch>({
  expectedErrors: [[], { option: true }],
  watch: [
    async ({ context, baseURL, expectedErrors }, use) => {
      const own = new URL(baseURL ?? 'http://127.0.0.1').origin;
      const errors: string[] = [];
      const note = (text: string) => {
        if (!expectedErrors.some((expected) => expected.test(text))) errors.push(text);
      };
      context.on('console', (message) => {
        if (message.type() === 'error') note(`console: ${message.text()} (${message.location().url})`);
      });
      context.on('weberror', (error) => note(`uncaught: ${String(error.error())}`));
      context.on('request', (request) => {
        const url = new URL(request.url());
        if (!['data:', 'blob:', 'about:'].includes(url.protocol) && url.origin !== own)
          note(`request to a foreign origin: ${request.url()}`);
      });
      await use();
      if (errors.length > 0) throw new Error(`The page misbehaved:\n  ${errors.join('\n  ')}`);
    },
    { auto: true },
  ],
});
