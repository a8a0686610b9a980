import { expectAxeCleanInBoth } from './axe';
import { looking } from './looking';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

/** At its end: a link beyond the last step opens there. */
const scenario = './#/s/seed-07-psc-three-runs?v=exits&k=999';

looking('every return of KVM_RUN is listed, and choosing one goes to its step', async ({ page }) => {
  await page.goto(scenario);
  const list = page.getByRole('table', { name: 'Returns of KVM_RUN' });
  const links = list.getByRole('button');
  await expect(links).toHaveCount(3);
  const step = await links.first().textContent();
  await links.first().click();
  await expect(page.getByText(new RegExp(`^step ${step} of \\d+$`))).toBeVisible();
  await expect(list.locator('[aria-current="true"]')).toHaveText(step ?? '');
});

looking('fields and bytes point at each other', async ({ page }) => {
  await page.goto(scenario);
  await page.getByRole('button', { name: 'args[0]' }).focus();
  const grid = page.getByRole('grid', { name: 'Bytes of the union' });
  await expect(grid.locator('.lit')).toHaveCount(8);
  await grid.locator('[data-offset="32"]').focus();
  await expect(page.getByRole('row', { name: /^nr 32/ })).toHaveClass(/lit/);
  await page.keyboard.press('ArrowDown');
  await expect(grid.locator('[data-offset="48"]')).toBeFocused();
});

test('bytes that this exit did not write are marked', { tag: '@long' }, async ({ page }) => {
  await page.goto(scenario);
  const grid = page.getByRole('grid', { name: 'Bytes of the union' });
  await expect(grid.locator('[data-offset="32"]')).toHaveAttribute('data-origin', /written|same/);
  await expect(grid.locator('[data-offset="64"]')).toHaveAttribute('data-origin', 'blank');
});

test('the exits are clean for axe', { tag: '@long' }, async ({ page }) => {
  await page.goto(scenario);
  await expect(page.getByRole('grid', { name: 'Bytes of the union' })).toBeVisible();
  await expectAxeCleanInBoth(page);
});
