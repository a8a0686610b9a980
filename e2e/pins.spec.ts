import { expectAxeClean } from './axe';
import { looking } from './looking';
import { openRun } from './shell';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

const apCreate = '#/s/ap-create-on-init-then-create?r=linux-7.2';
const says = '#filter-says';

looking('a filter is completed word by word, by keyboard alone', async ({ page }) => {
  await openRun(page, `${apCreate}&k=0`);
  await page.keyboard.press('f');
  const field = page.getByRole('combobox', { name: 'filter' });
  await expect(field).toBeFocused();
  await page.keyboard.type('v1.mp');
  const options = page.getByRole('listbox', { name: 'What may stand there' });
  await expect(options.getByRole('option', { name: 'v1.mpState' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expectAxeClean(page);
  await page.keyboard.press('Enter');
  await expect(field).toHaveValue('v1.mpState ');
  await page.keyboard.type('== RUN');
  await expect(options.getByRole('option', { name: 'RUNNABLE' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await expect(field).toHaveValue('v1.mpState == RUNNABLE ');
  await expect(field).toBeFocused();
  await expect(page.locator(says)).toHaveText(/^\d+ of \d+ steps$/);
  await page.keyboard.press('Enter');
  await expect(page.locator(says)).toHaveText(/^1 of/);
});

test(
  'a mistake is underlined where it stands, and a click selects it',
  { tag: '@long' },
  async ({ page }) => {
    await openRun(page, apCreate);
    await page.keyboard.press('f');
    await page.keyboard.type('v0.exit == HYPERCALL and v1.mpStat changed');
    await page.getByRole('button', { name: 'at “mpStat”' }).click();
    await page.keyboard.type('mpState');
    await expect(page.locator(says)).toHaveText(/^\d+ of \d+ steps$/);
    await expect(page.locator('.wrong')).toHaveCount(0);
  },
);

looking(
  'a value in focus becomes the filter and is pinned to the rail, by keyboard alone',
  async ({ page }) => {
    await openRun(page, `${apCreate}&k=92`);
    const value = page.locator('#inspector [data-path]').first();
    await value.focus();
    const path = (await value.getAttribute('data-path')) ?? '';
    await page.keyboard.press('F');
    await expect(page.getByRole('combobox', { name: 'What to do with this value' })).toBeFocused();
    await expectAxeClean(page);
    await page.keyboard.press('Enter');
    await expect(page.locator('#filter-text')).toHaveValue(new RegExp(`^${path.replaceAll('.', '\\.')} == `));
    await value.focus();
    await page.keyboard.press('P');
    const pins = page.getByRole('list', { name: 'Pinned values' });
    await expect(pins).toContainText(path);
    await expect(page.locator('.tracks line:not(.base):not(.now)').nth(1)).toBeAttached();
    await expectAxeClean(page);
    await expect(page).toHaveURL(/[?&]p=[A-Za-z0-9_-]+/);
    await page.reload();
    await expect(page.getByRole('list', { name: 'Pinned values' })).toContainText(path);
    await page.getByRole('button', { name: `Where ${path} changed before` }).click();
    await page.getByRole('button', { name: `Unpin ${path}` }).click();
    await expect(page.getByRole('list', { name: 'Pinned values' })).toHaveCount(0);
  },
);

test('exits, machines and pages give their values to the menu', { tag: '@long' }, async ({ page }) => {
  await openRun(page, apCreate);
  for (const [view, path] of [
    ['exits', /^v\d+\.(exit|ret|run\.)/],
    ['machines', /^v\d+\.|^vm\./],
  ] as const) {
    await page
      .getByRole('tab', { name: new RegExp(view, 'i') })
      .first()
      .click();
    const value = page.locator('#view [data-path]').first();
    await expect(value).toHaveAttribute('data-path', path);
    await value.click({ button: 'right' });
    await expect(page.getByRole('combobox', { name: 'What to do with this value' })).toBeVisible();
    await page.keyboard.press('Escape');
  }
  await page.goto(`./${apCreate}&v=pages&sel=page:0x120`);
  await page.locator('#view [data-path="page.0x120.rmp"]').first().click();
  await page.getByText('Pin page.0x120.rmp to the rail').click();
  await expect(page.getByRole('list', { name: 'Pinned values' })).toContainText('page.0x120.rmp');
});
