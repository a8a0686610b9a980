import { expectAxeCleanInBoth } from './axe';
import { looking } from './looking';
import { expectStep, whereAmI } from './shell';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

/** The guest has just asked for CREATE_ON_INIT; KVM decides in the next step. */
const scenario = './#/s/ap-create-on-init-then-create?r=linux-7.2&v=machines';

looking('the chart follows the step: state filled, arrow just taken lit, XState agrees', async ({ page }) => {
  await page.goto(`${scenario}&k=1`);
  const chart = page.getByRole('img', { name: /^(run|launch): now/ });
  await expect(chart.first()).toBeVisible();
  const { of } = await whereAmI(page);
  const taken = page.locator('[data-look="taken"]');
  for (let step = 2; step <= of && (await taken.count()) === 0; step++) {
    await page.keyboard.press('j');
    await expectStep(page, step);
  }
  await expect(taken.first()).toBeVisible();
  await expect(page.getByText('XState agrees.')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(chart.first()).toBeVisible();
});

looking('a guard that fails is named beside the way it closed', async ({ page }) => {
  await page.goto(`${scenario}&k=999`);
  await page.getByRole('tab', { name: /vCPU 1/ }).click();
  const decided = page.getByRole('group', { name: 'How the step was decided' });
  // Back to the step in which the create request of vCPU 1 was decided.
  await expect(decided).toBeVisible();
  const { of } = await whereAmI(page);
  const asked = decided.getByText('AP_CREATE', { exact: true });
  for (let step = of - 1; step > 0 && !(await asked.isVisible()); step--) {
    await page.keyboard.press('k');
    await expectStep(page, step);
  }
  await expect(asked).toBeVisible();
  await expect(decided.getByRole('row', { name: /guard failed.*checkFails features/ }).first()).toBeVisible();
  await expect(page.locator('[data-look="refused"]').first()).toBeVisible();
});

test('what reviewers call each vCPU stands beside what KVM keeps', { tag: '@long' }, async ({ page }) => {
  await page.goto('./#/s/ap-create-on-init-then-create?r=linux-7.2&v=machines&k=90');
  await page.getByRole('tab', { name: /vCPU 1/ }).click();
  const table = page.getByRole('table', { name: 'What reviewers call it' });
  await expect(table.getByRole('row', { name: /vCPU 1/ })).toContainText('created-on-init');
});

test('the states are a table too', async ({ page }) => {
  await page.goto(`${scenario}&k=90`);
  await page.getByRole('tab', { name: 'launch' }).click();
  await page.keyboard.press('t');
  await expect(page.getByRole('table', { name: /^gstate: now/ })).toBeVisible();
});

test('the charts are clean for axe', { tag: '@long' }, async ({ page }) => {
  await page.goto(`${scenario}&k=90`);
  for (const tab of ['vCPU 1', 'launch', 'exchange v0', 'page']) {
    await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
    await expectAxeCleanInBoth(page);
  }
});

/** The step in which two kernels go to different states, below the width at which both charts fit. */
const differing = './#/s/ap-create-on-init-then-create?r=part2-v4,linux-7.2&v=machines&k=95';

for (const width of [1280, 900])
  test(`charts of two kernels at ${width} pixels: the arrow just taken is in sight, pulled, and shown whole`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: 800 });
    await page.goto(differing);
    const charts = page.getByRole('group', { name: 'creation, drawing' });
    await expect(charts).toHaveCount(2);
    const chart = charts.first();
    await chart.scrollIntoViewIfNeeded();
    const taken = chart.locator('[data-look="taken"] .head').first();
    const isInside = async (): Promise<boolean> => {
      const [arrow, frame] = await Promise.all([taken.boundingBox(), chart.boundingBox()]);
      return !!arrow && !!frame && arrow.x >= frame.x && arrow.x + arrow.width <= frame.x + frame.width;
    };
    await expect.poll(isInside).toBe(true);

    const left = (): Promise<number> => chart.evaluate(({ scrollLeft }) => scrollLeft);
    const before = await left();
    expect(before).toBeGreaterThan(0);
    const box = await chart.boundingBox();
    const from = { x: (box?.x ?? 0) + 60, y: (box?.y ?? 0) + 30 };
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + 40, from.y, { steps: 4 });
    await page.mouse.up();
    expect(await left()).toBe(before - 40);

    await page
      .getByRole('group', { name: 'Size of creation' })
      .first()
      .getByRole('button', { name: 'fit' })
      .click();
    await expect
      .poll(() => chart.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))
      .toBeLessThanOrEqual(1);

    // Of the ways that were asked the one that was taken; the others when they are asked for.
    const decided = page.getByRole('group', { name: 'How the step was decided' }).first();
    await expect(decided.getByRole('row')).toHaveCount(1);
    await decided.getByRole('button', { name: /ways that were asked/ }).click();
    await expect(decided.getByRole('row', { name: /guard failed/ }).first()).toBeVisible();
  });

for (const [screen, lanes, step] of [
  [{ width: 1440, height: 900 }, 'part2-v4,linux-7.3', 97],
  [{ width: 900, height: 900 }, 'linux-7.2', 95],
] as const)
  test(`the state that the step led to is in sight without scrolling, ${lanes} at ${screen.width} pixels`, async ({
    page,
  }) => {
    await page.setViewportSize(screen);
    await page.goto(`./#/s/ap-create-on-init-then-create?r=${lanes}&v=machines&k=${step}`);
    const drawing = page.getByRole('group', { name: 'exchange, drawing' });
    const row = page.getByRole('group', { name: 'How the step was decided' });
    await expect(row).toContainText('ANSWER');
    await expect(drawing.locator('g.now[data-state] rect')).toBeInViewport({ ratio: 1 });
  });
