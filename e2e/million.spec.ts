/**
 * A run of a million steps: it opens while the page answers, and the ladder is never blank while it is scrolled. `npm test`
 * looks at fewer steps, the long run at a million.
 */
import { deflateRawSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { expectStep, shownStep, whereAmI } from './shell';
import { expect, test } from './test';

const isLong = process.env['VMGEXIT_LONG'] === '1';
const STEPS = isLong ? 990_000 : 10_000;
/** Ten seconds on a quiet machine, for a million. */
const OPENS_MILLISECONDS = 300_000;

const storm = `ghcb-scenario 1
title   A storm
profile linux-7.2
vm      vcpus=2 memory=4G
guest   storm
launch  standard
run     until=steps:${STEPS}
end ghcb-scenario
`;
const address = `#/x/1.${deflateRawSync(Buffer.from(storm), { level: 9 }).toString('base64url')}`;

/**
 * Scrolls the ladder to many places, a little, by pages and far, and looks at each frame before it is drawn.
 * @returns the greatest stretch of it, in pixels, in which there was no row, over all frames
 */
const greatestGap = (page: Page): Promise<number> =>
  page.getByRole('listbox', { name: 'Steps' }).evaluate(async (ladder) => {
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    const most = ladder.scrollHeight - ladder.clientHeight;
    const places = Array.from({ length: 60 }, (_, i) => {
      if (i < 20) return i * 40;
      if (i < 40) return Math.min(most, 800 + (i - 20) * ladder.clientHeight);
      return (most * ((i * 7919) % 997)) / 997;
    });
    let gap = 0;
    for (const place of [...places, most]) {
      ladder.scrollTop = place;
      await frame();
      const { top, bottom } = ladder.getBoundingClientRect();
      const heads = ladder.querySelector('.heads')?.getBoundingClientRect().bottom ?? top;
      const rows = [...ladder.querySelectorAll('[role=option]')]
        .map((row) => row.getBoundingClientRect())
        .sort((a, b) => a.top - b.top);
      let covered = heads;
      for (const row of rows) {
        if (row.top < bottom) gap = Math.max(gap, row.top - covered);
        covered = Math.max(covered, row.bottom);
      }
      gap = Math.max(gap, bottom - covered);
    }
    return gap;
  });

/** An act's line and what stands below the last row. */
const LEAST_GAP = 60;

test(`a run of ${STEPS} steps opens, jumps and scrolls without a blank frame`, async ({ page }) => {
  test.setTimeout(2 * OPENS_MILLISECONDS);
  await page.goto(`./${address}`);
  await expect(page.getByRole('option').first()).toBeAttached({ timeout: OPENS_MILLISECONDS });
  await expect(page.locator('.job')).toHaveCount(0);
  await expect(page.locator('.notice')).toHaveCount(0);
  const { of } = await whereAmI(page);
  expect(of).toBeGreaterThan(STEPS);

  await page.keyboard.press('G');
  await expectStep(page, of);
  await expect(shownStep(page)).toBeInViewport();
  await expect(shownStep(page)).toHaveAttribute('aria-posinset', String(of));
  const middle = Math.floor(of / 2);
  await page.keyboard.type(`${middle}G`);
  await expectStep(page, middle);
  await expect(shownStep(page)).toBeInViewport();
  await page.keyboard.press(']');
  await page.keyboard.press('x');
  await expect(shownStep(page)).toHaveAccessibleName(/KVM to VMM/);
  expect(await greatestGap(page)).toBeLessThan(LEAST_GAP);

  // The rail draws as many marks as it has room for, however many steps there are.
  const marks = page.getByRole('slider', { name: 'Position in the run' }).locator('svg > *');
  expect(await marks.count()).toBeLessThan(1000);
  await page.getByRole('slider', { name: 'Position in the run' }).press('Home');
  await expectStep(page, 0);
});
