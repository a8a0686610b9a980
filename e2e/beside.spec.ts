/** Two texts side by side: a branch and the one it left, an edit and what it began as, a link, a recording. */
import { expectAxeClean } from './axe';
import { chosen, openRun, stepCount, stepNow, whereAmI } from './shell';
import { expect, test } from './test';

const apCreate = '#/s/ap-create-on-init-then-create';
const tags = '.profiles .tag';

test('a branch stands beside the one it left, from its row, by key and from the ask bar, and the link shows it', async ({
  page,
  context,
}) => {
  await openRun(page, `${apCreate}?k=94`);
  await page.keyboard.press('-');
  const branches = page.getByRole('region', { name: 'Branches' });
  await expect(branches.getByRole('button', { name: /^without ap-create/ })).toBeVisible();
  await branches.getByRole('button', { name: 'Compare with branch main' }).click();
  await expect(page.locator(tags)).toHaveText([/^A\s*without ap-create/, /^B\s*main/]);
  await expect(branches).toContainText('Beside it: main');
  await expect(page.locator('[data-split=true]').first()).toBeVisible();
  await expectAxeClean(page);
  await expect(page).toHaveURL(/[?&]b=x\/2\.[\w-]+/);
  const { step, of } = await whereAmI(page);

  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.locator(tags)).toHaveText([/^A/, /^B/]);
  await stepCount(other).toBe(of);
  await stepNow(other).toBe(step);

  for (const view of ['g p', 'g m', 'g r', 'g l']) {
    for (const key of view.split(' ')) await page.keyboard.press(key);
    await expect(page.locator('#view-panel')).not.toContainText('could not be loaded');
  }
  await page.keyboard.press('d');
  await expect(page).not.toHaveURL(/[?&]b=/);
  await page.keyboard.press('c');
  await expect(page).toHaveURL(/[?&]b=x\/2\./);
  await branches.getByRole('button', { name: 'Show the branch alone' }).click();
  await expect(page).not.toHaveURL(/[?&]b=/);
  await page.keyboard.press('/');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type('compare branch main');
  await expect(chosen(page)).toContainText('Compare with branch main');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/[?&]b=x\/2\./);
});

test(
  'what is shown is compared with what a pasted link shows, under its profile',
  { tag: '@long' },
  async ({ page, baseURL }) => {
    await openRun(page, `${apCreate}?r=linux-7.2`);
    await page.keyboard.press('/');
    await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
    await page.keyboard.insertText(`${baseURL ?? ''}#/s/ap-1-create-twice?r=part2-v4`);
    await expect(chosen(page)).toContainText('Compare with what this link shows');
    await page.keyboard.press('Enter');
    await expect(page.locator(tags)).toHaveText([/main, linux-7\.2/, /ap-1-create-twice, part2-v4/]);
    await expect(page).toHaveURL(/[?&]b=x\/2\.[\w-]+&rb=part2-v4/);
  },
);

test('an act is changed and moved in branches, by key and by mouse, and each is undone and done again', async ({
  page,
}) => {
  await openRun(page, `${apCreate}?k=94`);
  const { of } = await whereAmI(page);
  const branches = page.getByRole('region', { name: 'Branches' });
  await page.keyboard.press('=');
  await expect(page.getByRole('dialog', { name: 'Change this act' }).getByRole('textbox')).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('v0 nmi target=1');
  await page.keyboard.press('Enter');
  await expect(branches.getByRole('button', { name: /^other ap-create/ })).toBeVisible();
  await expect.poll(async () => (await whereAmI(page)).of).not.toBe(of);
  await page.keyboard.press('u');
  await expect(branches.getByRole('button', { name: /^other ap-create/ })).toHaveCount(0);
  await stepCount(page).toBe(of);
  await page.keyboard.press('U');
  await expect(branches.getByRole('button', { name: /^other ap-create/ })).toBeVisible();
  await branches.getByRole('button', { name: 'main', exact: true }).click();
  await stepCount(page).toBe(of);
  await branches.getByRole('button', { name: 'earlier' }).click();
  await expect(branches.getByRole('button', { name: /earlier$/, exact: false }).first()).toBeVisible();
  await expect(page.getByText(/^branch .* earlier$/)).toBeVisible();
  await expectAxeClean(page);
});

test('an act that became impossible is named with the reason', { tag: '@long' }, async ({ page }) => {
  // The step in which INIT and SIPI are sent; without them the second vCPU never comes to its hold.
  await openRun(page, '#/s/ap-1-create-twice?r=linux-7.2&k=69');
  await page.keyboard.press('-');
  await expect(page.locator('.notice')).toContainText(/not possible any more.*v1 hold/);
});

test('a recording from the list is shown, and an old one stands beside a new one', async ({ page }) => {
  await openRun(page, '#/r/termination');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Termination/);
  await expect(page.locator('.notice')).toHaveCount(0);
  await expect(page).toHaveURL(/#\/r\/termination/);
  await page.keyboard.press('/');
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.type('old kernel against new');
  await expect(chosen(page)).toContainText('An old kernel against a new one');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/r\/create-twice-old.*b=r\/create-twice-new/);
  await expect(page.locator(tags)).toHaveText([/part2-v4/, /linux-7\.2/]);
});

test(
  'a recording that was changed shows what was recorded beside what this build does',
  { tag: '@long' },
  async ({ page }) => {
    await openRun(page, apCreate);
    const text = await page.evaluate(async () =>
      (await fetch('recordings/conversion-storm.ghcb.jsonl')).text(),
    );
    const changed = text.replace(
      '"move":"pscAnswer","vcpu":0,"args":{"result":"0x0"',
      '"move":"pscAnswer","vcpu":0,"args":{"result":"0x777"',
    );
    expect(changed).not.toBe(text);
    const file = (body: string) => ({ name: 'theirs.ghcb.jsonl', mimeType: '', buffer: Buffer.from(body) });
    await page.locator('input[type=file]').setInputFiles(file(changed));
    await expect(page.locator('.notice')).toContainText('comes out otherwise here');
    await expect(page.locator(tags)).toHaveText([/this build/, /as recorded/]);
    await expect(page.locator('#view-panel')).toContainText('0x777');
    await page.locator('input[type=file]').setInputFiles(file(text.slice(0, text.length >> 1)));
    await expect(page.locator('.notice')).toContainText(/The file is damaged: line \d+/);
  },
);
