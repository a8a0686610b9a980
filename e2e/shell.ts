import { deflateRawSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { expect } from './test';

/** What a page shows between two tests that share it. */
const BETWEEN = 'Between two tests';
const between = `#/x/1.${deflateRawSync(
  Buffer.from(`ghcb-scenario 1\ntitle   ${BETWEEN}\nprofile linux-7.2\nend ghcb-scenario\n`),
).toString('base64url')}?v=ladder`;
const heading = (page: Page) => page.getByRole('heading', { level: 1 });

/** Leaves what the page shows, so that the next test waits for what it opens itself. */
export async function openBetween(page: Page): Promise<void> {
  await page.goto(`./${between}`);
  await expect(heading(page)).toHaveText(BETWEEN);
}

/** Opens an address of the page and waits until its run is shown. */
export async function openRun(page: Page, address: string): Promise<void> {
  await page.goto(`./${address}`);
  // A frame may have no heading.
  await expect(heading(page).filter({ hasText: BETWEEN })).toHaveCount(0);
  await expect(page.getByRole('option').first()).toBeAttached();
  await expect(page.getByRole('tab', { name: 'Fields' })).toBeVisible();
}

/** `step 12 of 280`, as numbers. */
export async function whereAmI(page: Page): Promise<{ step: number; of: number }> {
  const text = await page.getByText(/^step \d+ of \d+$/).innerText();
  const [, step, of] = /step (\d+) of (\d+)/.exec(text) ?? [];
  return { step: Number(step), of: Number(of) };
}

/** Waits until the page stands at a step. */
export const expectStep = (page: Page, step: number): Promise<void> =>
  expect(page.getByText(/^step \d+ of \d+$/)).toHaveText(new RegExp(`^step ${step} of`));

/** The steps of the run shown, to be asked until they are as expected. */
export const stepCount = (page: Page) => expect.poll(async () => (await whereAmI(page)).of);

/** The step shown, to be asked until it is as expected. */
export const stepNow = (page: Page) => expect.poll(async () => (await whereAmI(page)).step);

/** What the row of the step shown says. */
export const sentenceOf = (page: Page): Promise<string> =>
  shownStep(page)
    .locator('.visually-hidden')
    .evaluate((element) => element.textContent ?? '');

/** The step shown, as a screen reader hears it. */
export const shownStep = (page: Page) => page.locator('[role=option][aria-selected=true]');

/** What Enter would take in the dialog that is open. */
export const chosen = (page: Page) => page.getByRole('dialog').getByRole('option', { selected: true });

/** Collects what the live region says from now on. @returns what gives it */
export async function listen(page: Page): Promise<() => Promise<string[]>> {
  const region = page.locator('[aria-live=polite]');
  const heard = await region.evaluateHandle((element) => {
    const sentences: string[] = [];
    new MutationObserver(() => sentences.push(element.textContent ?? '')).observe(element, {
      childList: true,
      characterData: true,
      subtree: true,
    });
    return sentences;
  });
  return () => heard.evaluate((sentences) => sentences);
}

/**
 * Keeps the answer to a request back.
 * @returns when it was asked for, and what lets the answer come and waits until the page has it
 */
export async function heldBack(page: Page, url: string) {
  let release = (): void => {};
  const late = new Promise<void>((resolve) => (release = resolve));
  await page.route(url, async (route) => {
    await late;
    await route.continue();
  });
  const asked = page.waitForRequest(url);
  const answer = async (): Promise<void> => {
    const answered = page.waitForResponse(url);
    release();
    await answered;
  };
  return { asked, answer };
}
