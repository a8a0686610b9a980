import { expectAxeClean } from './axe';
import { looking } from './looking';
import { chosen, expectStep, openRun, shownStep, stepCount, whereAmI } from './shell';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

const apCreate = '#/s/ap-create-on-init-then-create';

test('the front page is a scenario at its interesting step', async ({ page }) => {
  await openRun(page, '');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    'AP_CREATE on a vCPU that is created-on-init',
  );
  await expect(shownStep(page)).toHaveAccessibleName(/AP_CREATION/);
});

test('an act chosen in the past forks a branch from there', async ({ page }) => {
  await openRun(page, apCreate);
  const { of } = await whereAmI(page);
  await page.keyboard.press('a');
  const menu = page.getByRole('dialog', { name: 'What may happen now' });
  await expect(menu.getByRole('option', { name: /refused|⊣/ }).first()).toBeAttached();
  await expect(menu.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('ap-destroy');
  await expect(chosen(page)).toContainText('ap-destroy');
  await page.keyboard.press('Enter');
  await expect(menu).toBeHidden();
  await expect(page.getByText('branch try-1', { exact: true })).toBeVisible();
  await expect(shownStep(page)).toHaveAccessibleName(/AP_CREATION/);
  await stepCount(page).not.toBe(of);
  await page.keyboard.press('B');
  await expect(page.getByText('branch main', { exact: true })).toBeVisible();
});

looking('enabled acts come first, then refused ones with the rule that refuses them', async ({ page }) => {
  await openRun(page, apCreate);
  await page.keyboard.press('a');
  const options = page.getByRole('dialog').getByRole('option');
  await expect(options.first()).toBeVisible();
  const texts = await options.allInnerTexts();
  const firstRefused = texts.findIndex((text) => text.includes('⊣'));
  expect(firstRefused).toBeGreaterThan(0);
  expect(texts.slice(firstRefused).every((text) => text.includes('⊣'))).toBe(true);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

looking('palette, help and Esc: the focus goes in and comes back', async ({ page }) => {
  await openRun(page, apCreate);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type('linux boots');
  await expect(chosen(page)).toContainText('Linux boots');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Linux boots/);
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await expect(help.getByText('Next exit to userspace')).toBeVisible();
  await expectAxeClean(page);
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
});

test('what is typed while a dialog is loading goes into its field', { tag: '@long' }, async ({ page }) => {
  await openRun(page, apCreate);
  await page.route('**/*all*.js', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  await page.keyboard.press('/');
  await page.keyboard.type('linux boots');
  await expect(page.getByRole('dialog').getByRole('combobox')).toHaveValue('linux boots');
  await expect(chosen(page)).toContainText('Linux boots');
});

test('Enter while a dialog is loading takes what it would take, and Escape closes it', async ({ page }) => {
  let load = (): void => {};
  const wanted = new Promise<void>((resolve) => (load = resolve));
  await page.route(/\/(?:all|ask)-[^/]*\.js$/, async (route) => {
    await wanted;
    await route.continue();
  });
  await openRun(page, `${apCreate}?k=5`);
  await page.keyboard.press('/');
  await page.keyboard.type('psc batch');
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await expectStep(page, 6);
  await page.keyboard.press('/');
  await page.keyboard.type('linux boots');
  await page.keyboard.press('Enter');
  load();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Linux boots/);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('single keys can be switched off; keys with Ctrl stay', async ({ page }) => {
  await openRun(page, `${apCreate}?k=5`);
  await page.keyboard.press('?');
  await page.getByLabel('Single keys act').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await expectStep(page, 5);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Ask' })).toBeVisible();
});

looking('F6 goes round the regions and skip links jump', async ({ page }) => {
  await openRun(page, apCreate);
  await expect(page.locator('[data-region]')).toHaveCount(6);
  const regions: string[] = [];
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press('F6');
    regions.push(
      await page.evaluate(
        () => document.activeElement?.closest('[data-region]')?.getAttribute('data-region') ?? '',
      ),
    );
  }
  expect(new Set(regions)).toEqual(new Set(['Header', 'View', 'Pages', 'Inspector', 'Outline', 'Timeline']));
  await page.getByRole('link', { name: 'Skip to the inspector' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toBeFocused();
});

looking('the rail is a slider', async ({ page }) => {
  await openRun(page, `${apCreate}?k=5`);
  const rail = page.getByRole('slider', { name: 'Position in the run' });
  await rail.focus();
  await page.keyboard.press('ArrowRight');
  await expect(rail).toHaveAttribute('aria-valuenow', '6');
  await page.keyboard.press('End');
  await expectStep(page, (await whereAmI(page)).of);
});

test('playing walks to the end and stops', async ({ page }) => {
  await openRun(page, apCreate);
  const { of } = await whereAmI(page);
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  // Only now at full speed, so that a slow machine sees it play before it has ended.
  for (let i = 0; i < 4; i++) await page.keyboard.press('.');
  await expectStep(page, of);
  await expect(page.getByRole('button', { name: 'Play' })).toBeVisible();
});

test('a link holds a scenario whole and says when its end state differs', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openRun(page, apCreate);
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type('ap-destroy');
  await expect(chosen(page)).toContainText('ap-destroy');
  await page.keyboard.press('Enter');
  await expect(page.getByText('branch try-1', { exact: true })).toBeVisible();
  await page.keyboard.press('y');
  await expect(page.getByText(/^Link copied/).first()).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/#\/x\/2\.[A-Za-z0-9_-]+\?.*&c=[\w.,-]+&e=[\w.]+\.[0-9a-f]{8}$/);

  const { step, of } = await whereAmI(page);
  await page.goto('about:blank');
  await page.goto(link);
  await expect(shownStep(page)).toBeVisible();
  await expect.poll(() => whereAmI(page)).toEqual({ step, of });
  await expect(page.locator('.notice')).toHaveCount(0);

  await page.goto('about:blank');
  await page.goto(link.replace(/[0-9a-f]{8}$/, '00000000'));
  await expect(page.locator('.notice')).toContainText('another state at the end');
  await page.goto('about:blank');
  await page.goto(`${link.slice(0, 60)}`);
  await expect(page.locator('.notice')).toContainText('damaged');
});

test(
  'an unknown scenario and an unknown kind of link say so and leave a usable page',
  { tag: '@long' },
  async ({ page }) => {
    await openRun(page, '#/z/later');
    await expect(page.locator('.notice')).toContainText('does not know links of the kind');
  },
);

looking('a file that is no text is answered by one clear sentence', async ({ page }) => {
  await openRun(page, apCreate);
  for (const [name, bytes, sentence] of [
    ['empty.ghcb', [], 'empty.ghcb is empty.'],
    ['latin.ghcb', [0x74, 0xfc], 'is not UTF-8'],
  ] as const) {
    await page
      .locator('input[type=file]')
      .setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
    await expect(page.locator('.notice')).toContainText(sentence);
    await expect(shownStep(page)).toBeVisible();
  }
});

test('the step buttons are large enough, on a phone too', { tag: '@long' }, async ({ page }) => {
  await openRun(page, apCreate);
  for (const width of [1440, 320]) {
    await page.setViewportSize({ width, height: 800 });
    for (const button of await page.getByRole('toolbar').getByRole('button').all()) {
      const box = await button.boundingBox();
      expect(box?.width).toBeGreaterThanOrEqual(24);
      expect(box?.height).toBeGreaterThanOrEqual(24);
    }
  }
});
