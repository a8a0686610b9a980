/**
 * A trace that no page reads whole: a worker counts it, and windows of it are read. The file is made in the page of one
 * block from a seed, many times over; `npm test` counts 24 MB, the long run 1 GB.
 */
import type { Page } from '@playwright/test';
import { expectAxeClean } from './axe';
import { leastOf, longestTasks } from './tasks';
import { expect, test } from './test';

const LINES_IN_BLOCK = 8192;
/** 1 GB on a machine that others use. */
const LONG_MILLISECONDS = 900_000;

interface Held {
  /** The file that was made last. */
  trace?: File;
}

/** Makes a file of so many equal blocks and keeps it in the page. @returns its bytes */
const makeTrace = (page: Page, blocks: number): Promise<number> =>
  page.evaluate(
    ([count, lines]) => {
      let seed = 12;
      const random = (below: number): number => {
        seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
        return seed % below;
      };
      const bodies = [
        'kvm_exit: vcpu V reason vmgexit rip 0x0 info1 0x0000000000000000 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000',
        'kvm_vmgexit_msr_protocol_enter: vcpu V, ghcb_gpa 0000000000000080',
        'kvm_vmgexit_msr_protocol_exit: vcpu V, ghcb_gpa 0000000000003081, result 1',
        'kvm_entry: vcpu V, rip 0x0 intr_info 0x00000000 error_code 0x00000000',
        'sched_switch: prev_comm=x prev_pid=1',
      ];
      const text = Array.from({ length: lines }, (_, at) => {
        const vcpu = random(8);
        const body = (bodies[random(bodies.length)] ?? '').replace('V', String(vcpu));
        return `       CPU ${vcpu}/KVM-4711    [00${vcpu}] d....   812.${String(at).padStart(6, '0')}: ${body}\n`;
      });
      text[lines - 1] =
        '       CPU 0/KVM-4711    [000] d....   813.000000: kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100\n';
      const block = new Blob(text);
      const file = new File(
        Array.from({ length: count }, () => block),
        'trace.txt',
      );
      (globalThis as Held).trace = file;
      return file.size;
    },
    [blocks, LINES_IN_BLOCK] as const,
  );

/** Drops the file that was made. */
const dropTrace = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const event = new DragEvent('drop', { bubbles: true, cancelable: true });
    Object.defineProperty(event, 'dataTransfer', { value: { files: [(globalThis as Held).trace] } });
    document.body.dispatchEvent(event);
  });

const blanks = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
const large = (page: Page) => page.getByRole('region', { name: 'Large log' });

test('a dropped trace of many megabytes is counted by a worker, and lines of it are read', async ({
  page,
}) => {
  await page.goto('./');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toBeVisible();
  const BLOCKS = 24;
  expect(await makeTrace(page, BLOCKS)).toBeGreaterThan(16 << 20);
  await dropTrace(page);
  await expect(large(page)).toContainText(`${blanks(BLOCKS * LINES_IN_BLOCK)} lines counted`);
  await expect(large(page)).toContainText(`The clock jumps back ${BLOCKS - 1} times.`);
  await expectAxeClean(page);

  const last = BLOCKS * LINES_IN_BLOCK;
  await page.getByLabel('Lines', { exact: true }).first().fill(String(last));
  await page.getByLabel('to', { exact: true }).fill(String(last));
  await page.getByRole('button', { name: 'Read these lines' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('#decode-said')).toContainText('a request by the MSR protocol');

  await large(page).getByRole('button', { name: 'kvm_vmgexit_msr_protocol_exit' }).focus();
  await page.keyboard.press('Enter');
  const lines = page.getByRole('region', { name: 'Lines of the log' });
  await expect(lines.getByRole('option', { selected: true })).toContainText('kvm_vmgexit_msr_protocol_exit');
});

test('a file that is too large even for that says what it takes, and a window of it is counted', async ({
  page,
}) => {
  await page.goto('./');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toBeVisible();
  await page.evaluate((line) => {
    const file = new File([line.repeat(1000)], 'huge.txt');
    Object.defineProperty(file, 'size', { value: 10 * 2 ** 30 });
    const event = new DragEvent('drop', { bubbles: true, cancelable: true });
    Object.defineProperty(event, 'dataTransfer', { value: { files: [file] } });
    document.body.dispatchEvent(event);
  }, '       CPU 0/KVM-4711    [000] d....   812.000001: kvm_entry: vcpu 0, rip 0x0\n');
  await expect(large(page)).toContainText('huge.txt, 10 GB');
  await expect(large(page)).toContainText('would take some 945 MB of memory');
  await page.getByLabel('window of').fill('0.0001');
  await page.getByRole('button', { name: 'Count this window' }).click();
  await expect(large(page)).toContainText('1 000 lines counted');
  await expect(large(page)).toContainText('numbered from there');
});

test(
  '1 GB: no task of the page is long, and counting can be stopped',
  { tag: '@long' },
  async ({ browser, page }) => {
    test.setTimeout(LONG_MILLISECONDS);
    await page.goto('./');
    await expect(page.getByRole('tab', { name: 'Ladder' })).toBeVisible();
    const BLOCKS = 24;
    const blocks = Math.ceil((BLOCKS * 2 ** 30) / (await makeTrace(page, BLOCKS)));
    await dropTrace(page);
    await expect(large(page)).toContainText('lines counted');
    // What makes the file is the test's and not the page's.
    expect(await makeTrace(page, blocks)).toBeGreaterThan(2 ** 30 - 1);
    const BAR = 50;
    const [longest] = await leastOf(BAR, () =>
      longestTasks(browser, page, async ({ phase }) => {
        await phase('counting');
        await dropTrace(page);
        await expect(large(page)).toContainText(`${blanks(blocks * LINES_IN_BLOCK)} lines counted`, {
          timeout: LONG_MILLISECONDS,
        });
      }),
    );
    test.info().annotations.push({ type: 'longest task', description: String(longest) });
    expect(longest?.[1]).toBeLessThan(BAR);
    const memory = await large(page).getByText('lines counted').textContent();
    expect(Number(/in (\d+) MB of memory/.exec(memory ?? '')?.[1])).toBeLessThan(0.35 * 1024);

    await dropTrace(page);
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect(large(page)).toContainText('Stopped after');
  },
);

test(
  'a log of 15 MB is read whole and what failed in it is found: no task of the page is long',
  { tag: '@long' },
  async ({ browser, page }) => {
    test.setTimeout(LONG_MILLISECONDS);
    await page.goto('./');
    await expect(page.getByRole('tab', { name: 'Ladder' })).toBeVisible();
    const BLOCKS = 14;
    const size = await makeTrace(page, BLOCKS);
    expect(size).toBeGreaterThan(13 << 20);
    expect(size).toBeLessThan(16 << 20);
    await dropTrace(page); // what is loaded for it is loaded once
    const lines = `${BLOCKS * LINES_IN_BLOCK} lines:`;
    const failure = page.getByText(/The guest asked to be terminated, with reason 0x1:0x2/);
    const BAR = 50;
    const [longest] = await leastOf(BAR, () =>
      longestTasks(browser, page, async ({ phase }) => {
        await page.locator('#decode-text').fill('0x80');
        await expect(page.getByText(lines)).toHaveCount(0);
        await phase('reading');
        await dropTrace(page);
        await expect(page.getByText(lines)).toBeVisible({ timeout: LONG_MILLISECONDS });
        await phase('diagnosing');
        await expect(failure.first()).toBeVisible({ timeout: LONG_MILLISECONDS });
      }),
    );
    test.info().annotations.push({ type: 'longest task', description: String(longest) });
    expect(longest?.[1]).toBeLessThan(BAR);
  },
);
