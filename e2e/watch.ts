import type { BrowserContext, Page } from '@playwright/test';

/**
 * Watches every page of a context for what no page may do: a console error, an uncaught error, a crash, a request to
 * another origin. The first one closes the pages, so that whatever a test waits for ends at once and not after its timeout.
 * @param own the origin that serves the page
 * @param expected console errors that a test provokes on purpose
 * @returns what went wrong, filled as it happens
 */
export function watch(context: BrowserContext, own: string, expected: readonly RegExp[] = []): string[] {
  const errors: string[] = [];
  const note = (text: string): void => {
    if (expected.some((pattern) => pattern.test(text))) return;
    errors.push(text);
    for (const page of context.pages()) void page.close().catch(() => undefined);
  };
  context.on('console', (message) => {
    if (message.type() === 'error') note(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => note(`uncaught: ${String(error.error())}`));
  const watchCrash = (page: Page): unknown => page.on('crash', () => note(`the page crashed: ${page.url()}`));
  context.pages().forEach(watchCrash);
  context.on('page', watchCrash);
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:', 'about:'].includes(url.protocol) && url.origin !== own)
      note(`request to a foreign origin: ${request.url()}`);
  });
  return errors;
}
