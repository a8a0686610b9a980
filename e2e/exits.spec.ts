import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from './test';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** At its end: a link beyond the last step opens there. */
const scenario = './#/s/seed-07-psc-three-runs?v=exits&k=999';

test('every return of KVM_RUN is listed, and choosing one goes to its step', async ({ page }) => {
  await page.goto(scenario);
  const list = page.getByRole('table', { name: 'Returns of KVM_RUN' });
  const links = list.getByRole('button');
  await expect(links).toHaveCount(3);
  const step = await links.first().textContent();
  await links.first().click();
  await expect(page.getByText(new RegExp(`^step ${step} of \\d+$`))).toBeVisible();
  await expect(list.locator('[aria-current="true"]')).toHaveText(step ?? '');
});

test('fields and bytes point at each other', async ({ page }) => {
  await page.goto(scenario);
  await page.getByRole('button', { name: 'args[0]' }).focus();
  const grid = page.getByRole('grid', { name: 'Bytes of the union' });
  await expect(grid.locator('.lit')).toHaveCount(8);
  await grid.locator('[data-offset="32"]').focus();
  await expect(page.getByRole('row', { name: /^nr 32/ })).toHaveClass(/lit/);
  await page.keyboard.press('ArrowDown');
  await expect(grid.locator('[data-offset="48"]')).toBeFocused();
});

test('bytes that this exit did not write are marked', async ({ page }) => {
  await page.goto(scenario);
  const grid = page.getByRole('grid', { name: 'Bytes of the union' });
  await expect(grid.locator('[data-offset="32"]')).toHaveAttribute('data-origin', /written|same/);
  await expect(grid.locator('[data-offset="64"]')).toHaveAttribute('data-origin', 'blank');
});

for (const theme of ['light', 'dark'])
  test(`axe finds nothing in the exits in ${theme}`, async ({ page }) => {
    await page.goto(`${scenario}&theme=${theme}`);
    await expect(page.getByRole('grid', { name: 'Bytes of the union' })).toBeVisible();
    await page.evaluate(axeSource);
    const found = await page.evaluate(async () => {
      interface Axe {
        run(root: string): Promise<{ violations: { id: string }[] }>;
      }
      return (await (window as unknown as { axe: Axe }).axe.run('.exits')).violations.map(({ id }) => id);
    });
    expect(found).toEqual([]);
  });
