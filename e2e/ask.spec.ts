import { expectAxeClean } from './axe';
import { chosen, openRun } from './shell';
import { expect, test } from './test';

test('AP_CREATE on created-on-init, v4 against 7.2: from a cold page to the answer by keyboard alone', async ({
  page,
}) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/AP_CREATE/);
  await page.keyboard.press('/');
  await expect(page.getByRole('dialog', { name: 'Ask' })).toBeVisible();
  await page.keyboard.type('ap-create created v4 7.2');
  await expect(chosen(page)).toContainText('CREATE / created-on-init');
  await expect(chosen(page)).toContainText('what if');
  await expectAxeClean(page);
  // One key after the query.
  await page.keyboard.press('Enter');
  const card = page.getByRole('region', { name: 'Answer', exact: true });
  await expect(card).toBeVisible();
  await expect(card).toContainText('part2-v4');
  await expect(card).toContainText('linux-7.2');
  await expect(page).toHaveURL(/#\/m\/vcpu\/created-on-init\/ap-create\?r=part2-v4,linux-7\.2/);
});

test('the ask bar finds what declares itself', async ({ page }) => {
  await openRun(page, '');
  for (const [query, kind] of [
    ['What happens if AP_CREATE hits a vCPU that is created-on-init', 'CREATE / created-on-init'],
    ['ap.doubleCreate', 'facet'],
    ['NoLandmine', 'invariant'],
    ['linux boots', 'scenario'],
    ['curEntry of PSC header', 'field'],
    ['memory_fault flags', 'layout'],
    ['drawing or table', 'command'],
  ] as const) {
    await page.keyboard.press('/');
    await expect(page.getByRole('combobox')).toBeFocused();
    await page.keyboard.type(query);
    await expect(chosen(page)).toContainText(kind);
    await page.keyboard.press('Escape'); // the next key comes at once
  }
});

test('a facet opens in the profile panel, filtered to it', { tag: '@long' }, async ({ page }) => {
  await openRun(page, '');
  await page.keyboard.press('/');
  await expect(page.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('ap.doubleCreate');
  await expect(chosen(page)).toContainText('facet');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('dialog', { name: 'Profiles' });
  await expect(panel).toBeVisible();
  await expect(panel.getByText('ap.doubleCreate', { exact: true }).first()).toBeVisible();
});
