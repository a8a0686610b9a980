/** The page without a network, inside another page, and as one file. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from '@playwright/test';
import { expectStep, openRun } from './shell';
import { expect, test } from './test';
import { watch } from './watch';

const originOf = (url = 'http://127.0.0.1'): string => new URL(url).origin;
const screen = (page: Page) => page.locator('#lesson h2');

test('after one visit the page needs no network: a run, a lesson, a search', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ ...(baseURL && { baseURL }), serviceWorkers: 'allow' });
  const errors = watch(context, originOf(baseURL));
  const page = await context.newPage();
  await openRun(page, '');
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.goto('about:blank');
  await context.setOffline(true);
  await openRun(page, '#/s/linux-boot?k=100');
  await expectStep(page, 100);
  await page.goto('./#/l/page-changes-hands/1');
  await expect(screen(page)).toHaveText('Two backings and one table');
  await page.goto('./#/s/explore-threads?v=explore');
  await expect(page.getByRole('region', { name: /^Under / })).toContainText('Every state was looked at.');
  await context.close();
  expect(errors).toEqual([]);
});

/** A page on a second local port that frames another one. */
async function framing(inner: string): Promise<{ readonly address: string; close(): void }> {
  const server = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end(`<!doctype html><html lang="en"><title>Another page</title><link rel="icon" href="data:,"><iframe title="run" src="${inner}" width="900" height="600"></iframe>
<script>window.told = []; addEventListener('message', ({ data }) => told.push(data))</script></html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}

test.describe('inside a page of another origin', () => {
  // The second port is allowed by this test alone.
  test.use({ expectedErrors: [/^request to a foreign origin: http:\/\/127\.0\.0\.1:\d+\/$/] });

  test('it tells where it stands, goes where it is asked to, and hears keys', async ({ page, baseURL }) => {
    const own = `${originOf(baseURL)}/`;
    const other = await framing(`${own}#/s/psc-batch?k=5&chrome=0`);
    // The server lets its own origin alone frame the page, until somebody adds another one.
    await page.route(own, async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      const policy = headers['content-security-policy'] ?? '';
      expect(policy).toContain("frame-ancestors 'self'");
      const allowed = policy.replace("frame-ancestors 'self'", `frame-ancestors ${other.address}`);
      await route.fulfill({ response, headers: { ...headers, 'content-security-policy': allowed } });
    });
    await page.goto(other.address);
    const frame = page.frameLocator('iframe');
    await expect(frame.getByRole('option').first()).toBeAttached();
    await expect(frame.getByRole('link', { name: /open in vmgexit/i })).toBeVisible();
    const last = () =>
      page.evaluate(() => {
        const told = (window as unknown as { told: { source?: string; height?: number; step?: number }[] })
          .told;
        return told.filter(({ source }) => source === 'vmgexit').at(-1);
      });
    await expect.poll(last).toMatchObject({ step: 5 });
    expect((await last())?.height).toBeGreaterThan(100);
    const ask = (message: unknown) =>
      page.evaluate((data) => {
        const target = document.querySelector('iframe')?.contentWindow;
        target?.postMessage(data, '*');
      }, message);
    await ask({ vmgexit: 'goto', step: 9 });
    await expect.poll(last).toMatchObject({ step: 9 });
    await ask({ vmgexit: 'goto', step: 1e99 });
    await ask({ vmgexit: 'erase' });
    await frame.getByRole('option').first().click();
    await page.keyboard.press('End');
    await page.keyboard.press('k');
    await expect.poll(async () => (await last())?.step).toBeGreaterThan(9);
    await ask({ vmgexit: 'goto', address: '#/s/lf-1-finish-fails?k=3&chrome=0' });
    await expect.poll(last).toMatchObject({ step: 3 });
    other.close();
  });
});

test('a frame has the panels that its address names, changes nothing, and says what it does not know', async ({
  page,
}) => {
  await openRun(page, '#/s/psc-batch?k=5&v=exits&chrome=0&edit=0&panels=ladder,pages,inspector');
  await expect(page.getByRole('tablist', { name: 'Views' }).getByRole('tab')).toHaveText([
    /^Ladder/,
    /^Pages/,
  ]);
  await expect(page.getByRole('tab', { name: /^Ladder/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('g');
  await page.keyboard.press('x');
  await expect(page.getByRole('tab', { name: /^Ladder/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.locator('.notice')).toContainText('This view is for reading');
  await page.goto('./#/s/psc-batch?k=5&chrome=0&panels=ladder,wheel&colour=red');
  const notice = page.locator('.notice');
  await expect(notice).toContainText('This version has no panel called "wheel"; it was skipped.');
  await expect(notice).toContainText('This version does not know "colour" in a link; it was skipped.');
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toHaveCount(0);
});

test('a frame is copied as HTML, with the picture and the answer for readers that show no frames', async ({
  page,
  context,
  baseURL,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openRun(page, '#/s/psc-batch?k=5&r=linux-7.2');
  await page.keyboard.press('Shift+E');
  await page.getByRole('button', { name: 'Copy the frame' }).click();
  await expect(page.locator('.status')).toContainText('Frame copied');
  const html = await page.evaluate(() => navigator.clipboard.readText());
  const own = originOf(baseURL);
  await page.route(`${own}/article.html`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><html lang="en"><title>An article</title>${html}`,
    }),
  );
  await page.route(`${own}/*.svg`, (route) =>
    route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg"/>' }),
  );
  await page.goto(`${own}/article.html`);
  const frame = page.frameLocator('iframe');
  await expect(frame.getByRole('link', { name: /open in vmgexit/i })).toBeVisible();
  await expect(frame.getByRole('option', { selected: true })).toContainText(/^Step 5 of \d+/);
  await page.getByText('The same as picture and text').click();
  await expect(page.getByRole('img', { name: /what guest, KVM, VMM and firmware say/ })).toBeVisible();
  await expect(page.locator('pre')).toContainText('expectations hold');
});

test.describe('as one file', () => {
  test.use({ expectedErrors: [/request to a foreign origin: file:/] });

  test(
    'the page as one file opens from the disk: a run, a lesson, a search',
    { tag: '@long' },
    async ({ page }) => {
      test.setTimeout(300_000);
      const root = join(import.meta.dirname, '..');
      const built = spawnSync(
        process.execPath,
        ['node_modules/vite/bin/vite.js', 'build', '--mode', 'single'],
        { cwd: root },
      );
      expect(built.status, built.stderr.toString()).toBe(0);
      const file = pathToFileURL(join(root, 'dist-single/vmgexit.html')).href;
      const at = async (address: string): Promise<void> => {
        await page.goto('about:blank');
        await page.goto(`${file}${address}`);
      };
      await at('#/s/linux-boot?k=100');
      await expectStep(page, 100);
      await at('#/l/page-changes-hands/1');
      await expect(screen(page)).toHaveText('Two backings and one table');
      await at('#/s/explore-threads?v=explore');
      await expect(page.getByRole('region', { name: /^Under / })).toContainText('Every state was looked at.');
    },
  );
});
