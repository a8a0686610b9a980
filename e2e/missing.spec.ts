import type { Page } from '@playwright/test';
import { expect, test } from './test';

test.use({ expectedErrors: [/Failed to load resource|dynamically imported module|error loading/i] });

const addresses = ['', '#/s/linux-boot', '#/d/msr/1', '#/s/psc-batch?v=pages', '#/x/1.broken'];

/** Loads each address as somebody would who opens it first. */
async function* opened(page: Page, count = addresses.length): AsyncGenerator<string> {
  for (const address of addresses.slice(0, count)) {
    await page.goto('about:blank');
    await page.goto(`./${address}`);
    yield address || 'front page';
  }
}

test('without the engine the page says what is missing, whatever the address', async ({ page }) => {
  await page.route('**/assets/engine-*.js', (route) => route.abort());
  for await (const address of opened(page)) {
    await expect(page.getByRole('alert'), address).toContainText('The simulation could not be loaded');
    await expect(page.getByRole('button', { name: 'Load the page again' })).toBeVisible();
    await expect(page.getByText('There is no run to show')).toHaveCount(0);
  }
});

test('without its script the page can be read', async ({ page }) => {
  await page.route('**/assets/index-*.js', (route) => route.abort());
  for await (const address of opened(page, 2)) {
    await expect(page.locator('#starting'), address).toBeVisible();
    await expect(page.locator('#starting')).toContainText('its script could not be loaded');
  }
});

test('a dialog that does not come says so, and the keys work again', async ({ page }) => {
  await page.route('**/assets/all-*.js', (route) => route.abort());
  await page.goto('./#/s/psc-batch');
  await expect(page.getByRole('option').first()).toBeAttached();
  await page.keyboard.press('?');
  await expect(page.locator('.notice')).toContainText('The dialog could not be loaded');
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await expect(page.getByRole('tab', { name: 'Pages', selected: true })).toBeVisible();
});

test('a filter that does not come says so', { tag: '@long' }, async ({ page }) => {
  await page.route('**/assets/FilterBar-*.js', (route) => route.abort());
  await page.goto('./#/s/psc-batch?f=a2luZDpwc2M');
  await expect(page.locator('.notice')).toContainText('The filter could not be loaded');
  const before = await page.getByText(/^step \d+ of/).innerText();
  await page.keyboard.press('k');
  await expect(page.getByText(/^step \d+ of/)).not.toHaveText(before); // the keys still act
});

test('a view that does not come says so', { tag: '@long' }, async ({ page }) => {
  await page.route('**/assets/MachinesView-*.js', (route) => route.abort());
  await page.goto('./#/s/psc-batch?v=machines&r=linux-7.2');
  await expect(page.getByText(/Machines could not be loaded/)).toBeVisible();
});
