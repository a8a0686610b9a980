import { expectAxeClean } from './axe';
import { unreadable } from './boxes';
import { chosen, openRun } from './shell';
import { expect, test } from './test';

const apCreate = '#/s/ap-create-on-init-then-create';

test('the inspector shows the words of AP creation bit by bit, and why', async ({ page }) => {
  await openRun(page, apCreate);
  const panel = page.getByRole('tabpanel', { name: 'Fields' });
  // SW_EXITINFO1 is APIC id << 32 | VMPL << 16 | request; CREATE is 1 (reference: NAE AP creation).
  await expect(panel.getByRole('img', { name: 'bits of 0x0000000100000001' })).toBeVisible();
  await expect(panel.getByRole('row', { name: /^request.*1 \(CREATE\)/ })).toBeVisible();
  await expect(panel.getByRole('row', { name: /^apicId.* 1$/ })).toBeVisible();
  await expect(panel.getByRole('heading', { name: 'What changed' })).toBeVisible();
  await page.keyboard.press('j');
  await expect(panel.getByText(/^(executed|read|inferred|unconfirmed)$/).first()).toBeVisible();
});

test(
  'bytes that the step wrote are marked, and a field points at its bytes',
  { tag: '@long' },
  async ({ page }) => {
    await openRun(page, apCreate);
    await page.getByRole('tab', { name: 'Bytes' }).click();
    const grid = page.getByRole('grid', { name: /GHCB of v0/ });
    // SW_EXITCODE lies at 0x390: 0x80000013, little-endian.
    await expect(grid.getByRole('gridcell', { name: /^\+390: 13/ })).toBeVisible();
    await expect(grid.getByRole('gridcell', { name: /, written$/ }).first()).toBeVisible();
    await page.getByRole('button', { name: 'swExitInfo2' }).click();
    await expect(page.locator('.byte.lit')).toHaveCount(8);
    await expectAxeClean(page);
  },
);

test('Src names the rule, every value of the facets, and the confidence', async ({ page }) => {
  await openRun(page, apCreate);
  await page.keyboard.press('j');
  await page.getByRole('tab', { name: 'Src' }).click();
  const panel = page.getByRole('tabpanel', { name: 'Src' });
  await expect(panel.getByRole('heading', { name: 'Rule' })).toBeVisible();
  await expect(panel.getByText('v0 ap-create target=1 vmsa=0x122000')).toBeVisible();
  await expectAxeClean(page);
});

test('the statecharts reach our own inspector page and no other', async ({ page, context }) => {
  await openRun(page, apCreate);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type('inspector page');
  await expect(chosen(page)).toContainText('inspector page');
  const opening = context.waitForEvent('page');
  await page.keyboard.press('Enter');
  const inspector = await opening;
  await expect(inspector.getByRole('button', { name: /^vcpu v1/ })).toBeVisible();
  await inspector.getByRole('button', { name: /^vcpu v1/ }).click();
  await expect(inspector.getByText('AP_RESET_HOLD, now')).toBeVisible();
  await expect(inspector.getByRole('rowheader', { name: 'AP_CREATE_ON_INIT' }).first()).toBeVisible();
  expect(new URL(inspector.url()).origin).toBe(new URL(page.url()).origin);
  // Numbers and names are whole, however narrow the window is.
  await inspector.setViewportSize({ width: 320, height: 640 });
  expect(await unreadable(inspector)).toEqual([]);
  const heights = await inspector
    .locator('tr > :is(td:first-child, th)')
    .evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().height));
  expect(Math.max(...heights)).toBeLessThan(30);
});
