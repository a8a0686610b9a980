import { expectAxeCleanInBoth } from './axe';
import { looking } from './looking';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

const scenario = './#/s/ap-create-on-init-then-create?r=linux-7.2&k=84&v=pages';

looking('the map shows a VMSA page, and the arrow keys reach it', async ({ page }) => {
  await page.goto(scenario);
  const grid = page.getByRole('grid', { name: /Pages gfn 0x0 to/ });
  const vmsa = grid.getByRole('gridcell', { name: /^gfn 0x121, .*VMSA/ });
  await expect(vmsa).toBeVisible();
  await grid.getByRole('gridcell', { name: /^gfn 0x120,/ }).click();
  await page.keyboard.press('ArrowRight');
  await expect(vmsa).toBeFocused();
  await expect(page.getByRole('group', { name: 'Page 0x121' })).toContainText('Guest-Valid');
});

looking('the map has one tab stop, and rows that agree are one cell', async ({ page }) => {
  await page.goto(scenario);
  const grid = page.getByRole('grid', { name: /Pages gfn/ });
  await expect(grid.locator('[tabindex="0"]')).toHaveCount(1);
  await expect(grid.getByRole('gridcell', { name: /to 0x11f, 288 pages/ })).toBeVisible();
});

looking('moving along the timeline changes the map and frames what changed', async ({ page }) => {
  await page.goto('./#/s/ap-create-on-init-then-create?r=linux-7.2&k=81&v=pages');
  const grid = page.getByRole('grid', { name: /Pages gfn/ });
  await expect(
    grid.getByRole('gridcell', { name: /^gfn 0x121, .*VMSA.*changed in this step/ }),
  ).toBeVisible();
  await page.keyboard.press('k');
  await expect(grid.getByRole('gridcell', { name: /^gfn 0x121, .*VMSA/ })).toHaveCount(0);
});

test('the same pages are a table of runs', { tag: '@long' }, async ({ page }) => {
  await page.goto(scenario);
  await page
    .getByRole('group', { name: 'Shape of the page map' })
    .getByRole('button', { name: 'list' })
    .click();
  const row = page.getByRole('row', { name: /^0x121 – 0x122 2 M VMSA M VMSA M VMSA/ });
  await expect(row).toBeVisible();
  await row.getByRole('button').click();
  await expect(page.getByRole('group', { name: 'Page 0x121' })).toBeVisible();
});

looking('a large memory has an overview, and a window follows the slider', async ({ page }) => {
  await page.goto('./#/s/linux-boot?k=200&v=pages');
  await expect(page.getByRole('img', { name: /All memory/ })).toBeVisible();
  const slider = page.getByRole('slider', { name: 'window' });
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(page.getByRole('grid', { name: 'Pages gfn 0x0 to 0x1ff' })).toBeVisible();
});

test('the shapes of the page map are clean for axe', { tag: '@long' }, async ({ page }) => {
  await page.goto(`${scenario}&sel=page:0x121`);
  const shapes = page.getByRole('group', { name: 'Shape of the page map' });
  for (const shape of ['grid', 'strip', 'list']) {
    await shapes.getByRole('button', { name: shape }).click();
    await expectAxeCleanInBoth(page);
  }
});

looking('the bar of a large guest shows the memory that exists', async ({ page }) => {
  await page.goto('./#/s/linux-boot?r=linux-7.2&v=pages&k=600');
  const legend = page.locator('.legend');
  await expect(legend).toContainText(/no view, no memory \d+/);
  await expect(legend.locator('[data-token=shared]')).toHaveCount(1);
  await expect(legend.locator('[data-token=none]')).toHaveCount(0);
});
