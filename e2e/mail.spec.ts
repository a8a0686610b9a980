import { parseScenario } from '../src/scenarios/parse';
import { openRun } from './shell';
import { expect, test } from './test';

test('M copies the whole mail, which gives the scenario back when it is quoted', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2');
  await page.keyboard.press('M');
  await expect(page.getByText(/Whole mail copied, \d+ lines/).first()).toBeVisible();
  const mail = await page.evaluate(() => navigator.clipboard.readText());
  const lines = mail.trimEnd().split('\n');
  expect(lines.filter((line) => line.length > 72 && !line.startsWith('<'))).toEqual([]);
  expect(mail).toMatch(/differs at step \d+/);
  const link = lines.find((line) => line.startsWith('<'));
  expect(link).toContain('r=part2-v4,linux-7.2');
  const quoted = lines.map((line) => `> ${line}`).join('\n');
  const parsed = parseScenario(quoted);
  expect(parsed.ok && parsed.scenario.lines.length > 10).toBe(true);
});

test('Y copies the answer in at most 25 lines: what differs, the facet with sources, the link', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,as-reviewed');
  await page.keyboard.press('Y');
  await expect(page.getByText(/^Mail copied, \d+ lines/).first()).toBeVisible();
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(lines.join('\n')).toMatch(/They differ at step \d+, v0 +ap-create/);
  expect(lines.join('\n')).toMatch(/Decided by ap\./);
  expect(lines.at(-1)).toMatch(/^<http.*r=part2-v4,as-reviewed/);
});

test('a mail that is pasted into the page, quoted twice, opens compared as it was sent', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openRun(page, '#/s/psc-batch?r=linux-6.11,linux-7.2');
  await page.keyboard.press('M');
  await expect(page.getByText(/Whole mail copied/).first()).toBeVisible();
  await page.evaluate(async () => {
    const mail = await navigator.clipboard.readText();
    await navigator.clipboard.writeText(mail.replace(/^/gm, '> > '));
  });
  await openRun(page, '');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/AP_CREATE/);
  await page.locator('body').press('Control+v');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/A batch of page state changes/);
  await expect(page.getByRole('button', { name: /Profiles/ })).toContainText('linux-6.11');
});
