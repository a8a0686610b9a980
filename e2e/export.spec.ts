import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectAxeClean } from './axe';
import { openRun } from './shell';
import { expect, test } from './test';

/** What Mermaid itself, in this browser, takes a source for. */
async function diagramTypeOf(page: Page, source: string): Promise<string> {
  const reader = await page.context().newPage();
  try {
    await reader.goto('about:blank');
    await reader.addScriptTag({ path: 'node_modules/mermaid/dist/mermaid.min.js' });
    return await reader.evaluate(async (text) => {
      const { mermaid } = window as unknown as {
        mermaid: { parse(text: string): Promise<{ diagramType: string }> };
      };
      return (await mermaid.parse(text)).diagramType;
    }, source);
  } finally {
    await reader.close();
  }
}

const apCreate = '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2';

test('what is shown is copied in a form that others read, by keyboard', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openRun(page, apCreate);
  await page.keyboard.press('Shift+E');
  const dialog = page.getByRole('dialog', { name: 'Export' });
  await expect(dialog.getByRole('row')).toHaveCount(8 + 4);
  await expectAxeClean(page);
  await dialog.getByRole('button', { name: 'Copy Short mail' }).focus();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(page.locator('.status')).toContainText('Short mail copied');
  const mail = await page.evaluate(() => navigator.clipboard.readText());
  expect(mail.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  expect(mail).toContain('#/s/ap-create-on-init-then-create');
});

test('what is shown is saved: Mermaid, trace events, exits, a recording that the page opens again', async ({
  page,
}) => {
  await openRun(page, '#/s/psc-batch?r=linux-7.2');
  const saved = async (name: string): Promise<{ name: string; path: string; text: string }> => {
    await page.keyboard.press('Shift+E');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `Save ${name}` }).click();
    const file = await download;
    const path = await file.path();
    return { name: file.suggestedFilename(), path, text: await readFile(path, 'utf8') };
  };
  const mermaid = await saved('Mermaid');
  expect(await diagramTypeOf(page, mermaid.text)).toBe('sequence');
  await expect(diagramTypeOf(page, mermaid.text.replace('->>', '->>>>'))).rejects.toThrow(/Parse error/);
  const trace: unknown = JSON.parse((await saved('Trace events')).text);
  expect(trace).toHaveProperty('traceEvents');
  const csv = await saved('CSV of exits');
  expect(csv.text).toContain('KVM_EXIT_HYPERCALL');
  expect(csv.name).toMatch(/\.csv$/);
  const recording = await saved('Recording');
  expect(recording.name).toMatch(/\.ghcb\.jsonl$/);
  await page.goto('./#/s/linux-boot');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Linux boots/);
  await page.locator('input[type=file]').setInputFiles(recording.path);
  await expect(page.locator('.notice')).toContainText('comes to the same in every step');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^A batch of page state changes/);
});

test('a run is printed: its ladder in pictures that no page break cuts, rules with sources, and nothing of the page', async ({
  page,
}) => {
  await openRun(page, '#/s/psc-batch?r=linux-7.2&theme=dark');
  await page.evaluate(() => {
    // No dialog of the browser: the sheet stays to be looked at.
    window.print = () => undefined;
  });
  await page.keyboard.press('Shift+E');
  await page.getByRole('button', { name: 'Print a handout' }).press('Enter');
  await expect(page.locator('#handout')).toBeAttached();
  await expect(page.locator('#handout')).toBeHidden();
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('heading', { name: /^A batch of page state changes/ })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Rules and their sources' })).toBeVisible();
  await expect(page.getByRole('toolbar')).toBeHidden();
  expect(await page.locator('#handout img').count()).toBeGreaterThan(3);
  const pdf = await page.pdf({ format: 'A4' });
  const sheets = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  expect(sheets).toBeGreaterThan(3);
  expect(sheets).toBeLessThan(20);
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  await page.emulateMedia({ media: 'screen' });
  await expect(page.locator('#handout')).toHaveCount(0);
  await expect(page.getByRole('toolbar').first()).toBeVisible();
});
