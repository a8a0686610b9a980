import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expectAxeCleanInBoth } from './axe';
import { openRun, shownStep } from './shell';
import { expect, test } from './test';

const threads = '#/s/explore-threads?v=explore';
const result = (page: Page) => page.getByRole('region', { name: /^Under / });

test('a scope is searched, and a violation opens on the timeline at its step, by keyboard', async ({
  page,
}) => {
  await openRun(page, '#/s/explore-threads');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  const row = result(page).getByRole('row', { name: /WaitEnds/ });
  await expect(row).toContainText('broken in 2 acts');
  await expect(row).toContainText('vmm launch-finish');
  await expect(result(page)).toContainText('Every state was looked at.');
  await row.getByRole('button', { name: 'Timeline' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('heading', { name: /WaitEnds: 2 acts/ })).toBeVisible();
  await expect(page.getByRole('option', { selected: true })).toBeVisible();
});

test('the same way stands beside other kernels', async ({ page }) => {
  await openRun(page, '#/s/explore-threads');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  const row = result(page).getByRole('row', { name: /WaitEnds/ });
  await row.getByRole('button', { name: 'Beside other kernels' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: /WaitEnds: 2 acts/ })).toBeVisible();
  await expect(page).toHaveURL(/#\/x\//);
});

test('a scenario without a scope says what one is', { tag: '@long' }, async ({ page }) => {
  await openRun(page, '#/s/psc-batch');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await expect(page.getByRole('heading', { name: 'Nothing to explore' })).toBeVisible();
});

test('a scope goes to SPIN and a trail of it comes back as a scenario, by keyboard', async ({ page }) => {
  await page.goto('./#/s/explore-ap?v=explore&r=linux-7.2');
  await page.getByText('For SPIN', { exact: true }).press('Enter');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the Promela model' }).press('Enter');
  const file = await (await saved).path();
  expect(readFileSync(file, 'utf8')).toContain('#define VCPUS 2\n');
  await expect(page.getByText(/^The model (covers|does not cover) /)).toBeVisible();
  const trail = page.getByLabel(/^A trail of SPIN/);
  const open = page.getByRole('button', { name: 'Open the trail as a scenario' });
  await trail.fill('act guest fly vcpu=1');
  await open.press('Enter');
  await expect(page.getByRole('alert')).toContainText(
    "line 1: 'guest fly vcpu=1' is no act of this scenario",
  );
  const created = 'act guest create vcpu=1 page=1';
  await trail.fill(
    `${created}\n${created}\nspin: text of failed assertion: assert(((4!=4)||(!(created[_pid]))))`,
  );
  await open.press('Enter');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('heading', { name: 'NoDoubleCreate', exact: false })).toBeVisible();
});

test('the search is clean for axe', async ({ page }) => {
  await page.goto(`./${threads}`);
  await expect(result(page)).toContainText('Every state was looked at.');
  await page.getByText('For SPIN', { exact: true }).press('Enter');
  await expect(page.getByLabel(/^A trail of SPIN/)).toBeVisible();
  await expectAxeCleanInBoth(page);
});

test('a result is kept over a reload, with its date, and is searched anew when it is asked for', async ({
  page,
}) => {
  await page.goto(`./${threads}`);
  await expect(result(page)).toContainText('Every state was looked at.');
  await expect(page.getByRole('heading', { name: 'States of the last search' })).toBeVisible();
  const earlier = page.getByText(/^From an earlier search, \d+ \w+ \d{4}/);
  await expect(earlier).toBeHidden();
  await expect.poll(() => keptResults(page)).toBe(1);
  // Nothing is searched now.
  await page.route('**/explore.worker-*.js', (route) => route.abort());
  await page.reload();
  await expect(earlier).toBeVisible();
  await expect(result(page).getByRole('row', { name: /WaitEnds/ })).toContainText('broken in 2 acts');
  await expect(page.getByRole('heading', { name: 'States of the last search' })).toBeVisible();
  await page.unroute('**/explore.worker-*.js');
  await page.getByRole('button', { name: 'Search again' }).press('Enter');
  await expect(earlier).toBeHidden();
  await expect(result(page)).toContainText('Every state was looked at.');
});

/** How many results of searches this browser keeps. */
const keptResults = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('vmgexit-searches', 1);
        opening.onerror = () => reject(new Error(String(opening.error)));
        opening.onsuccess = () => {
          const database = opening.result;
          const counting = database.transaction('results').objectStore('results').count();
          counting.onerror = () => reject(new Error(String(counting.error)));
          counting.onsuccess = () => {
            database.close();
            resolve(counting.result);
          };
        };
      }),
  );

/** A file that is dropped on the page. */
const drop = (page: Page, text: string): Promise<void> =>
  page.evaluate((content) => {
    const data = new DataTransfer();
    data.items.add(new File([content], 'model.pml.trail.txt'));
    document.body.dispatchEvent(
      new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }),
    );
  }, text);

test('a trail that is dropped as a file is read against the scope, and opened as a scenario', async ({
  page,
}) => {
  await openRun(page, '#/s/explore-ap?r=linux-7.2');
  const created = 'act guest create vcpu=1 page=1';
  await drop(
    page,
    `${created}\n${created}\nspin: text of failed assertion: assert(((4!=4)||(!(created[_pid]))))\n`,
  );
  await expect(page.getByRole('tab', { name: 'Explore' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('The trail that was dropped fits: 2 acts of this scope')).toContainText(
    'they break NoDoubleCreate',
  );
  await drop(page, `${created}\nact guest fly vcpu=1\n`);
  await expect(page.getByRole('alert')).toContainText(
    "line 2: 'guest fly vcpu=1' is no act of this scenario",
  );
  await drop(page, '-2:3:-2\n-4:-4:-4\n1:0:12\n');
  await expect(page.getByRole('alert')).toContainText('the file that pan writes');
  await drop(page, `${created}\n`);
  await expect(page.getByText('The trail that was dropped fits: 1 act of this scope')).toBeVisible();
  await page.getByRole('button', { name: 'Open the trail as a scenario' }).press('Enter');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('A trail of SPIN: 1 act');
});

/** Each way that the page finds in a preset, run in the page: its last step breaks what the search says. */
const presets = ['ap', 'launch', 'psc', 'teardown', 'termination', 'threads', 'update'];
for (const name of presets) {
  const details = name === 'threads' ? {} : { tag: '@long' };
  test(
    `the ways of explore-${name} show in the page what they break, at the step that is shown`,
    details,
    async ({ page }) => {
      test.setTimeout(600_000);
      await openRun(page, `#/s/explore-${name}`);
      await page.keyboard.press('g');
      await page.keyboard.press('e');
      const ended = page.getByRole('button', { name: 'Search again' });
      await expect(ended).toBeVisible({ timeout: 300_000 });
      const rows = result(page)
        .getByRole('row')
        .filter({ has: page.getByRole('button', { name: 'Timeline' }) });
      const ways = await rows.evaluateAll((all) =>
        all.map((row) => ({
          name: row.querySelector('th')?.firstChild?.textContent?.trim() ?? '',
          isBroken: row.querySelector('.verdict')?.classList.contains('fails') ?? false,
        })),
      );
      expect(ways.length).toBeGreaterThan(0);
      for (const [at, { name: property, isBroken }] of ways.entries()) {
        await rows.nth(at).getByRole('button', { name: 'Timeline' }).press('Enter');
        await expect(page.getByRole('heading', { level: 1 })).toContainText(`${property}: `);
        // The text ends in what it expects: that the last act breaks the property.
        await expect(page.getByText(/^✓ (The expectation holds|All \d+ expectations hold)$/)).toBeVisible();
        if (isBroken) await expect(shownStep(page)).toContainText('Violation: ');
        await expect(page).toHaveURL(/#\/x\//);
        await page.goBack();
        await expect(page.getByRole('heading', { level: 1 })).not.toContainText(`${property}: `);
        await expect(ended).toBeVisible({ timeout: 300_000 });
      }
    },
  );
}
