import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expectAxeClean } from './axe';
import { looking } from './looking';
import { chosen, heldBack, openRun } from './shell';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

const CELL = '#/m/vcpu/on-guest-vmsa/ap-create-features';
const grid = (page: Page) => page.getByRole('grid', { name: /what each event does/ });
const card = (page: Page) => page.getByRole('region', { name: 'Answer', exact: true });
const allComputed = (page: Page) => expect(page.getByText(/\d+ of \d+ rows/)).toBeHidden();

looking(
  'a link opens the answer card: what happens under each profile, why, what is fixed, what was asked',
  async ({ page }) => {
    await openRunBeside(page, `${CELL}?r=linux-6.11,linux-7.2`);
    await expect(card(page).getByRole('heading', { name: 'CREATE, wrong features' })).toBeVisible();
    const outcome = card(page).getByRole('row', { name: /^outcome/ });
    await expect(outcome.getByRole('cell').nth(0)).toContainText('leaves a bad state');
    await expect(outcome.getByRole('cell').nth(1)).toContainText('refused with an error');
    await expect(card(page).getByRole('row', { name: /guest sees/ })).toContainText('2/0x5 invalid input');
    await expect(card(page).getByRole('row', { name: /ap\.onError/ })).toContainText('executed');
    await expect(card(page)).toContainText('must not move its target');
    await card(page).getByLabel('wrong bit').selectOption('5, debug swap');
    await expect(page).toHaveURL(/ap-create-features\/bit=5\?r=linux-6\.11,linux-7\.2$/);
    await expect(outcome.getByRole('cell').nth(0)).toContainText('leaves a bad state');
    await page.reload();
    await expect(card(page).getByLabel('wrong bit')).toHaveValue('5');
  },
);

/** The matrix hides the inspector, which other tests wait for. */
async function openRunBeside(page: Page, address: string): Promise<void> {
  await page.goto(`./${address}`);
  await expect(grid(page)).toBeVisible();
  await allComputed(page);
}

test('by keyboard alone: to the matrix, to a cell, its answer, its scenario side by side', async ({
  page,
}) => {
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2');
  await page.keyboard.press('g');
  await page.keyboard.press('x');
  await expect(grid(page)).toBeVisible();
  await allComputed(page);
  await grid(page).locator('[tabindex="0"]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect(
    page.getByRole('gridcell', { name: /^CREATE, wrong features, created-on-init: A .+; B refused/ }),
  ).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(card(page).getByRole('heading', { name: 'What happens' })).toBeVisible();
  await expect(page).toHaveURL(/#\/m\/vcpu\/created-on-init\/ap-create-features\?r=part2-v4,linux-7\.2$/);
  await page.keyboard.press('d');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
  await expect(
    page.getByRole('heading', { name: /CREATE, wrong features \/ created-on-init/ }),
  ).toBeVisible();
  await expect(page.getByRole('option', { selected: true })).toBeVisible();
});

looking(
  'a cell is mailed in at most 25 lines, or as the whole text that holds its link and its scenario',
  async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await openRunBeside(page, `${CELL}?r=linux-6.11,linux-7.2`);
    await expect(card(page).getByRole('row', { name: /^outcome/ })).toBeVisible();
    await grid(page).locator('[tabindex="0"]').focus();
    await page.keyboard.press('Shift+Y');
    await expect(page.getByText(/^Mail copied/).first()).toBeAttached();
    const short = (await page.evaluate(() => navigator.clipboard.readText())).trimEnd().split('\n');
    expect(short.length).toBeLessThanOrEqual(25);
    expect(short.join('\n')).toMatch(/B linux-7\.2: refused with an error; answered 2\/0x5/);
    expect(short.join('\n')).toContain('Decided by ap.onError:\n  A badInput+offline; Linux 6.11');
    expect(short.at(-1)).toMatch(/^<http.+#\/m\/vcpu\/on-guest-vmsa\/ap-create-features\?r=/);
    await page.keyboard.press('Shift+M');
    await expect(page.getByText(/^Whole mail copied/).first()).toBeAttached();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toContain('linux-7.2: refused with an error');
    expect(text).toMatch(
      /^<http.+#\/m\/vcpu\/on-guest-vmsa\/ap-create-features\?r=linux-6\.11,linux-7\.2>$/m,
    );
    expect(text).toContain('ghcb-scenario 1\ntitle');
    expect(text).toContain('end ghcb-scenario');
  },
);

looking(
  'asked by keyboard, the card has the focus, its keys act, and Back returns to it',
  async ({ page }) => {
    await openRun(page, '#/s/linux-boot?r=part2-v4,linux-7.2');
    await page.keyboard.press('/');
    await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
    await page.keyboard.type('ap-create created');
    await expect(chosen(page)).toContainText('created-on-init');
    await page.keyboard.press('Enter');
    await expect(page.getByLabel('Answer card')).toBeFocused();
    await page.keyboard.press('o');
    await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
    await expect(page.getByRole('heading', { level: 1 })).toContainText('created-on-init');
    await expect(page).toHaveURL(/#\/x\//);
    await page.goBack();
    await expect(page).toHaveURL(/#\/m\/vcpu\/created-on-init\/ap-create/);
    await expect(page.getByLabel('Answer card')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(grid(page).locator('[tabindex="0"]')).toBeFocused();
  },
);

test(
  'a worker that does not answer is ended, the page says so, and another one can be tried',
  { tag: '@long' },
  async ({ page }) => {
    await page.clock.install();
    const silent = '**/matrix.worker-*.js';
    await page.route(silent, (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
    await page.goto('./#/m/launch?r=linux-7.2');
    await expect(grid(page)).toBeVisible();
    await page.clock.fastForward(31_000);
    await expect(page.getByText('did not answer for 30 seconds and was ended')).toBeVisible();
    await page.unroute(silent);
    await page.getByRole('button', { name: 'Try again' }).press('Enter');
    await allComputed(page);
    await expect(page.getByText('was ended')).toHaveCount(0);
  },
);

test('the other face is a plain table in words', { tag: '@long' }, async ({ page }) => {
  await openRunBeside(page, '#/m/launch?r=linux-7.2');
  await page.getByRole('button', { name: 'table' }).click();
  const row = page.getByRole('row', { name: /^finished INIT2 refused with an error/ });
  await expect(row).toBeVisible();
  await row.getByRole('button', { name: 'INIT2' }).click();
  await expect(card(page).getByRole('heading', { name: 'INIT2', exact: true })).toBeVisible();
});

/** What a file of the sources became in the build. */
const built = (source: string): string => {
  const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8')) as Record<
    string,
    { readonly file: string } | undefined
  >;
  return manifest[source]?.file ?? `no ${source}`;
};

test("the matrix of the front page's profiles is drawn before the engine comes", async ({ page }) => {
  const engine = await heldBack(page, `**/${built('src/app/engine.ts')}`);
  await page.goto('./#/?v=matrix');
  await expect(page.getByRole('gridcell', { name: /being computed/ })).toHaveCount(0);
  await expect(
    page.getByRole('gridcell', {
      name: /^CREATE, wrong features, created-on-init: .*refused with an error/,
    }),
  ).toBeVisible();
  await engine.asked;
  await engine.answer();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('AP_CREATE');
  await expect(page.getByRole('tab', { name: 'Matrix' })).toHaveAttribute('aria-selected', 'true');
});

test("the matrix of the front page's profiles needs no worker and waits for no run", async ({ page }) => {
  const scenario = await heldBack(page, '**/ap-create-on-init-then-create.ghcb');
  await page.route('**/matrix.worker-*.js', (route) => route.abort());
  await page.goto('./#/m/vcpu?r=part2-v4,as-reviewed,linux-7.2');
  await expect(
    page.getByRole('gridcell', {
      name: /^CREATE, wrong features, created-on-init: .*refused with an error/,
    }),
  ).toBeVisible();
  await expect(page.getByRole('gridcell', { name: /being computed/ })).toHaveCount(0);
  await scenario.asked;
  await scenario.answer();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('created-on-init');
  await expect(page.getByRole('gridcell', { name: /being computed/ })).toHaveCount(0);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a link to a cell that is not there says so and shows the chart', { tag: '@long' }, async ({ page }) => {
  await openRunBeside(page, '#/m/vcpu/never-runn/ap-create?r=linux-7.2');
  await expect(page.getByText('The matrix has no "never-runn".')).toBeVisible();
});

test('the matrix is accessible', { tag: '@long' }, async ({ page }) => {
  await openRunBeside(page, `${CELL}?r=linux-6.11,linux-7.2`);
  await expect(card(page).getByRole('row', { name: /^outcome/ })).toBeVisible();
  for (const face of ['drawing', 'table']) {
    for (const [colorScheme, width] of [
      ['light', 1440],
      ['dark', 900],
      ['light', 390],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await expectAxeClean(page);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${face} at ${width} pixels`).toBeLessThanOrEqual(0);
    }
    if (face === 'drawing') await page.getByRole('button', { name: 'table' }).click();
  }
});
