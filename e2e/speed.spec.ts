/**
 * What a person waits for on the longest scenario under all generations. Measured in the long mode, in processor time of the
 * page's main thread between marks in the page: other programs that compete for the processor do not count.
 */
import type { Page } from '@playwright/test';
import { ALL_GENERATIONS } from './places';
import { rest, waits } from './tasks';
import { expect, test } from './test';

const OPENED_MILLISECONDS = 1_500;
const FRAME_MILLISECONDS = 1_000 / 60;
/** A letter that is typed must not be felt: a frame for it, a frame for the list. */
const LETTER_MILLISECONDS = 2 * FRAME_MILLISECONDS;
const STEPS = 20;
const QUESTION = 'what happens if AP_CREATE hits a vCPU that is created-on-init';

/** Marks in the page when a step and its inspector are drawn for the first time, and when a key is pressed. */
async function marks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const first = new MutationObserver(() => {
      const isDrawn = ['[role=option][aria-selected=true]', '#inspector [role=tab]'].every((part) =>
        document.querySelector(part),
      );
      if (!isDrawn) return;
      first.disconnect();
      requestAnimationFrame(() => performance.mark('opened'));
    });
    first.observe(document, { childList: true, subtree: true, attributeFilter: ['aria-selected'] });
    addEventListener('keydown', () => performance.mark('key'), true);
  });
}

/** Where others use the machine, three of four may be slow. */
const quarter = (times: readonly number[]): number => times[times.length >> 2] ?? Infinity;
const median = (times: readonly number[]): number => times[times.length >> 1] ?? Infinity;

test(
  'linux-boot under all generations: opened, a step drawn, a letter asked',
  { tag: '@long' },
  async ({ browser, page }) => {
    await marks(page);
    const opening = await waits(browser, async () => {
      await page.goto(`./#/s/linux-boot?r=${ALL_GENERATIONS}&k=335`);
      await expect(page.locator('[role=option][aria-selected=true]')).toBeAttached();
      await rest(page);
    });
    const opened = opening.markedAt('opened') ?? Infinity;
    const clock = await page.evaluate(() => performance.getEntriesByName('opened')[0]?.startTime ?? Infinity);

    const stepping = await waits(browser, async () => {
      for (let at = 0; at < STEPS; at++) {
        await page.keyboard.press('j');
        await rest(page);
      }
    });
    const step = stepping.untilDrawn('key');

    await page.keyboard.press('/');
    await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
    await rest(page);
    const asking = await waits(browser, () => page.keyboard.type(QUESTION, { delay: 60 }));
    const letter = asking.untilDrawn('key');

    const told = (times: readonly number[]): string =>
      `${quarter(times).toFixed(1)}, ${median(times).toFixed(1)}, ${(times.at(-1) ?? 0).toFixed(1)} ms`;
    console.log(
      `opened ${opened.toFixed(0)} ms (${clock.toFixed(0)} on the clock); quarter, median, most of ` +
        `${step.length} steps ${told(step)}, of ${letter.length} letters ${told(letter)}`,
    );
    expect(opened).toBeLessThanOrEqual(OPENED_MILLISECONDS);
    expect(step.length).toBeGreaterThan(STEPS / 2);
    expect(quarter(step)).toBeLessThanOrEqual(FRAME_MILLISECONDS);
    expect(letter.length).toBeGreaterThan(QUESTION.length / 2);
    expect(quarter(letter)).toBeLessThanOrEqual(LETTER_MILLISECONDS);
  },
);
