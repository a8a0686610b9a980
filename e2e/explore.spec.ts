import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expectAxeCleanInBoth } from './axe';
import { openRun } from './shell';
import { expect, test } from './test';

const threads = '#/s/explore-threads?v=explore';
const result = (page: Page) => page.getByRole('region', { name: /^Under / });

test('a scope is searched, and a violation opens on the timeline at its step, by keyboard', async ({
  page,
}) => {
  await openRun(page, '#/s/explore-threads');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  const row = result(page).getByRole('row', { name: /WaitEnds/ });
  await expect(row).toContainText('broken in 2 acts');
  await expect(row).toContainText('vmm launch-finish');
  await expect(result(page)).toContainText('Every state was looked at.');
  await row.getByRole('button', { name: 'Timeline' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('heading', { name: /WaitEnds: 2 acts/ })).toBeVisible();
  await expect(page.getByRole('option', { selected: true })).toBeVisible();
});

test('the same way stands beside other kernels', async ({ page }) => {
  await openRun(page, '#/s/explore-threads');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  const row = result(page).getByRole('row', { name: /WaitEnds/ });
  await row.getByRole('button', { name: 'Beside other kernels' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: /WaitEnds: 2 acts/ })).toBeVisible();
  await expect(page).toHaveURL(/#\/x\//);
});

test('a scenario without a scope says what one is', { tag: '@long' }, async ({ page }) => {
  await openRun(page, '#/s/psc-batch');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await expect(page.getByRole('heading', { name: 'Nothing to explore' })).toBeVisible();
});

test('a scope goes to SPIN and a trail of it comes back as a scenario, by keyboard', async ({ page }) => {
  await page.goto('./#/s/explore-ap?v=explore&r=linux-7.2');
  await page.getByText('For SPIN', { exact: true }).press('Enter');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the Promela model' }).press('Enter');
  const file = await (await saved).path();
  expect(readFileSync(file, 'utf8')).toContain('#define VCPUS 2\n');
  await expect(page.getByText(/^The model (covers|does not cover) /)).toBeVisible();
  const trail = page.getByLabel(/^A trail of SPIN/);
  const open = page.getByRole('button', { name: 'Open the trail as a scenario' });
  await trail.fill('act guest fly vcpu=1');
  await open.press('Enter');
  await expect(page.getByRole('alert')).toContainText(
    "line 1: 'guest fly vcpu=1' is no act of this scenario",
  );
  const created = 'act guest create vcpu=1 page=1';
  await trail.fill(
    `${created}\n${created}\nspin: text of failed assertion: assert(((4!=4)||(!(created[_pid]))))`,
  );
  await open.press('Enter');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('heading', { name: 'NoDoubleCreate', exact: false })).toBeVisible();
});

test('the search is clean for axe', async ({ page }) => {
  await page.goto(`./${threads}`);
  await expect(result(page)).toContainText('Every state was looked at.');
  await page.getByText('For SPIN', { exact: true }).press('Enter');
  await expect(page.getByLabel(/^A trail of SPIN/)).toBeVisible();
  await expectAxeCleanInBoth(page);
});
