import { expectAxeClean } from './axe';
import { openRun, stepCount, whereAmI } from './shell';
import { expect, test } from './test';

const apCreate = '#/s/ap-create-on-init-then-create';
const editor = '.cm-content';

test('the text is edited and run; the run follows', async ({ page }) => {
  await openRun(page, apCreate);
  const before = await whereAmI(page);
  await page.keyboard.press('e');
  await expect(page.locator(editor)).toBeFocused();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.type('v0      nmi target=1\n');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/^as run$/)).toBeVisible();
  await stepCount(page).toBeGreaterThan(before.of);
});

test('text is typed over all of the text: no style of the browser comes with it', async ({ page }) => {
  await openRun(page, apCreate);
  await page.keyboard.press('e');
  await expect(page.locator(editor)).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.type(
    'ghcb-scenario 1\nvm vcpus=1 memory=4M\nlaunch standard\nv0 hlt\nend ghcb-scenario',
  );
  await expect(page.locator('.cm-line')).toHaveCount(5);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/^as run$/)).toBeVisible();
  await expect(page.locator(editor).locator('[style*=color]')).toHaveCount(0);
});

test('a mistake is underlined and listed with the nearest word; the last good run stays', async ({
  page,
}) => {
  await openRun(page, apCreate);
  const before = await whereAmI(page);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.locator(editor).click();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.type('v0      ap-craete target=1\n');
  await page.keyboard.press('Control+Enter');
  const problems = page.getByRole('list', { name: 'Problems' });
  await expect(problems.getByRole('button').first()).toContainText("'ap-create'");
  await expect(page.locator('.cm-lintRange-error').first()).toBeVisible();
  await expect(page.getByText(/showing the run before line \d+/).first()).toBeVisible();
  await expectAxeClean(page);
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Ladder' }).click();
  await expect(page.getByText(/Showing the run before line \d+/)).toBeVisible();
  await expect.poll(() => whereAmI(page)).toEqual(before);
});

test('an empty page offers three lines to begin with', { tag: '@long' }, async ({ page }) => {
  await openRun(page, apCreate);
  await page.keyboard.press('e');
  await expect(page.locator(editor)).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await expect(page.getByText('An empty page.', { exact: false })).toBeVisible();
  await page
    .getByRole('tabpanel', { name: 'Source' })
    .getByRole('button', { name: /ap-create target=1/ })
    .click();
  await page.getByRole('button', { name: /^Run/ }).click();
  await expect(page.getByText(/^as run$/)).toBeVisible();
});

test('the editor finds, prints anew, and says beside its line what was expected and what came', async ({
  page,
}) => {
  await openRun(page, apCreate);
  await page.keyboard.press('e');
  await expect(page.locator(editor)).toBeFocused();
  await page.keyboard.press('Control+f');
  await expect(page.locator('.cm-search input').first()).toBeFocused();
  await page.keyboard.type('ap-create-on-init');
  await page.keyboard.press('Enter');
  await expect(page.locator('.cm-searchMatch-selected')).toHaveText('ap-create-on-init');
  await page.keyboard.press('Escape');
  await expect(page.locator('.cm-search')).toHaveCount(0);

  await page.locator(editor).click();
  await page.keyboard.press('Control+a');
  const text = [
    'ghcb-scenario 1',
    'vm     vcpus=2   memory=8M',
    'guest manual',
    'launch   standard',
    'v0  hold form=msr',
    '      ? v0.mpState == HALTED',
    'end ghcb-scenario',
  ].join('\n');
  await page.locator(editor).evaluate((element, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
  await page.keyboard.press('Alt+Shift+F');
  await expect(page.locator('.cm-line').nth(1)).toHaveText('vm      vcpus=2 memory=8M');
  await expect(page.locator('.cm-line').nth(4)).toHaveText('v0      hold form=msr');
  await page.keyboard.press('Control+Enter');
  const mark = page.locator('.cm-gutter-lint .cm-lint-marker');
  await expect(mark).toHaveCount(1);
  await mark.hover();
  await expect(page.locator('.cm-tooltip')).toContainText('expected == HALTED, got AP_RESET_HOLD');
});
