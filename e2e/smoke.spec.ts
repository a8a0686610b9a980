import { expect, test } from './test';

test('the page opens under its own name, without an error and without asking anybody else', async ({
  page,
}) => {
  await page.goto('./');
  await expect(page).toHaveTitle(/vmgexit/);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('every file that the page names is there, the icon too', async ({ page, request }) => {
  await page.goto('./');
  for (const link of await page.locator('link[href], script[src]').all()) {
    const path = (await link.getAttribute('href')) ?? (await link.getAttribute('src')) ?? '';
    expect((await request.get(path)).status(), path).toBe(200);
  }
});
