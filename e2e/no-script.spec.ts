/** The front page where no script runs: a picture that was made with the site, and the same in words. */
import { expectAxeClean } from './axe';
import { expect, test } from './test';

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the front page is the compared scenario: its answer, its picture, its steps', async ({ page }) => {
    await page.goto('./');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^AP_CREATE on a vCPU/);
    await expect(page.getByText(/They differ at step \d+/)).toBeVisible();
    const picture = page.getByRole('img', { name: /^Ladder: / });
    // A picture that did not load has no size of its own.
    const [src, box] = [await picture.getAttribute('src'), await picture.boundingBox()];
    expect(box?.width).toBeGreaterThan(600);
    const loaded = await page.request.get(new URL(src ?? '', page.url()).href);
    expect(loaded.headers()['content-type']).toContain('image/svg+xml');
    expect(await loaded.text()).toContain('ap-create target=1 vmsa=0x122000');
    await expect(page.getByRole('row').filter({ hasText: 'AP_CREATION answered' }).nth(1)).toBeVisible();
    await expect(page.getByText('vmgexit is starting')).toBeHidden();
    await page.setViewportSize({ width: 320, height: 640 });
    expect((await picture.boundingBox())?.width).toBeLessThanOrEqual(320);
  });
});

test('with JavaScript the picture is not asked for, and what the build wrote gives way to the page', async ({
  page,
}) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto('./');
  await expect(page.getByRole('option').first()).toBeAttached();
  await expect(page.locator('#front')).toHaveCount(0);
  expect(asked.filter((url) => url.includes('front-page'))).toEqual([]);
  await expectAxeClean(page);
});
