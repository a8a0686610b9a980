/** What a first screen must hold before anybody scrolls, at the widths that people have. */
import { screens } from './places';
import { openRun } from './shell';
import { expect, test } from './test';

test('the front page: the question, its choices and the row that answers it', async ({ page }) => {
  for (const screen of screens) {
    await page.setViewportSize(screen);
    await page.goto('about:blank');
    await page.goto('./');
    const question = page.getByRole('heading', { name: /already waiting to be created/ });
    await expect(question).toBeInViewport({ ratio: 1 });
    for (const name of ['replaces the first', 'gets an error', 'the first VMSA stays'])
      await expect(page.getByRole('button', { name })).toBeInViewport({ ratio: 1 });
    // The row in which one kernel answers and the other refuses, above the step buttons.
    const row = page.locator('[data-split=true]').filter({ hasText: 'AP_CREATION answered' }).first();
    const buttons = page.getByRole('contentinfo');
    await expect
      .poll(
        async () => {
          const [answer, below] = await Promise.all([row.boundingBox(), buttons.boundingBox()]);
          return (below?.y ?? 0) - (answer?.y ?? Infinity);
        },
        { message: `${screen.width} by ${screen.height}` },
      )
      .toBeGreaterThanOrEqual(24);
  }
});

test('the front page asks its question again after a reload, and a step that is gone to has an address', async ({
  page,
}) => {
  const question = page.getByRole('heading', { name: /already waiting to be created/ });
  await page.goto('./');
  await expect(question).toBeVisible();
  await expect(page).toHaveURL(/#\/$/);
  await page.reload();
  await expect(question).toBeVisible();
  await page.getByRole('option').first().click();
  await expect(page).toHaveURL(/#\/\?k=\d+$/);
});

test('a low window is one column that scrolls: the ladder has room for rows, the inspector stands below', async ({
  page,
}) => {
  await page.setViewportSize({ width: 720, height: 450 });
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2&k=82');
  const ladder = await page.getByRole('listbox', { name: 'Steps' }).boundingBox();
  expect(ladder?.height).toBeGreaterThan(240);
  const inspector = await page.getByRole('complementary', { name: 'Inspector' }).boundingBox();
  expect(inspector?.y).toBeGreaterThanOrEqual((ladder?.y ?? 0) + (ladder?.height ?? 0) - 1);
});

test('what shows a run is loaded before the scenario has come', async ({ page }) => {
  const asked = new Set<string>();
  let release = (): void => undefined;
  const shown = new Promise<void>((resolve) => (release = resolve));
  page.on('request', (request) => {
    const part = /\/(ComparedLadderView|ComparedPages|ComparedInspector)-[^/]*\.js$/.exec(request.url())?.[1];
    if (part !== undefined && asked.add(part).size === 3) release();
  });
  await page.route('**/scenarios/linux-boot.ghcb', async (route) => {
    await shown;
    await route.continue();
  });
  await page.goto('./#/s/linux-boot?r=linux-6.12,linux-7.3&k=20');
  await expect(page.locator('[role=option][aria-selected=true]')).toBeVisible();
});
