import { expectAxeClean } from './axe';
import { expectStep, openRun, whereAmI } from './shell';
import { expect, test } from './test';

const apCreate = '#/s/ap-create-on-init-then-create?r=linux-7.2';
const says = '#filter-says';

test('a filter is typed, its steps are gone through, and a link holds it; by keyboard alone', async ({
  page,
}) => {
  await openRun(page, `${apCreate}&k=0`);
  await page.keyboard.press('f');
  await expect(page.getByRole('combobox', { name: 'filter' })).toBeFocused();
  await page.keyboard.type('v1.mpState changed');
  await expect(page.locator(says)).toHaveText(/^\d+ of \d+ steps$/);
  const count = Number(/^\d+/.exec(await page.locator(says).innerText())?.[0]);
  expect(count).toBeGreaterThan(2);
  await expect(page.locator('.rail .hit').first()).toBeAttached();
  await page.keyboard.press('Enter');
  await expect(page.locator(says)).toHaveText(`1 of ${count} of ${(await whereAmI(page)).of} steps`);
  await page.keyboard.press('Enter');
  await expect(page.locator(says)).toHaveText(/^2 of/);
  const second = await whereAmI(page);
  await page.keyboard.press('Shift+Enter');
  await expect(page.locator(says)).toHaveText(/^1 of/);
  await expectAxeClean(page);
  await expect(page).toHaveURL(/[?&]f=[A-Za-z0-9_-]+/);
  await page.reload();
  await expect(page.locator(says)).toHaveText(/^1 of/);
  await page.locator('#view').focus();
  await page.keyboard.press(']');
  await page.keyboard.press('h');
  await expectStep(page, second.step);
});

test('a mistake is named where it stands, with the nearest name', async ({ page }) => {
  await openRun(page, apCreate);
  await page.keyboard.press('f');
  await expect(page.getByRole('combobox', { name: 'filter' })).toBeFocused();
  await page.keyboard.type('v1.mpStat changed');
  await expect(page.locator(says)).toContainText("did you mean 'mpState'?");
  await expect(page.locator(says)).toContainText('at “mpStat”');
  await expectAxeClean(page);
  await page.keyboard.press('Escape');
  await expect(page.locator(says)).toHaveCount(0);
  await expect(page).not.toHaveURL(/[?&]f=/);
});

test('side by side, the steps that differ are the hits of "differs", typed before the field is there', async ({
  page,
}) => {
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2&k=0');
  await page.keyboard.press('f');
  await page.keyboard.type('differs');
  await expect(page.locator(says)).toHaveText(/^\d+ of \d+ steps$/);
  const first = async (): Promise<number> => (await whereAmI(page)).step;
  await page.keyboard.press('Enter');
  await expect.poll(first).toBeGreaterThan(0);
});

test('Enter and Escape count while the field of the filter is loading', async ({ page }) => {
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2&k=0');
  let load = (): void => {};
  const wanted = new Promise<void>((resolve) => (load = resolve));
  await page.route('**/FilterBar-*.js', async (route) => {
    await wanted;
    await route.continue();
  });
  await page.keyboard.press('f');
  await page.keyboard.type('refused');
  await page.keyboard.press('Escape');
  await page.keyboard.press('f');
  await page.keyboard.type('differs');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await whereAmI(page)).step).toBeGreaterThan(0);
  load();
  await expect(page.locator('#filter-text')).toHaveValue('differs');
});
