import type { Page } from '@playwright/test';
import { expectAxeClean, expectAxeCleanInBoth } from './axe';
import { expect, test } from './test';

const screen = (page: Page) => page.locator('#lesson h2');

test('a lesson by keyboard: a wrong guess opens the step that refutes it, and the lesson is left', async ({
  page,
}) => {
  await page.goto('./#/l/page-changes-hands/1');
  await expect(screen(page)).toHaveText('Two backings and one table');
  await expect(page.getByText('✓').first()).toBeVisible();
  await expectAxeClean(page);

  await page.keyboard.press(']');
  await page.keyboard.press('s');
  await expect(screen(page)).toHaveText('The guest asks');
  await page.keyboard.press(']');
  await page.keyboard.press('s');
  await expect(screen(page)).toHaveText('Success, and nothing in the RMP');
  await expect(page).toHaveURL(/#\/l\/page-changes-hands\/3$/);

  // A wrong guess says what is so, and the step that refutes it is shown.
  const predict = page.getByRole('region', { name: 'Predict' });
  const before = await page.getByText(/^step \d+ of \d+$/).innerText();
  await predict.getByRole('button', { name: /^Guest-Invalid/ }).press('Enter');
  await expect(predict.getByRole('status')).toContainText('Not so. Under linux-7.2 it is Hypervisor');
  await expect(page.getByText(/^step \d+ of \d+$/)).not.toHaveText(before);
  await expectAxeClean(page);
  await predict.getByRole('button', { name: 'ask again' }).press('Enter');
  await predict.getByRole('button', { name: /^Hypervisor/ }).press('Enter');
  await expect(predict.getByRole('status')).toContainText('Right.');

  await page.keyboard.press('L');
  await expect(page.locator('#lesson')).toHaveCount(0);
});

test.describe('on a phone', () => {
  test.use({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    colorScheme: 'dark',
    reducedMotion: 'reduce',
  });

  test('a lesson is turned by touch, and stands above the run', async ({ page }) => {
    await page.goto('./#/l/ghcb-byte-by-byte/1');
    await expect(screen(page)).toHaveText('One MSR, two meanings');
    await expect(page.getByRole('region', { name: 'Predict' }).getByRole('button').first()).toBeVisible();
    await expectAxeClean(page);
    for (let at = 2; at <= 11; at++) {
      await page.getByRole('link', { name: /^Next/ }).tap();
      await expect(page.getByText(`screen ${at} of 11`)).toBeVisible();
    }
    await page.setViewportSize({ width: 320, height: 640 });
    await expect(page.locator('#lesson')).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    // Coming back counts at once, while the address still names the lesson.
    await page.getByRole('button', { name: 'Done: play freely' }).tap();
    await expect(page.locator('#lesson')).toHaveCount(0);
    await page.getByRole('button', { name: /^back to/ }).tap();
    await expect(page.getByText('screen 11 of 11')).toBeVisible();
    await page.keyboard.press('L');
    await expect(page.locator('#lesson')).toHaveCount(0);
    await page.keyboard.press('L');
    await expect(page.getByText('screen 11 of 11')).toBeVisible();
  });
});

test('the windows of audience and speaker stay in step, also when one is loaded again', async ({ page }) => {
  await page.goto('./#/l/thread-launch-finish/5');
  await expect(screen(page)).toHaveText('Trying again');
  const opened = page.waitForEvent('popup');
  await page.keyboard.press('P');
  const speaker = await opened;
  await expect(speaker.getByRole('heading', { name: 'Trying again' })).toBeVisible();
  await expect(speaker.getByText('Let the class argue first.', { exact: false })).toBeVisible();
  await expectAxeClean(speaker);
  await speaker.keyboard.press('r');
  await expect(page.getByRole('region', { name: 'Predict' }).getByRole('status')).toContainText('Right.');
  await speaker.keyboard.press('PageDown');
  await expect(screen(page)).toHaveText('Since 2026');
  await expect(page).toHaveURL(/\/6$/);
  const clock = speaker.getByLabel('Clock');
  await expect(clock).toContainText(/^\d\d:\d\d of 15:00/);
  await expect(speaker.getByRole('region', { name: 'Next screen' })).toContainText(
    'The two ends that were offered',
  );
  await expect(speaker.getByText(/^Step \d+ of \d+/)).toBeVisible();
  await page.reload();
  await speaker.reload();
  await expect(speaker.getByRole('heading', { name: 'Since 2026' })).toBeVisible();
  await page.keyboard.press('PageDown');
  await expect(speaker.getByRole('heading', { name: 'The two ends that were offered' })).toBeVisible();
  await page.keyboard.press('Q');
  await expect(page.getByRole('img', { name: /^QR code/ })).toBeVisible();
});

test('a lesson with mistakes lists them and shows the sound part; a link carries a lesson', async ({
  page,
}) => {
  await page.goto('./#/s/selftest');
  await expect(page.getByRole('option').first()).toBeAttached();
  const text =
    '---\ntitle: Mine\nprofile: linux-7.2\nscenario: selftest\nminutes: 3\n---\n\n## One\n\nSound words.\n\n```gotoo\nend\n```\n\n```goto\nafter nothing\n```\n';
  await page.evaluate((lesson) => {
    const data = new DataTransfer();
    data.setData('text/plain', lesson);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  }, text);
  await expect(page).toHaveURL(/#\/l\/x\/2\./);
  await expect(page.getByText('Sound words.')).toBeVisible();
  await expect(page.locator('#lesson')).toContainText("unknown block 'gotoo'; did you mean 'goto'?");
  await expect(page.locator('#lesson')).toContainText("no act of the scenario begins with 'nothing'");
  await expectAxeClean(page);
  await page.locator('input[type=file]').setInputFiles({
    name: 'mine.md',
    mimeType: 'text/markdown',
    buffer: Buffer.from(text.replace('Sound words.', 'Words of a file.')),
  });
  await expect(page.getByText('Words of a file.')).toBeVisible();
  await expect(page).toHaveURL(/#\/l\/x\/2\./);
  await page.goto('./#/l/no-such-lesson/1');
  await expect(page.getByText('There is no lesson called "no-such-lesson".').first()).toBeVisible();
});

test('a lesson is printed: screens with their ladders, notes for the speaker, sources, and the answers at the end', async ({
  page,
}) => {
  await page.goto('./#/l/thread-launch-finish/1');
  await expect(screen(page)).toHaveText('What LAUNCH_FINISH does');
  await page.evaluate(() => {
    // No dialog of the browser: the sheet stays to be looked at.
    window.print = () => document.body.setAttribute('data-printed', '');
  });
  await page.getByRole('button', { name: 'print', exact: true }).click();
  await expect(page.locator('body[data-printed]')).toBeAttached({ timeout: 60_000 });
  await page.emulateMedia({ media: 'print' });
  const paper = page.locator('#handout');
  await expect(paper.getByRole('heading', { level: 2 })).toHaveCount(10 + 1);
  await expect(paper.getByRole('img')).toHaveCount(10);
  await expect(paper.getByText('Let the class argue first.', { exact: false })).toBeVisible();
  await expect(paper.getByText('YPXPKLW8DvqK7yak@google.com', { exact: false }).first()).toBeVisible();
  // What a run gives stands with the answers and is no part of the question.
  await expect(paper.locator('.answers li').first()).toContainText('Guest-Valid');
  await expect(page.getByRole('toolbar')).toBeHidden();
  const pdf = await page.pdf({ format: 'A4' });
  const sheets = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  expect(sheets).toBeGreaterThan(4);
  expect(sheets).toBeLessThan(20);
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  await expect(paper).toHaveCount(0);
});

/** A screen of each kind: prose and a claim, a prediction with an aside, claims with an aside, a task, a comparison, a table. */
const kinds = [
  'snp-in-ten-minutes/1',
  'page-changes-hands/4',
  'page-changes-hands/5',
  'page-changes-hands/12',
  'thread-page-states/1',
  'thread-launch-finish/9',
] as const;

for (const [name, viewport] of [
  ['wide', { width: 1440, height: 900 }],
  ['at 200 %', { width: 720, height: 450 }],
  ['narrow', { width: 320, height: 640 }],
] as const)
  test(
    `every kind of screen is sound for everyone, ${name}`,
    { tag: name === 'wide' ? [] : '@long' },
    async ({ page }) => {
      test.setTimeout(600_000); // a dozen times axe
      await page.setViewportSize(viewport);
      await page.emulateMedia({ reducedMotion: 'reduce' });
      for (const [nth, kind] of kinds.entries()) {
        await page.goto(`./#/l/${kind}`);
        const [, at] = kind.split('/');
        await expect(page.getByText(new RegExp(`^screen ${at} of \\d+`))).toBeVisible();
        await expect(page.getByText('Running what is asked about…')).toHaveCount(0);
        await expect(page.getByText('Checking…')).toHaveCount(0);
        await expect(page.getByRole('option').first()).toBeAttached();
        await expectAxeCleanInBoth(page, nth % 2 === 0 ? 'dark' : 'light');
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
          viewport.width,
        );
      }
    },
  );
