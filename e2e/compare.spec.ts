import { expectAxeClean } from './axe';
import { looking } from './looking';
import { expectStep, listen, openRun, shownStep, stepNow, whereAmI } from './shell';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

const pair = '#/s/ap-create-on-init-then-create?r=linux-7.2,as-reviewed';

looking('D, n, N and x go where two kernels part, by keyboard alone', async ({ page }) => {
  await openRun(page, pair);
  await page.keyboard.press('g');
  await page.keyboard.press('g');
  await expectStep(page, 0);
  const heard = await listen(page);
  await page.keyboard.press('D');
  await expect(shownStep(page)).toHaveAttribute('data-split', 'true');
  const { step: first } = await whereAmI(page);
  await expect.poll(async () => (await heard()).at(-1)).toMatch(/they differ\. A: .+; B: /);
  await page.keyboard.press('n');
  await stepNow(page).toBeGreaterThan(first);
  await page.keyboard.press('N');
  await expectStep(page, first);

  const tags = page.getByRole('button', { name: /^Profiles/ });
  await expect(tags).toContainText(/Alinux-7\.2.*Bas-reviewed.*never existed as code/);
  await page.keyboard.press('x');
  await expect(tags).toContainText(/Aas-reviewed.*Blinux-7\.2/);
  await page.keyboard.press('D');
  await expectStep(page, first);
});

test('d shows A alone and compares again, at the same step of A', { tag: '@long' }, async ({ page }) => {
  await openRun(page, `${pair}&k=90`);
  const both = await whereAmI(page);
  await page.keyboard.press('d');
  await expect(page.locator('[data-split]')).toHaveCount(0);
  const alone = await whereAmI(page);
  expect(alone.of).toBeLessThanOrEqual(both.of);
  await page.keyboard.press('d');
  await expect.poll(() => whereAmI(page)).toEqual(both);
});

looking('the inspector tells field by field what differs, and which facet decided', async ({ page }) => {
  await openRun(page, pair);
  await page.keyboard.press('D');
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByRole('heading', { name: 'Different from here on' })).toBeVisible();
  await expect(inspector.getByRole('row', { name: /v1\.creation/ }).first()).toContainText('createdOnInit');
  const why = inspector.locator('.facet', { hasText: 'ap.doubleCreate' });
  await expect(why).toContainText('◆');
  await expect(why).toContainText('replace');
  await expect(why).toContainText('reject');
  await expect(inspector.locator('.passed')).toContainText('ap.gpaCheck');
  await expectAxeClean(page);
});

test('drawings and tables of two kernels are clean for axe', { tag: '@long' }, async ({ page }) => {
  await openRun(page, '#/s/psc-batch?r=v14,linux-7.2');
  await page.keyboard.press('D');
  for (const [keys, view] of [
    ['gl', 'Ladder'],
    ['gp', 'Pages'],
    ['gm', 'Machines'],
    ['gr', 'Exits'],
  ] as const) {
    for (const key of keys) await page.keyboard.press(key);
    await expect(page.getByRole('tabpanel', { name: view })).not.toContainText('Loading');
    await expectAxeClean(page);
    await page.keyboard.press('t');
    await expectAxeClean(page);
    await page.keyboard.press('t');
  }
});

looking('the table has one row for each group of a row that differs', async ({ page }) => {
  await openRun(page, pair);
  await page.keyboard.press('D');
  await page.keyboard.press('t');
  const rows = page.locator('tr[aria-current=step]');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('A');
  await expect(rows.last()).toContainText('B');
  await page.keyboard.press('t');
  await expect(rows).toHaveCount(0);
});

test('exits hold the fields of kvm_run against each other', { tag: '@long' }, async ({ page }) => {
  await openRun(page, '#/s/psc-batch?r=v14,linux-7.2');
  for (const key of ['G', 'g', 'r']) await page.keyboard.press(key);
  await expect(page.getByRole('table', { name: 'Fields of kvm_run in each run' })).toBeVisible();
  const list = page.getByRole('table', { name: 'Returns of KVM_RUN' });
  await list
    .getByRole('button', { name: /A VMGEXIT.*B HYPERCALL/ })
    .first()
    .click();
  await expect(page.getByRole('row', { name: /◆ exitReason/ })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Bytes that differ' })).toBeVisible();
});

looking('nine kernels stay readable: equal rows once, groups with their letters', async ({ page }) => {
  await openRun(
    page,
    '#/s/ap-create-on-init-then-create?r=part2-v4,as-reviewed,part2-v5,v11,v14,linux-6.11,linux-6.12,linux-6.17,linux-7.2',
  );
  await page.keyboard.press('D');
  await expect(shownStep(page)).toHaveAttribute('data-split', 'true');
  const sentence = await shownStep(page).locator('.visually-hidden').textContent();
  for (const letter of 'ABCDEFGHI') expect(sentence).toContain(letter);
  await expectAxeClean(page);
});

looking(
  'the panel composes an ABI of one facet, says what it changes, and the link carries it',
  async ({ page }) => {
    await openRun(page, '#/s/ap-create-on-init-then-create?r=linux-7.2,linux-6.12');
    await page.keyboard.press('p');
    const panel = page.getByRole('dialog', { name: 'Profiles' });
    await panel.getByLabel('Find a facet').fill('ap.doubleCreate');
    await expect(panel.getByText('1 facets')).toBeVisible();
    await panel.locator('summary', { hasText: 'ap.doubleCreate' }).click();
    await panel.getByRole('radio', { name: /^reject/ }).check();
    await expect(panel.getByText(/of \d+ steps of this scenario differ/)).toBeVisible();
    await expect(panel.locator('p.spec')).toHaveText('linux-7.2:ap.doubleCreate=reject');
    await expectAxeClean(page);
    await page.keyboard.press('Escape');
    await expect(page).toHaveURL(/r=linux-7\.2:ap\.doubleCreate=reject,linux-6\.12/);
    await page.reload();
    await expect(page.getByRole('button', { name: /^Profiles/ })).toContainText('linux-7.2:ap.double');
    await page.keyboard.press('D');
    await expect(shownStep(page)).toHaveAttribute('data-split', 'true');
  },
);

looking('a profile that nobody knows is left out, with the nearest name', async ({ page }) => {
  await openRun(page, '#/s/linux-boot?r=linux-7.9,linux-7.2');
  await expect(page.locator('.notice')).toContainText(/linux-7\.9.*linux-7\.2/);
});

test('the front page asks, plays and tells what each kernel did; then it is out of the way', async ({
  page,
}) => {
  await openRun(page, '');
  const strip = page.getByRole('region', { name: 'A question to begin with' });
  await expect(strip.getByRole('heading')).toContainText('already waiting to be created');
  await expectAxeClean(page);
  await strip.getByRole('button', { name: 'The guest gets an error' }).click();
  const answer = strip.getByRole('status');
  await expect(answer).toContainText(/part2-v4, linux-7\.2: the second VMSA replaces the first/);
  await expect(answer).toContainText(/as-reviewed: the guest gets an error/);
  await expect(answer).toContainText('So does as-reviewed.');
  await page.keyboard.press('g');
  await page.keyboard.press('g');
  await expect(strip).toHaveCount(0);
});

test('j on the front page plays it too', { tag: '@long' }, async ({ page }) => {
  await openRun(page, '');
  const { step } = await whereAmI(page);
  await expect(page.getByRole('region', { name: 'A question to begin with' })).toBeVisible();
  await page.keyboard.press('j');
  await stepNow(page).toBeGreaterThan(step + 1);
});
