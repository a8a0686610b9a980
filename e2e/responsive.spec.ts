import type { Browser, Page } from '@playwright/test';
import { openRun } from './shell';
import { leastOf, longestTasks, rest, type TaskClock } from './tasks';
import { expect, test } from './test';
import { watch } from './watch';

/** All generations that the page lists. */
const ALL = 'linux-7.2,linux-7.3,linux-6.17,linux-6.12,linux-6.11,v14,v11,part2-v5,as-reviewed,part2-v4';

/** Milliseconds of processor time that one task may take. */
const BAR = 100;
const HOSTILE_BAR = 200;
/** Where others use the machine, a bar may take several repeats. */
const LONG_MILLISECONDS = 900_000;

const told = (tasks: readonly (readonly [string, number])[]): string =>
  tasks.map(([phase, longest]) => `${phase} ${longest.toFixed(0)} ms`).join(', ');

async function measured(
  { browser, page }: { browser: Browser; page: Page },
  bar: number,
  act: (page: Page, clock: TaskClock) => Promise<void>,
): Promise<void> {
  const found = await leastOf(bar, async () => {
    const { origin } = new URL(page.url());
    const context = await browser.newContext({ baseURL: origin });
    const errors = watch(context, origin);
    const own = await context.newPage();
    const tasks = await longestTasks(browser, own, (clock) => act(own, clock));
    await context.close();
    expect(errors).toEqual([]);
    console.log(`${test.info().title}: ${told([...tasks])}`);
    return tasks;
  });
  test.info().annotations.push({ type: 'longest tasks, ms', description: told(found) });
  expect(found.filter(([, longest]) => longest > bar)).toEqual([]);
}

const keys = async (page: Page, ...all: string[]): Promise<void> => {
  for (const key of all) await page.keyboard.press(key);
};

test('linux-boot under all generations: opened, stepped through, and each panel', async ({
  browser,
  page,
}) => {
  test.setTimeout(LONG_MILLISECONDS);
  await page.goto('./');
  await measured({ browser, page }, BAR, async (own, { phase }) => {
    await openRun(own, `#/s/linux-boot?r=${ALL}`);
    await rest(own);
    for (const key of ['j', 'j', 'k', 'J']) {
      await phase('step');
      await keys(own, key);
      await rest(own);
    }
    await phase('jump to the end');
    await keys(own, 'G');
    await rest(own);
    for (const [panel, key] of [
      ['Pages', 'p'],
      ['Machines', 'm'],
      ['Exits', 'r'],
      ['Matrix', 'x'],
      ['Decode', 'd'],
      ['Ladder', 'l'],
    ] as const) {
      await phase(`open ${panel}`);
      await keys(own, 'g', key);
      await rest(own);
      await phase(`step in ${panel}`);
      await keys(own, '9', '0', '0', 'G');
      await rest(own);
      await phase(`jump in ${panel}`);
      await keys(own, 'G');
      await rest(own);
    }
    await phase('one run alone and back');
    await keys(own, 'd');
    await rest(own);
    await keys(own, 'd');
    await rest(own);
  });
});

test('hostile, in the address: 60,000 marks behind a link', async ({ browser, page }) => {
  await page.goto('./');
  await measured({ browser, page }, HOSTILE_BAR, async (own) => {
    await openRun(own, `#/s/psc-batch${')'.repeat(60_000)}`);
    await expect(own.locator('.notice')).toContainText('The link was mended');
    await rest(own);
  });
});

test('a packed text of 2 MB in the address is refused with its size', async ({ page }) => {
  await openRun(page, '#/s/psc-batch');
  // How long the browser itself takes to change such an address is not the page's.
  await page.evaluate((hash) => (location.hash = hash), `#/x/2.${'A'.repeat(2_000_000)}`);
  await expect(page.locator('.notice')).toContainText(
    'The link has 2000000 characters; at most 1048576 are read.',
  );
  await expect(page.getByRole('option').first()).toBeAttached();
});
