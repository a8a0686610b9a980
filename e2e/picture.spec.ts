import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectStep, openRun } from './shell';
import { expect, test } from './test';

const run = '#/s/psc-batch?r=linux-7.2';

async function saved(page: Page, button: string): Promise<{ name: string; path: string; bytes: Buffer }> {
  await page.keyboard.press('Shift+E');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  const file = await download;
  const path = await file.path();
  return { name: file.suggestedFilename(), path, bytes: await readFile(path) };
}

/** The size that an SVG alone has in an <img>, and how many colours its pixels have. */
async function drawnAlone(
  page: Page,
  svg: string,
): Promise<{ width: number; height: number; colours: number }> {
  const alone = await page.context().newPage();
  try {
    await alone.goto('about:blank');
    return await alone.evaluate(async (base64) => {
      const image = new Image();
      image.src = `data:image/svg+xml;base64,${base64}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.width;
      canvas.height = Math.min(image.height, 2000);
      const context = canvas.getContext('2d');
      context?.drawImage(image, 0, 0);
      const { data } = context?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
      const colours = new Set<string>();
      for (let i = 0; i < data.length; i += 4 * 7) colours.add([data[i], data[i + 1], data[i + 2]].join());
      return { width: image.width, height: image.height, colours: colours.size };
    }, Buffer.from(svg).toString('base64'));
  } finally {
    await alone.close();
  }
}

for (const [form, least] of [
  ['Ladder', 900],
  ['Pages', 500],
  ['Machine', 300],
] as const)
  test(
    `the ${form} is saved as SVG that stands alone, and dropped on the page it opens the scenario`,
    { tag: form === 'Machine' ? [] : '@long' },
    async ({ page }) => {
      await openRun(page, `${run}&k=40&p=djAuZXhpdA`); // v0.exit
      const file = await saved(page, `Save ${form} as SVG`);
      const svg = file.bytes.toString('utf8');
      expect(file.name).toMatch(/^[a-z0-9-]+\.svg$/);
      expect(svg).toContain('<title');
      expect(svg).toContain('<desc');
      expect(svg).not.toMatch(/var\(|href=|<script|@import/);
      const drawn = await drawnAlone(page, svg);
      expect(drawn.width).toBeGreaterThan(least);
      expect(drawn.colours).toBeGreaterThan(3);
      await page.goto('./#/s/linux-boot');
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Linux boots/);
      await page.locator('input[type=file]').setInputFiles(file.path);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^A batch of page state changes/);
      await expectStep(page, 40);
      await expect(page.getByRole('list', { name: 'Pinned values' })).toContainText('v0.exit');
      await expect(page.locator('body > svg, main svg title#title')).toHaveCount(0);
    },
  );

test('a picture is saved as PNG', { tag: '@long' }, async ({ page }) => {
  await openRun(page, run);
  const { bytes, name } = await saved(page, 'Save Machine as PNG');
  expect(name).toMatch(/\.png$/);
  expect([...bytes.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  expect(bytes.readUInt32BE(16)).toBeGreaterThan(600);
});

test('the matrix is saved as it is shown, and its picture leads back to it', async ({ page }) => {
  await page.goto('./#/m/vcpu?r=linux-7.2');
  await expect(page.getByRole('gridcell').first()).toBeVisible();
  await expect(page.getByRole('progressbar')).toHaveCount(0, { timeout: 60_000 });
  const { path, bytes } = await saved(page, 'Save Matrix as SVG');
  expect(bytes.toString('utf8')).toContain('#/m/vcpu');
  await openRun(page, run);
  await page.locator('input[type=file]').setInputFiles(path);
  await expect(page).toHaveURL(/#\/m\/vcpu/);
});

test('an SVG of somebody else is refused with a sentence, and nothing of it is shown', async ({ page }) => {
  await openRun(page, run);
  await page.locator('input[type=file]').setInputFiles({
    name: 'evil.svg',
    mimeType: 'image/svg+xml',
    buffer: Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" onload="window.evil=1"><script>window.evil=1</script></svg>',
    ),
  });
  await expect(page.locator('.notice')).toContainText('evil.svg: This SVG is no picture of this page');
  expect(await page.evaluate(() => (window as { evil?: number }).evil)).toBeUndefined();
});
