/** Whole ways through the page, as a reviewer and an author take them. The third, from a question to its answer, is in ask.spec.ts. */
import { unreadable } from './boxes';
import { expectStep, openRun, shownStep, whereAmI } from './shell';
import { expect, test } from './test';

const ALL = 'linux-7.3,linux-7.2,linux-6.17,linux-6.12,linux-6.11,v14,v11,part2-v5,as-reviewed,part2-v4';

test('all generations on a boot of Linux: findings by facet, phases, and every profile named', async ({
  page,
}) => {
  await openRun(page, `#/s/linux-boot?r=${ALL}`);
  await expect(page.getByRole('button', { name: /Profiles/ })).toContainText('part2-v4');
  const outline = page.getByRole('navigation', { name: 'Outline' });
  await expect(outline.locator('summary').filter({ hasText: 'In launch standard' })).toBeVisible();
  await expect(outline.locator('summary .mono').first()).toHaveText(/^[a-z]+\.\w+$/);
  const phases = page.getByRole('group', { name: 'Phases of the run' });
  await phases.getByRole('button', { name: 'kernel' }).click();
  const { step } = await whereAmI(page);
  await expect(phases.getByRole('button', { name: 'kernel' })).toHaveAttribute('aria-current', 'step');
  await page.keyboard.press('BracketRight');
  await page.keyboard.press('p');
  await expect.poll(async () => (await whereAmI(page)).step).toBeGreaterThan(step);
  await expect.poll(() => unreadable(page)).toEqual([]);
});

test('edit, run, share, open elsewhere: the same text, the same step', async ({ page, context, browser }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2');
  await page.keyboard.press('e');
  const editor = page.getByRole('textbox', { name: 'Scenario text' });
  await expect(editor).toBeFocused();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('v0 ap-des');
  await page.getByRole('option', { name: /ap-destroy/ }).click(); // Enter counts once the list has stood for a moment
  await page.keyboard.type(' target=1');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/^Ran: \d+ steps/).first()).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await expect(shownStep(page)).toBeVisible();
  await page.keyboard.press('Shift+G');
  const { of } = await whereAmI(page);
  await expectStep(page, of);
  await page.keyboard.press('y');
  await expect(page.getByText(/^Link copied/).first()).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());

  const elsewhere = await browser.newPage();
  await elsewhere.goto(link);
  await expect(shownStep(elsewhere)).toBeVisible();
  await expect.poll(() => whereAmI(elsewhere)).toEqual({ step: of, of });
  await elsewhere.close();
});

test('an act is typed where the menu does not list it, and says why it would be refused', async ({
  page,
}) => {
  await openRun(page, '#/s/ap-create-on-init-then-create?r=linux-7.2');
  await page.keyboard.press('a');
  const menu = page.getByRole('dialog', { name: 'What may happen now' });
  await expect(menu.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('ap-create target=1');
  await expect(menu.getByRole('status')).toContainText('vmsa');
  await page.keyboard.type(' vmsa=0x123001');
  await expect(menu.getByRole('option').first()).toContainText('⊣');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('0');
  await expect(menu.getByRole('option').first()).toContainText('vmsa=0x123000');
  await page.keyboard.press('Enter');
  await expect(page.getByText('branch try-1', { exact: true })).toBeVisible();
});

test('a window of 200 pixels still scrolls to everything', async ({ page }) => {
  await openRun(page, '#/s/ap-create-on-init-then-create?r=linux-7.2');
  await page.setViewportSize({ width: 200, height: 400 });
  const { scrolls, sideways } = await page.evaluate(() => {
    const { scrollHeight, clientHeight, scrollWidth, clientWidth } = document.documentElement;
    return { scrolls: scrollHeight > clientHeight, sideways: scrollWidth - clientWidth };
  });
  expect(scrolls).toBe(true);
  expect(sideways).toBeLessThanOrEqual(0);
});

test('lanes and tabs explain themselves on focus and under a pointer; Escape puts the words away', async ({
  page,
}) => {
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2&k=97');
  await expect(shownStep(page)).toBeVisible();
  const tooltip = page.getByRole('tooltip');
  for (const [name, says] of [
    ['vCPU 0', 'virtual processor'],
    ['RMP', 'one entry for each page of the host'],
    ['KVM', 'hypervisor in the host kernel'],
    ['VMM', 'QEMU'],
    ['PSP', 'SEV firmware'],
  ] as const) {
    await page.locator('#view-panel').getByRole('link', { name, exact: true }).first().focus();
    await expect(tooltip).toContainText(says);
    await expect(tooltip).toBeInViewport({ ratio: 1 });
    await expect(tooltip).toHaveCount(1);
  }
  await page.keyboard.press('Escape');
  await expect(tooltip).toHaveCount(0);
  await page.getByRole('tab', { name: 'Matrix' }).hover();
  await expect(tooltip).toContainText('every event does in every state');
  await page.getByRole('tab', { name: 'Ladder' }).focus();
  await expect(tooltip.filter({ hasText: 'steps from top to bottom' })).toBeVisible();
  await page.mouse.move(600, 500);
  await expect(tooltip).toHaveCount(1);
});

test('what the page calls things explains itself, what is hidden is named, and no question ends in nothing', async ({
  page,
}) => {
  await openRun(page, `#/s/ap-create-on-init-then-create?r=${ALL}&k=97`);
  // Ten profiles do not fit: the button names the others.
  const profiles = page.getByRole('button', { name: /^Profiles/ });
  await expect(profiles).toHaveAccessibleName(
    /A linux-7\.3 .*\+8 more: B linux-7\.2, .*I as-reviewed; J part2-v4/,
  );

  // Sources open on a kernel that has the rule.
  await page.getByRole('tab', { name: 'Src' }).click();
  const sources = page.getByRole('tabpanel', { name: 'Src' });
  await expect(sources.getByRole('heading', { name: 'Rule' })).toBeVisible();
  await expect(sources.getByText('No rule decided this step.')).toHaveCount(0);
  await expect(sources.getByText('ap.doubleCreate', { exact: true })).toBeVisible();
  await sources.getByRole('link', { name: 'Facets' }).focus();
  await expect(page.getByRole('tooltip')).toContainText('One disputed behaviour of KVM');

  await page.goto(`./#/m/vcpu/created-on-init/ap-create?r=${ALL}`);
  const card = page.getByRole('region', { name: 'Answer', exact: true });
  await card.getByRole('link', { name: 'VMSA' }).first().focus();
  await expect(page.getByRole('tooltip')).toContainText('registers of a vCPU');
  await expect(page.getByRole('tooltip')).toBeInViewport({ ratio: 1 });

  await page.keyboard.press('/');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type('dubblecreat of zyzzyva');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('status')).toContainText(
    'Nothing answers that. The nearest three, and the matrix',
  );
  await expect(dialog.getByRole('option')).toHaveCount(4);
  await dialog.getByRole('option').last().click();
  await expect(page.getByRole('grid', { name: /what each event does/ })).toBeVisible();
});
