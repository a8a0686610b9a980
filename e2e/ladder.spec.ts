import { expectAxeCleanInBoth } from './axe';
import { looking } from './looking';
import { expectStep, openRun, sentenceOf, shownStep, stepNow, whereAmI } from './shell';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

looking('a step is linked to, and the link opens it again', async ({ page }) => {
  await openRun(page, '#/s/linux-boot?k=7');
  await expectStep(page, 7);
  await expect(shownStep(page)).toBeInViewport();
  await page.keyboard.press('j');
  await expect(page).toHaveURL(/#\/s\/linux-boot\?k=8$/);
  await page.reload();
  await expect(shownStep(page)).toHaveAccessibleName(/^Step 8 of /);
  await expect(page).toHaveTitle(/^Linux boots .* · vmgexit$/);
});

looking('counts, acts, exits and the ends of the run have keys', async ({ page }) => {
  await openRun(page, '#/s/linux-boot?k=1');
  await page.keyboard.press('1');
  await page.keyboard.press('2');
  await page.keyboard.press('G');
  await expectStep(page, 12);
  await page.keyboard.press('5');
  await page.keyboard.press('k');
  await expectStep(page, 7);
  await page.keyboard.press('J');
  await stepNow(page).toBeGreaterThan(7);
  await page.keyboard.press(']');
  await page.keyboard.press('x');
  await expect(shownStep(page)).toHaveAccessibleName(/KVM to VMM/);
  await page.keyboard.press('G');
  await expectStep(page, (await whereAmI(page)).of);
});

looking('only the rows of the window exist, and the table says the same as the drawing', async ({ page }) => {
  await openRun(page, '#/s/linux-boot?k=30');
  expect(await page.getByRole('option').count()).toBeLessThan(60);
  const sentence = await sentenceOf(page);
  await page.keyboard.press('t');
  const row = page.locator('tr[aria-current=step]');
  await expect(row).toBeVisible();
  await expect(row.getByRole('button')).toHaveText('30');
  const what = await row.getByRole('cell').nth(3).innerText();
  expect(sentence).toContain(what.replace(' ⊣', ''));
  await page.keyboard.press('t');
  await expect(row).toHaveCount(0);
});

looking('one sentence for each step reaches the live region', async ({ page }) => {
  await openRun(page, '#/s/linux-boot?k=3');
  await page.keyboard.press('j');
  await expect(page.locator('[aria-live=polite]')).toHaveText(/^Step 4 of \d+, .*\.$/);
});

test('labels of the ladder never lie on the VMGEXIT line', { tag: '@long' }, async ({ page }) => {
  await openRun(page, '#/s/linux-boot?k=200');
  const rule = await page.locator('.rule').boundingBox();
  const labels = page.locator('svg .label');
  for (const label of await labels.all()) {
    const box = await label.boundingBox();
    if (!box || !rule) continue;
    expect(
      box.x + box.width <= rule.x || box.x >= rule.x + rule.width,
      (await label.textContent()) ?? '',
    ).toBe(true);
  }
});

test('the ladder is clean for axe, as a drawing and as a table', async ({ page }) => {
  await openRun(page, '#/s/linux-boot?k=40');
  await expectAxeCleanInBoth(page);
  await page.keyboard.press('t');
  await expectAxeCleanInBoth(page, 'light');
});

looking('the step that is shown is in sight however fast the keys come', async ({ page }) => {
  await openRun(page, '#/s/linux-boot?r=linux-7.2&k=300');
  const isInSight = () =>
    page.getByRole('listbox', { name: 'Steps' }).evaluate((list) => {
      const row = document.getElementById(list.getAttribute('aria-activedescendant') ?? '');
      const [inner, outer] = [row, list].map((element) => element?.getBoundingClientRect());
      return (
        inner !== undefined &&
        outer !== undefined &&
        inner.top >= outer.top &&
        inner.bottom <= outer.bottom + 1
      );
    });
  await expect.poll(isInSight).toBe(true);
  // The scroll events of one move come after the next key.
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 25; i++) await page.keyboard.press('j');
    for (const key of ['G', 'g', 'g', '5', '0', '0', 'G']) await page.keyboard.press(key);
    for (let i = 0; i < 5; i++) await page.keyboard.press('k');
    await expect.poll(isInSight).toBe(true);
  }
});
