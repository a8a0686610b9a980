/** The built site on a host of its own: under any path, in two versions one after the other, with a worker that is broken. */
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { host, type Host } from './host';
import { expectStep } from './shell';
import { expect, test } from './test';
import { watch } from './watch';

const dist = join(import.meta.dirname, '../dist');

/** A worker fetches hundreds of files one after the other before it is there; a busy machine takes minutes. */
const INSTALL_MILLISECONDS = 400_000;

/** Another version of the site: every asset has another name, as after a change of every chunk. */
async function nextVersion(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vmgexit-next-'));
  await cp(dist, folder, { recursive: true });
  const assets = await readdir(join(folder, 'assets'));
  const renamed = new Map(assets.map((name) => [name, name.replace(/(\.\w+)$/, '-next$1')]));
  const names = new RegExp(assets.map((name) => name.replaceAll('.', '\\.')).join('|'), 'g');
  const texts = (await readdir(folder, { recursive: true })).filter((file) =>
    ['.html', '.js', '.css'].includes(extname(file)),
  );
  for (const file of texts) {
    const text = await readFile(join(folder, file), 'utf8');
    const next = text.replace(names, (name) => renamed.get(name) ?? name);
    await writeFile(
      join(folder, file),
      file === 'service-worker.js' ? next.replaceAll('revision:"', 'revision:"2') : next,
    );
  }
  for (const [name, next] of renamed)
    await rename(join(folder, 'assets', name), join(folder, 'assets', next));
  return folder;
}

interface Visit {
  readonly context: BrowserContext;
  readonly errors: readonly string[];
}

async function visit(browser: Browser, site: Host, expected: readonly RegExp[] = []): Promise<Visit> {
  const context = await browser.newContext({ serviceWorkers: 'allow' });
  return { context, errors: watch(context, site.origin, expected) };
}

const shown = (page: Page) => expect(page.getByRole('option').first()).toBeAttached();
const isControlled = (page: Page) =>
  expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
/** The names of the scripts that a page has loaded. */
const scripts = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => name.endsWith('.js') && name.includes('/assets/')),
  );

test('a new version is announced, comes by a reload when no other tab uses the old one, and is never mixed', async ({
  browser,
}) => {
  test.setTimeout(INSTALL_MILLISECONDS);
  const site = await host(dist);
  const next = await nextVersion();
  const { context, errors } = await visit(browser, site);
  try {
    const page = await context.newPage();
    await page.goto(`${site.origin}/`);
    await shown(page);
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    site.serve(next);
    await page.reload();
    await shown(page);
    await isControlled(page);
    const line = page.getByRole('status').filter({ hasText: 'A new version of this page is there' });
    await expect(line).toBeVisible({ timeout: INSTALL_MILLISECONDS });

    // Until then everything is of the old version, also what is loaded only now and is no more on the host.
    await page.goto(`${site.origin}/#/l/page-changes-hands/1`);
    await expect(page.locator('#lesson h2')).toHaveText('Two backings and one table');
    await page.goto(`${site.origin}/#/d/ghcb-msr/2000133000001`);
    await expect(page.locator('#decode-text')).toBeVisible();
    expect((await scripts(page)).filter((name) => name.includes('-next'))).toEqual([]);

    // Another tab uses the old version too: nobody takes it away.
    const other = await context.newPage();
    await other.goto(`${site.origin}/#/s/psc-batch?k=5`);
    await expectStep(other, 5);
    await line.getByRole('button', { name: 'Reload' }).click();
    await expect(page.locator('.notice').first()).toContainText(
      'Another tab shows the version that is in use',
    );
    expect((await scripts(other)).filter((name) => name.includes('-next'))).toEqual([]);
    await other.close();

    const loaded = page.waitForEvent('load');
    await line.getByRole('button', { name: 'Reload' }).click();
    await loaded;
    await expect(page.locator('#decode-text')).toBeVisible();
    const after = await scripts(page);
    expect(after.length).toBeGreaterThan(3);
    expect(after.filter((name) => !name.includes('-next'))).toEqual([]);
    await expect(line).toHaveCount(0);
    expect(site.missing).toEqual([]);
    expect(errors).toEqual([]);
  } finally {
    await context.close();
    await site.close();
    await rm(next, { recursive: true });
  }
});

test(
  'under a path of its own the site works, with and without a network',
  { tag: '@long' },
  async ({ browser }) => {
    test.setTimeout(INSTALL_MILLISECONDS);
    const site = await host(dist, '/a/b/');
    const { context, errors } = await visit(browser, site);
    try {
      const page = await context.newPage();
      await page.goto(`${site.origin}/a/b/`);
      await shown(page);
      expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).scope)).toBe(
        `${site.origin}/a/b/`,
      );
      await page.goto('about:blank');
      await context.setOffline(true);
      await page.goto(`${site.origin}/a/b/#/s/linux-boot?k=100`);
      await expectStep(page, 100);
      await page.goto(`${site.origin}/a/b/#/l/page-changes-hands/1`);
      await expect(page.locator('#lesson h2')).toHaveText('Two backings and one table');
      expect(site.missing).toEqual([]);
      expect(errors).toEqual([]);
    } finally {
      await context.close();
      await site.close();
    }
  },
);

test('a browser may install the page', async ({ page }) => {
  await page.goto('./');
  const session = await page.context().newCDPSession(page);
  const { errors, data } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const { icons, ...manifest } = JSON.parse(data ?? '') as {
    icons: { src: string; sizes: string; type: string; purpose: string }[];
  };
  expect(manifest).toMatchObject({ display: 'standalone', start_url: './', scope: './' });
  for (const { src, sizes } of icons) {
    const size = await page.evaluate(async (file) => {
      const image = new Image();
      image.src = new URL(file, document.baseURI).href;
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, src);
    if (sizes !== 'any') expect(size).toBe(sizes);
  }
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // A context without a past counts as private; nothing else may stand against it. A headless shell finds nothing ever.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
});

for (const [trouble, text] of [
  ['is no JavaScript', '<!doctype html><title>404</title>'],
  ['throws', "throw new Error('on purpose')"],
] as const)
  test(`a service worker that ${trouble} leaves the page as it is`, async ({ browser }) => {
    const site = await host(dist);
    site.answer('service-worker.js', text);
    const { context, errors } = await visit(browser, site, [/on purpose|Unexpected token/]);
    try {
      const page = await context.newPage();
      await page.goto(`${site.origin}/#/s/psc-batch?k=5`);
      await expectStep(page, 5);
      await expect.poll(() => site.asked.has('service-worker.js')).toBe(true);
      await page.keyboard.press('j');
      await expectStep(page, 6);
      await page.goto(`${site.origin}/#/l/page-changes-hands/2`);
      await expect(page.locator('#lesson h2')).toHaveText('The guest asks');
      await expect(page.locator('.notice')).toHaveCount(0);
      expect(errors).toEqual([]);
    } finally {
      await context.close();
      await site.close();
    }
  });

test('full storage leaves the page as it is', { tag: '@long' }, async ({ browser }) => {
  const site = await host(dist);
  const worker = await readFile(join(dist, 'service-worker.js'), 'utf8');
  const full = "throw new DOMException('full', 'QuotaExceededError')";
  site.answer('service-worker.js', `Cache.prototype.put = async () => { ${full}; };\n${worker}`);
  const { context, errors } = await visit(browser, site, [/QuotaExceeded/]);
  try {
    await context.addInitScript(
      `for (const [of, name] of [[Storage, 'setItem'], [IDBObjectStore, 'put'], [IDBObjectStore, 'add']])
         of.prototype[name] = () => { ${full}; };`,
    );
    const page = await context.newPage();
    await page.goto(`${site.origin}/#/l/page-changes-hands/2`);
    await expect(page.locator('#lesson h2')).toHaveText('The guest asks');
    const predict = page.getByRole('region', { name: 'Predict' });
    await predict.getByRole('button', { name: /an exit/ }).click();
    await expect(predict.getByRole('status')).toContainText('Right.');
    await expect.poll(() => site.asked.has('service-worker.js')).toBe(true);
    await page.getByRole('link', { name: /^Next/ }).click();
    await expect(page.locator('#lesson h2')).toHaveText('Success, and nothing in the RMP');
    expect(await page.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
    expect(errors).toEqual([]);
  } finally {
    await context.close();
    await site.close();
  }
});
