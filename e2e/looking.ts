import { openBetween } from './shell';
import { test } from './test';

/**
 * A test that only looks. Those of a file share one page and go from address to address in it, as a person does: to open the
 * page anew takes five times as long. Where one fails, the next gets a new page.
 *
 * It begins with `openRun`, or with a wait for something that its own address alone shows, and leaves nothing behind that an
 * address does not replace: no face, no inspector tab, no preference, no work of its own.
 */
export const looking = test.extend({
  context: async ({ kept, baseURL }, use, { file }) => use(await kept.contextOf(file, baseURL ?? '')),
  page: async ({ kept, context }, use) => {
    const { page, isNew } = await kept.pageIn(context);
    if (!isNew) await openBetween(page);
    await use(page);
  },
});
