import { looking } from './looking';
import { expectStep, openRun, whereAmI } from './shell';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

/** Keys there and back, and what stands at both ends. */
const ways = [
  ['step', 'j', 'k'],
  ['act', 'Shift+J', 'Shift+K'],
  ['exit', ']x', '[x'],
  ['filter hit', ']h', '[h'],
] as const;

looking('each kind of place is reached both ways by its key', async ({ page }) => {
  await openRun(page, '#/s/psc-batch?r=linux-7.2&k=0');
  await page.keyboard.press('f');
  await expect(page.getByRole('combobox', { name: 'filter' })).toBeFocused();
  await page.keyboard.type('exits.count');
  await expect(page.locator('#filter-says')).toHaveText(/^\d+ of \d+ steps$/);
  await page.locator('#view').focus();
  const press = async (keys: string): Promise<number> => {
    for (const key of keys.startsWith('Shift') ? [keys] : keys) await page.keyboard.press(key);
    return (await whereAmI(page)).step;
  };
  for (const [kind, on, back] of ways) {
    await page.keyboard.press('g');
    await page.keyboard.press('g');
    await expectStep(page, 0);
    const first = await press(on);
    const second = await press(on);
    expect(first, kind).toBeGreaterThan(0);
    expect(second, kind).toBeGreaterThan(first);
    expect(await press(back), kind).toBe(first);
  }
});

test('findings are reached both ways', { tag: '@long' }, async ({ page }) => {
  await openRun(page, '#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2&k=0');
  await page.keyboard.press(']');
  await page.keyboard.press('f');
  await expect.poll(async () => (await whereAmI(page)).step).toBeGreaterThan(0);
  const first = (await whereAmI(page)).step;
  await page.keyboard.press(']');
  await page.keyboard.press('f');
  await expect.poll(async () => (await whereAmI(page)).step).toBeGreaterThan(first);
  await page.keyboard.press('[');
  await page.keyboard.press('f');
  await expectStep(page, first);
});

looking('the rail shows acts, exits and notes, and comes closer by key', async ({ page }) => {
  await openRun(page, '#/s/psc-batch?r=linux-7.2&k=30');
  const rail = page.getByRole('slider', { name: 'Position in the run' });
  await expect(rail.locator('.exit').first()).toBeAttached();
  await expect(rail.locator('.tick').first()).toBeAttached();
  await rail.focus();
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await expect(rail.locator('circle:not(.now)').first()).toBeAttached();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  const { step, of } = await whereAmI(page);
  expect(step).toBe(of - 1);
  for (let i = 0; i < 8; i++) await page.keyboard.press('-');
  await expect(rail.locator('.tick').first()).toBeAttached();
});
