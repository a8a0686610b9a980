import { deflateRawSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { heldBack, openRun, whereAmI } from './shell';
import { expect, test } from './test';

/** A link to a text. */
const linkTo = (text: string): string =>
  `#/x/1.${deflateRawSync(Buffer.from(text), { level: 9 }).toString('base64url')}`;

const ACTS = 6_000;
/** Takes seconds on any machine: many acts under several kernels. */
const long = `ghcb-scenario 1
title   A long one
profile linux-7.2 linux-6.17 linux-6.12 linux-6.11 v14 v11 part2-v5 as-reviewed part2-v4
launch  standard
${'v0      read gpa=0x1000 private=no\n'.repeat(ACTS)}end ghcb-scenario
`;

const line = (page: Page) => page.locator('.job');

test('a late reply does not take the place of what was opened after it', async ({ page }) => {
  await openRun(page, '#/s/lf-1-finish-fails');
  const { asked, answer } = await heldBack(page, '**/psc-batch.ghcb');
  await page.evaluate(() => (location.hash = '#/s/psc-batch'));
  await asked;
  await page.evaluate(() => (location.hash = '#/s/linux-boot'));
  await expect(page).toHaveTitle(/^Linux boots/);
  await answer();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  await expect(page).toHaveTitle(/^Linux boots/);
  await expect(page).toHaveURL(/#\/s\/linux-boot/);
});

test('a long run says where it stands, stops at Escape, shows what it made, and goes on', async ({
  page,
}) => {
  await page.goto(`./${linkTo(long)}`);
  await expect(line(page)).toContainText(
    /Running under \S+ \(\d of 9\): line [\d,]+ of [\d,]+, [\d,]+ steps?…/,
  );
  await page.keyboard.press('Escape');
  await expect(line(page)).toContainText(/^Stopped\. Running under/);
  await expect(page.locator('.notice')).toContainText(/Stopped: .* shown/);
  await expect(page.getByRole('option').first()).toBeAttached();
  expect((await whereAmI(page)).of).toBeGreaterThan(0);

  await page.getByRole('button', { name: 'Go on' }).press('Enter');
  await expect(page.getByRole('button', { name: /^Stop/ })).toBeFocused();
  await expect(line(page)).toHaveCount(0, { timeout: 120_000 });
  await expect(page.locator('#view')).toBeFocused();
  await expect.poll(async () => (await whereAmI(page)).of, { timeout: 60_000 }).toBeGreaterThan(ACTS);
});

test('what is opened while another run is made takes its place', { tag: '@long' }, async ({ page }) => {
  await page.goto(`./${linkTo(long)}`);
  await expect(line(page)).toBeVisible();
  await page.evaluate(() => (location.hash = '#/s/psc-batch'));
  await expect(page.getByText(/^step \d+ of \d+$/)).toBeVisible();
  await expect(page).not.toHaveTitle(/A long one/);
  await expect(line(page)).toHaveCount(0);
});

test('a run that was stopped can be left as it is', { tag: '@long' }, async ({ page }) => {
  await page.goto(`./${linkTo(long)}`);
  await expect(line(page)).toContainText(/Running under/);
  await page.getByRole('button', { name: /^Stop/ }).click();
  await expect(page.getByRole('button', { name: 'Go on' })).toBeFocused();
  await page.getByRole('button', { name: 'Leave it stopped' }).click();
  await expect(line(page)).toHaveCount(0);
  await expect(page.getByRole('option').first()).toBeAttached();
});

/** One act of so many pages that a page does not wait for it. */
const huge = `ghcb-scenario 1
vm vcpus=2 memory=1G
host manual
vmm create-vm
vmm init2
vmm memslot gfn=0 n=0x40000
vmm create-vcpu
vmm launch-start
vmm set-attributes gfn=0 n=0x40000 private=yes
vmm launch-update gfn=0 n=0x20000 type=normal
end ghcb-scenario
`;

test('a run that a budget stops says act and budget, keeps its steps, and goes on; by keyboard', async ({
  page,
}) => {
  await page.goto(`./${linkTo(huge)}`);
  const notice = page.locator('.notice');
  await expect(notice).toContainText('the run has no time left: vmm launch-update stops there');
  const found = page.getByRole('button', { name: /the budget of time is spent/ });
  await expect(found).toBeVisible();
  const { of: before } = await whereAmI(page);
  expect(before).toBeGreaterThan(0);

  const goOn = page.getByRole('button', { name: 'Go on' });
  await expect(async () => {
    await goOn.focus();
    await page.keyboard.press('Enter');
    await expect(line(page)).toHaveCount(0, { timeout: 120_000 });
    await expect.poll(async () => (await whereAmI(page)).of, { timeout: 10_000 }).toBeGreaterThan(before);
  }).toPass();
});
