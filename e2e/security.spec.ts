import { openRun } from './shell';
import { expect, test } from './test';

test('page and server have a strict policy', async ({ page }) => {
  for (const file of ['index.html', 'inspector.html']) {
    const response = await page.goto(`./${file}`);
    const sent = response?.headers()['content-security-policy'] ?? '';
    const own = await page.locator('meta[http-equiv=Content-Security-Policy]').getAttribute('content');
    for (const policy of [sent, own ?? '']) {
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe/);
    }
    expect(response?.headers()['x-content-type-options']).toBe('nosniff');
  }
});

test.describe('what the policy refuses', () => {
  test.use({ expectedErrors: [/Content Security Policy|Trusted(?:HTML|Script)/] });

  test('a script, a style or markup that somebody brought in', async ({ page }) => {
    await openRun(page, '#/s/psc-batch');
    const done = await page.evaluate(() => {
      const script = document.createElement('script');
      let refused = false;
      try {
        script.textContent = 'window.broughtIn = true';
        document.head.append(script);
        document.body.insertAdjacentHTML('beforeend', '<i id="brought-in"></i>');
      } catch {
        refused = true;
      }
      const style = document.createElement('style');
      style.textContent = 'body { outline: 7px solid red }';
      document.head.append(style);
      return {
        refused,
        ran: 'broughtIn' in window,
        markup: document.getElementById('brought-in') !== null,
        outline: getComputedStyle(document.body).outlineWidth,
      };
    });
    expect(done).toMatchObject({ refused: true, ran: false, markup: false });
    expect(done.outline).not.toBe('7px');
  });
});

test('every view, the editor and the matrix work under the policy', async ({ page }) => {
  await openRun(page, '#/s/psc-batch?r=linux-7.2');
  for (const name of ['Pages', 'Machines', 'Exits', 'Decode', 'Ladder']) {
    await page.getByRole('tab', { name, exact: true }).click();
    await expect(page.locator('.wait')).toHaveCount(0);
  }
  await page.getByRole('tab', { name: 'Source', exact: true }).click();
  // The editor's own rules are there: lines do not wrap, the gutter has numbers beside them.
  await expect(page.locator('.cm-scroller')).toHaveCSS('display', 'flex');
  await page.getByRole('tab', { name: 'Matrix', exact: true }).click();
  await expect(page.getByText(/^\d+ of \d+ rows$/)).toHaveCount(0, { timeout: 120_000 });
});

test(
  'the page may save a file, and draw a picture of its own onto a canvas',
  { tag: '@long' },
  async ({ page }) => {
    await openRun(page, '#/s/psc-batch');
    const downloading = page.waitForEvent('download');
    await page.evaluate(() => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob(['{}'], { type: 'application/json' }));
      link.download = 'work.json';
      link.click();
    });
    expect((await downloading).suggestedFilename()).toBe('work.json');
    for (const scheme of ['blob', 'data'] as const) {
      const pixel: readonly number[] = await page.evaluate(async (kind) => {
        const style = '<style>rect { fill: rgb(1, 2, 3) }</style>';
        const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4">${style}<rect width="4" height="4"/></svg>`;
        const blob = new Blob([svg], { type: 'image/svg+xml' });
        const picture = new Image();
        picture.src =
          kind === 'blob' ? URL.createObjectURL(blob) : `data:image/svg+xml,${encodeURIComponent(svg)}`;
        await picture.decode();
        const canvas = document.createElement('canvas');
        const context = canvas.getContext('2d');
        context?.drawImage(picture, 0, 0);
        return [...(context?.getImageData(1, 1, 1, 1).data ?? [])];
      }, scheme);
      expect(pixel).toEqual([1, 2, 3, 255]);
    }
  },
);

test('the inspector hears the page that opened it and nobody else, and a flood is bounded', async ({
  page,
  context,
}) => {
  await openRun(page, '#/s/psc-batch');
  const opening = context.waitForEvent('page');
  await page.evaluate(() => void window.open('inspector.html', 'xstateinspector'));
  const inspector = await opening;
  await expect(inspector.getByText('Waiting for the page that opened this window')).toBeVisible();
  const definition = JSON.stringify({ states: { a: {} } });
  const actor = (name: string) => ({ type: '@xstate.actor', sessionId: name, name, definition });

  // Its own window, and a foreign origin in a frame of it: neither is the window that opened it.
  await inspector.evaluate((message) => window.postMessage(message, '*'), actor('own window'));
  await inspector.evaluate((message) => {
    const event = new MessageEvent('message', {
      data: message,
      origin: 'https://evil.example',
      source: window.opener as Window,
    });
    window.dispatchEvent(event);
  }, actor('foreign origin'));

  await page.evaluate((message) => {
    const target = window.open('', 'xstateinspector');
    for (let i = 0; i < 20_000; i++) {
      const name = `actor ${i}`;
      target?.postMessage({ ...message, sessionId: name, name }, location.origin);
    }
  }, actor(''));
  await expect(inspector.getByRole('button', { name: 'actor 0', exact: true })).toBeVisible();
  await inspector.waitForTimeout(1000);
  expect(await inspector.getByRole('button').count()).toBeLessThanOrEqual(200);
  await expect(inspector.getByText('own window')).toHaveCount(0);
  await expect(inspector.getByText('foreign origin')).toHaveCount(0);
});
