/** What a person changes, brings or makes is in the address at once, is kept, and is never replaced. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { BrowserContext, Page } from '@playwright/test';
import { expectAxeClean } from './axe';
import { heldBack, openRun, stepCount, whereAmI } from './shell';
import { expect, test } from './test';

const apCreate = '#/s/ap-create-on-init-then-create';
const editor = '.cm-content';
const isLong = process.env['VMGEXIT_LONG'] === '1';

/** The last lines of the text in the editor, which draws no more than fits. */
async function text(page: Page): Promise<string> {
  await page.locator(editor).focus();
  await page.keyboard.press('Control+End');
  return page
    .locator(editor)
    .evaluate((element) => (element as HTMLElement).innerText.replaceAll('\n\n', '\n').slice(-400));
}

const works = (page: Page) => page.getByRole('region', { name: 'Your work' });
const openWork = (page: Page, name: string) => works(page).getByRole('button', { name, exact: true }).click();

/** Types a line before the last one of the scenario. */
async function typeLine(page: Page, line: string): Promise<void> {
  await page.keyboard.press('e');
  await expect(page.locator(editor)).toBeFocused();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.type(`${line}\n`);
}

async function run(page: Page): Promise<void> {
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/^as run$/)).toBeVisible();
}

/** The text in an address of the page; nothing where it holds none. */
function addressText(url: string): string | undefined {
  const payload = /#\/x\/2\.([\w-]+)/.exec(url)?.[1];
  // Four bytes of checksum stand before the deflated text.
  return payload && inflateRawSync(Buffer.from(payload, 'base64url').subarray(4)).toString();
}

const shipped = (slug: string): string =>
  readFileSync(join(import.meta.dirname, `../public/scenarios/${slug}.ghcb`), 'utf8');
const shippedText = shipped('ap-create-on-init-then-create');
/** The shipped scenario with lines typed before its last one. */
const withLines = (...lines: string[]): string =>
  shippedText.replace(/end ghcb-scenario\n$/, `${lines.map((line) => `${line}\n`).join('')}$&`);

/** The address holds exactly this text, once typing has rested. */
const expectOwnAddress = (page: Page, text: string): Promise<void> =>
  expect.poll(() => addressText(page.url())).toBe(text);

/** The address follows what is typed a moment later; waits until it does not change any more. */
async function addressRests(page: Page): Promise<void> {
  let before = '';
  await expect
    .poll(
      () => {
        const isSame = before === page.url();
        before = page.url();
        return isSame;
      },
      { intervals: [1000] },
    )
    .toBe(true);
}

async function paste(page: Page, pasted: string): Promise<void> {
  await page.evaluate((value) => {
    const data = new DataTransfer();
    data.setData('text/plain', value);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  }, pasted);
}

/** What `y` copies. */
async function copiedLink(page: Page, context: BrowserContext): Promise<string> {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.keyboard.press('y');
  await expect(page.locator('.status')).toContainText('Link copied');
  return page.evaluate(() => navigator.clipboard.readText());
}

test('the link of an edited scenario names the edited one', async ({ page, context }) => {
  await openRun(page, apCreate);
  const before = await whereAmI(page);
  await typeLine(page, 'v0      nmi target=1');
  await run(page);
  const edited = await text(page);
  await expectOwnAddress(page, withLines('v0      nmi target=1'));
  await page.keyboard.press('Escape');
  const link = await copiedLink(page, context);
  expect(link).toMatch(/#\/x\/2\./);

  const other = await context.newPage();
  await other.goto(link);
  await stepCount(other).toBeGreaterThan(before.of);
  await expect(other.locator('.notice')).toHaveCount(0);
  await other.keyboard.press('e');
  expect(await text(other)).toBe(edited);
});

test('what was typed and not run is in the address, and there after a reload', async ({ page }) => {
  await openRun(page, apCreate);
  await typeLine(page, 'v0      nmi target=1');
  const typed = await text(page);
  await expectOwnAddress(page, withLines('v0      nmi target=1'));
  await page.reload();
  await expect(page.getByRole('tab', { name: 'Source' })).toBeVisible();
  await page.keyboard.press('e');
  await expect.poll(() => text(page)).toBe(typed);
});

test('Back leads to the edited text after another scenario was opened', async ({ page }) => {
  await openRun(page, apCreate);
  await typeLine(page, 'v0      nmi target=1');
  await run(page);
  const edited = await text(page);
  await page.keyboard.press('Escape');
  await page.goto('./#/s/linux-boot');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Linux boots/);
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^AP_CREATE on a vCPU/);
  await page.keyboard.press('e');
  await expect.poll(() => text(page)).toBe(edited);
});

test('branches are kept with the work, and each has its address', async ({ page }) => {
  await openRun(page, apCreate);
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type('ap-destroy');
  await page.keyboard.press('Enter');
  await expect(page.getByText('branch try-1', { exact: true })).toBeVisible();
  await expect.poll(() => addressText(page.url())).toMatch(/\nv0 +ap-destroy [^\n]*\nend ghcb-scenario\n$/);
  const forked = page.url();
  await page.keyboard.press('B');
  await expect(page).toHaveURL(/#\/s\/ap-create-on-init-then-create/);
  await page.keyboard.press('B');
  await expect(page).toHaveURL(forked);
  await page.reload();
  await expect(page.getByText('branch try-1', { exact: true })).toBeVisible();
  await page.keyboard.press('B');
  await expect(page.getByText('branch main', { exact: true })).toBeVisible();
});

test('a note is put on an act, and it is in the text and the link', async ({ page }) => {
  await openRun(page, `${apCreate}?k=95`);
  await page.keyboard.press('m');
  await expect(page.getByRole('textbox', { name: /Note on the act/ })).toBeFocused();
  await page.keyboard.type('does the first VMSA leak?');
  await page.keyboard.press('Enter');
  await expect.poll(() => addressText(page.url())).toContain('\nnote    does the first VMSA leak?\n');
  await expect(page.locator('#inspector').getByText('does the first VMSA leak?')).toBeVisible();
  await page.reload();
  await expect(page.locator('#inspector').getByText('does the first VMSA leak?')).toBeVisible();
});

test('an act is left out in a branch, which is renamed, deleted and brought back', async ({ page }) => {
  await openRun(page, `${apCreate}?k=94`);
  const { of } = await whereAmI(page);
  await page.keyboard.press('-');
  const branches = page.getByRole('region', { name: 'Branches' });
  await expect(
    branches.getByRole('button', { name: /^without ap-create/, exact: false }).first(),
  ).toBeVisible();
  await expect.poll(async () => (await whereAmI(page)).of).toBeLessThan(of);
  await branches.getByRole('button', { name: /^Rename branch/ }).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('no second create');
  await page.keyboard.press('Enter');
  await expect(page.getByText('branch no second create', { exact: true })).toBeVisible();
  await branches.getByRole('button', { name: 'Delete branch no second create' }).click();
  await expect.poll(async () => (await whereAmI(page)).of).toBe(of);
  await branches.getByRole('button', { name: 'Undo' }).click();
  await branches.getByRole('button', { name: 'no second create', exact: true }).click();
  await expect.poll(async () => (await whereAmI(page)).of).toBeLessThan(of);
  await expectAxeClean(page);
});

test('works are named, found, deleted with undo, and taken to a file and back', async ({ page }) => {
  await openRun(page, apCreate);
  await typeLine(page, 'v0      nmi target=1');
  await page.keyboard.press('Escape');
  await page.keyboard.press('s');
  await expect(page.getByRole('dialog', { name: 'Name this work' }).getByRole('textbox')).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('NMI after create');
  await page.keyboard.press('Enter');
  await expect(works(page).getByRole('button', { name: 'NMI after create', exact: true })).toBeVisible();
  await expectAxeClean(page);

  await page.goto('./#/s/linux-boot');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Linux boots/);
  await page.keyboard.press('/');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type('nmi after');
  await expect(page.getByRole('option', { selected: true })).toContainText('NMI after create');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^AP_CREATE on a vCPU/);

  const download = page.waitForEvent('download');
  await works(page).getByRole('button', { name: 'export all' }).click();
  const file = await (await download).path();
  await works(page).getByRole('button', { name: 'Delete NMI after create' }).click();
  await expect(works(page)).toContainText('Deleted “NMI after create”.');
  await works(page).getByRole('button', { name: 'Undo' }).click();
  await expect(works(page).getByRole('button', { name: 'NMI after create', exact: true })).toBeVisible();
  await works(page).getByRole('button', { name: 'Delete NMI after create' }).click();
  await page.locator('input[type=file]').setInputFiles(file);
  await openWork(page, 'NMI after create');
  await page.keyboard.press('e');
  await expect.poll(() => text(page)).toContain('nmi target=1');
});

test('two tabs that change the same work keep two versions', async ({ page, context }) => {
  await openRun(page, apCreate);
  await typeLine(page, 'note    one');
  await expectOwnAddress(page, withLines('note    one'));
  const other = await context.newPage();
  await openRun(other, '');
  await openWork(other, 'AP_CREATE on a vCPU that is created-on-init');
  await expectOwnAddress(other, withLines('note    one'));
  await typeLine(page, 'note    mine');
  await typeLine(other, 'note    theirs');
  await expect(other.locator('.notice')).toContainText('Both are kept');
  for (const tab of [page, other])
    await expect(works(tab).getByRole('button', { name: /^AP_CREATE/ })).toHaveCount(2);
  expect(await text(page)).toContain('mine');
  expect(await text(other)).toContain('theirs');
});

test('a scenario, a quoted mail, a link and a value are pasted anywhere and opened as what they are', async ({
  page,
}) => {
  await openRun(page, apCreate);
  const mine =
    'ghcb-scenario 1\ntitle   Pasted by hand\nprofile linux-7.2\nlaunch  standard\nend ghcb-scenario\n';
  await paste(page, `She wrote:\n${mine.replace(/^/gm, '> ')}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Pasted by hand');
  await expectOwnAddress(page, `She wrote:\n${mine.replace(/^/gm, '> ')}`);
  const address = page.url();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Pasted by hand');
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^AP_CREATE on a vCPU/);
  await paste(page, address);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Pasted by hand');
  await paste(page, '0x14');
  await expect(page.getByRole('tab', { name: 'Decode' }).first()).toHaveAttribute('aria-selected', 'true');
  await page.goto('./#/s/linux-boot');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Linux boots/);
  await expect(works(page).getByRole('button', { name: 'Pasted by hand', exact: true })).toBeVisible();
});

test.describe('a browser that keeps nothing', () => {
  test.use({ expectedErrors: [] });
  test('says so, works, and offers a file', async ({ page }) => {
    await page.addInitScript(() => {
      Object.defineProperty(window, 'indexedDB', {
        value: {
          open: () => {
            throw new DOMException('denied', 'SecurityError');
          },
        },
      });
    });
    await openRun(page, apCreate);
    await expect(works(page)).toContainText('Not saved in this browser.');
    await typeLine(page, 'note    kept by the address alone');
    await addressRests(page);
    await expectOwnAddress(page, withLines('note    kept by the address alone'));
    await expect(works(page).getByRole('button', { name: 'Save as a file' })).toBeVisible();
    await page.reload();
    await page.keyboard.press('e');
    await expect.poll(() => text(page)).toContain('kept by the address alone');
  });
});

test(
  'an act that is chosen while a link is fetched is not replaced by what the link opens',
  { tag: '@long' },
  async ({ page }) => {
    await openRun(page, apCreate);
    const { asked, answer } = await heldBack(page, '**/psc-batch.ghcb');
    await page.evaluate(() => (location.hash = '#/s/psc-batch'));
    await asked;
    await page.keyboard.press('a');
    await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
    await page.keyboard.type('ap-destroy');
    await page.keyboard.press('Enter');
    await expect(page.getByText('branch try-1', { exact: true })).toBeVisible();
    await answer();
    await expect.poll(() => addressText(page.url())).toMatch(/ap-destroy/);
    await expect(page.getByText('branch try-1', { exact: true })).toBeVisible();
  },
);

test(
  'an export of works that are larger than any scenario file is imported',
  { tag: '@long' },
  async ({ page }) => {
    await openRun(page, apCreate);
    const note = `note    ${'x'.repeat(60)}\n`;
    const text = shippedText.replace(/end ghcb-scenario\n$/, `${note.repeat(12_000)}$&`);
    const work = (id: string) => ({
      schema: 1,
      id,
      name: `work ${id}`,
      named: true,
      branches: ['main', 'b', 'c', 'd'].map((branch) => ({ id: branch, title: branch, text })),
      branch: 'main',
      draft: `${text}${id}`,
      changed: 1,
    });
    const file = JSON.stringify({ format: 'vmgexit-work', version: 1, works: [work('1'), work('2')] });
    expect(file.length).toBeGreaterThan(4 << 20);
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'works.json', mimeType: 'application/json', buffer: Buffer.from(file) });
    await expect(works(page).getByRole('button', { name: /^work 1/ })).toBeVisible();
    await expect(works(page).getByRole('button', { name: /^work 2/ })).toBeVisible();
  },
);

test(
  'a page that is closed in the middle of typing loses nothing that was shown as typed',
  { tag: '@long' },
  async ({ page, context }) => {
    await openRun(page, apCreate);
    await typeLine(page, 'note    0');
    let tab = page;
    for (let round = 1; round <= (isLong ? 5 : 2); round++) {
      await tab.keyboard.press('e');
      await expect(tab.locator(editor)).toBeFocused();
      await tab.keyboard.press('Control+End');
      await tab.keyboard.press('ArrowUp');
      await tab.keyboard.type(`note    ${round}\n`);
      // The store is written as fast as the browser answers; the address follows later.
      await expect(works(tab).locator('[data-unsaved="0"]')).toBeAttached();
      await tab.close({ runBeforeUnload: false });
      tab = await context.newPage();
      await openRun(tab, '');
      await openWork(tab, 'AP_CREATE on a vCPU that is created-on-init');
      await tab.keyboard.press('e');
      await expect.poll(() => text(tab)).toContain(`note    ${round}`);
    }
  },
);

test('what is pasted opens from every view', { tag: '@long' }, async ({ page }) => {
  const heading = page.getByRole('heading', { level: 1 });
  await openRun(page, apCreate);
  for (const key of ['l', 'p', 'm', 'r', 'x', 'd', 'e', 's']) {
    await page.goto(`./${apCreate}`);
    await expect(heading).toHaveText(/^AP_CREATE on a vCPU/);
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await expect(page.locator('#view-panel')).not.toContainText(/Loading|could not be loaded/);
    await paste(page, shipped('ap-1-create-twice'));
    await expect(heading, `pasted in the view of g ${key}`).toHaveText(/^AP-1: CREATE twice/);
    await expect(page).toHaveURL(/#\/x\/2\./);
  }
});
