/**
 * Every place of the page at every width, in light and dark, with forced colours and reduced motion: nothing lies outside
 * the screen, nothing scrolls sideways that does not say so, no text lies upon another, and axe finds nothing. The whole
 * grid runs in `npm run test:long`; `npm test` takes a part of it that is always the same.
 */
import type { Page } from '@playwright/test';
import { axeFindings } from './axe';
import { unreadable } from './boxes';
import { allVisits, fewVisits, goTo, openVisit, screens } from './places';
import { expect, test } from './test';

const isLong = process.env['VMGEXIT_LONG'] === '1';
const media = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'forced colours': { forcedColors: 'active' },
  'reduced motion': { reducedMotion: 'reduce' },
} as const;
const plain = { colorScheme: 'light', forcedColors: 'none', reducedMotion: 'no-preference' } as const;

/** Layout follows a new size in the next frames: what stands wrong is still wrong a little later. */
async function settled(page: Page): Promise<readonly string[]> {
  for (let look = 0; ; look++) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60))));
    const found = await unreadable(page);
    if (found.length === 0 || look === 3) return found;
  }
}

for (const visit of isLong ? allVisits : fewVisits) {
  test(`${visit.name}: readable at every width`, async ({ page }) => {
    if (isLong) test.setTimeout(1_200_000);
    const found: string[] = [];
    await page.setViewportSize(screens[0]);
    await openVisit(page, visit);
    for (const [nth, place] of visit.places.entries()) {
      await goTo(page, place);
      for (const [at, screen] of screens.entries()) {
        await page.setViewportSize(screen);
        const where = `${place.name}, ${screen.width} px`;
        found.push(...(await settled(page)).map((sentence) => `${where}: ${sentence}`));
        // The whole grid looks in every way at every width. A sample looks at each place in two of the ways, at two widths.
        const ways = Object.entries(media).filter(
          (_, way) => isLong || (way === at && (way + nth) % 2 === 0),
        );
        for (const [name, emulated] of ways) {
          await page.emulateMedia({ ...plain, ...emulated });
          found.push(...(await axeFindings(page)).map((one) => `${where}, ${name}: ${one}`));
        }
        await page.emulateMedia(plain);
      }
      await page.setViewportSize(screens[0]);
    }
    expect(found).toEqual([]);
  });
}
