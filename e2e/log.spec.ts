import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { expectAxeClean } from './axe';
import { expect, test } from './test';

/** 200 lines of a host: a trace, its kernel log and QEMU's messages, as one file. */
function mixedLog(): string {
  const event = (at: number, body: string) =>
    `       CPU 0/KVM-4711    [012] .....   812.${String(at).padStart(6, '0')}: ${body}`;
  const rounds = Array.from({ length: 48 }, (_, i) => [
    event(4 * i, 'kvm_entry: vcpu 0, rip 0x0 intr_info 0x00000000 error_code 0x00000000'),
    event(4 * i + 1, 'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000000080'),
    event(4 * i + 2, 'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0000000000003081, result 1'),
    `[  812.${String(4 * i + 3).padStart(6, '0')}] ${i === 0 ? 'SEV: Unexpected RMP fault for non-private GPA 0x1000' : `usb 1-1: new device number ${i}`}`,
  ]).flat();
  return [
    '# tracer: nop',
    ...rounds,
    event(300, 'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100'),
    '[  812.000301] kvm_amd: SEV-ES guest requested termination: 0x1:0x2',
    event(302, 'kvm_userspace_exit: reason KVM_EXIT_SYSTEM_EVENT (24)'),
    'qemu-system-x86_64: KVM: unknown exit reason 24',
    'kvm_amd: a sentence that no kernel prints',
    '',
    'a line of nobody',
  ].join('\n');
}

async function dropLog(page: Page): Promise<void> {
  await page.goto('./#/?v=decode');
  const input = page.locator('.pasted input[type=file]');
  await input.setInputFiles({ name: 'guest.log', mimeType: '', buffer: Buffer.from(mixedLog()) });
}

test('a mixed log of 200 lines: its counts, a diagnosis, and its scenario by keyboard', async ({ page }) => {
  await page.goto('./#/d/ghcb-msr/21100');
  await page.locator('#decode-text').fill('a line of nobody\nand another one');
  await expect(page, 'the address of the value before it').not.toHaveURL(/#\/d\//);
  await dropLog(page);
  await expect(page.getByText('200 lines:')).toBeVisible();
  await expect(page.getByRole('button', { name: '149 placed' })).toBeVisible();
  await expect(page.getByRole('button', { name: '49 without protocol content' })).toBeVisible();
  await expect(page.getByRole('button', { name: '2 unknown' })).toBeVisible();

  const found = page.getByRole('region', { name: 'What happened here' }).getByRole('listitem');
  const second = found.filter({ hasText: 'The guest asked to be terminated, with reason 0x1:0x2' });
  await expect(second.locator('summary')).toContainText('lines 194, 195 and 2 that follow from it');
  await second.locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(second.getByText('QEMU does not handle KVM_EXIT_SYSTEM_EVENT')).toBeVisible();
  await expectAxeClean(page);

  await page.getByRole('button', { name: 'Open the scenario that ends so' }).first().focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/x\//);
  await expect(page.getByText('TERM_REQ').first()).toBeVisible();
});

test('which kernel explains a log, and what a step prints', async ({ page }) => {
  await page.goto('./#/?v=decode');
  await page
    .getByLabel('Paste a value, a dump or a log')
    .fill(
      'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000000080\nkvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0000000000009081, result 1\n',
    );
  await page.getByRole('button', { name: 'Compare it with every kernel' }).click();
  await expect(page.getByRole('row', { name: /Linux 7\.2 0 of 1 line/ })).toBeVisible();
  await expect(page.getByText('ghcb_gpa 0000000000003081, result 1').first()).toBeVisible();

  await page.goto('./#/s/seed-15-termination?k=62');
  const printed = page.getByRole('region', { name: 'Printed at this step' });
  await expect(printed).toContainText('ghcb_gpa 0000000000021100');
});

test('a log is a timeline: the keys of steps, what follows from lines, filter, note and mail', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./#/?v=decode');
  await page
    .getByLabel('Paste a value, a dump or a log')
    .fill(
      [
        'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000007a31014',
        'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0010000007a31014, result 0',
        '[ 1.0] usb 1-1: new device',
        'kvm_entry: vcpu 0, rip 0x0',
        'kvm_vmgexit_enter: vcpu 0, exit_reason 80000013, exit_info1 100000000, exit_info2 121000',
        'kvm_vmgexit_exit: vcpu 0, exit_reason 80000013, exit_info1 0, exit_info2 0',
      ].join('\n'),
    );
  await page.getByRole('tab', { name: 'Lines' }).focus();
  await page.keyboard.press('ArrowRight');
  const timeline = page.getByRole('region', { name: 'Timeline of the log' });
  await expect(timeline).toContainText('5 of 6 lines are rows; the other 1 stand under Lines. 2 dashed rows');
  const shown = timeline.getByRole('option', { selected: true });
  await expect(shown).toContainText('Line 1, vCPU 0 to KVM: PSC_REQ gfn 0x7a31');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect(shown).toContainText('Line 4');
  await page.keyboard.press('j');
  await expect(shown).toContainText('inferred: GFN 0x7a31 private');
  await expect(timeline).toContainText('Inferred, in no line: GFN 0x7a31 private.');
  await expect(timeline.getByRole('listitem').first()).toContainText('GFN 0x7a31 private, inferred');
  await page.keyboard.press('G');
  await expect(shown).toContainText('inferred: v1 waits for INIT, VMSA at GFN 0x121');
  await page.keyboard.press('6');
  await page.keyboard.press('G');
  await expect(shown).toContainText('Line 6');
  await expectAxeClean(page);

  await page.keyboard.press('m');
  await page.keyboard.type('who asks?');
  await page.keyboard.press('Enter');
  await page.keyboard.press('f');
  await page.keyboard.type('AP_CREATION');
  await expect(timeline.getByText('2 of 7 rows')).toBeVisible();
  await timeline.getByRole('button', { name: 'Copy as mail' }).click();
  await expect(page.getByText(/timeline copied/).first()).toBeVisible();
  const mail = await page.evaluate(() => navigator.clipboard.readText());
  expect(mail).toContain('note: who asks?');
  expect(mail).not.toContain('PSC_REQ');
});

const timelineOf = (page: Page) => page.getByRole('region', { name: 'Timeline of the log' });
const pasteLog = (page: Page, lines: readonly string[]) =>
  page.getByLabel('Paste a value, a dump or a log').fill(lines.join('\n'));

test('a link holds a log with its notes, its face and its line; a file has lines and notes', async ({
  page,
}) => {
  await page.goto('./#/?v=decode');
  await pasteLog(page, [
    'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000007a31014',
    'kvm_vmgexit_msr_protocol_exit: vcpu 0, ghcb_gpa 0010000007a31014, result 0',
    'kvm_entry: vcpu 0, rip 0x0',
  ]);
  await expect(page).toHaveURL(/#\/d\/log\/2\.[\w-]+\/lines\/1$/);
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await timelineOf(page)
    .getByRole('option', { name: /^Line 2/ })
    .click();
  await expect(page).toHaveURL(/\/timeline\/2$/);
  const without = page.url();
  await page.getByLabel('Note on line 2').fill('where is the answer?');
  await expect(page).not.toHaveURL(without);
  const link = page.url();

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as file' }).click();
  const saved = await (await download).path();

  await page.goto('about:blank');
  await page.goto(link);
  await expect(timelineOf(page).getByRole('option', { selected: true })).toContainText('Line 2');
  await expect(page.getByLabel('Note on line 2')).toHaveValue('where is the answer?');
  await expectAxeClean(page);

  await page.goto('about:blank');
  await page.goto('./#/?v=decode');
  await page.locator('.pasted input[type=file]').setInputFiles(saved);
  await expect(page.getByText('3 lines:')).toBeVisible();
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await timelineOf(page)
    .getByRole('option', { name: /^Line 2/ })
    .click();
  await expect(page.getByLabel('Note on line 2')).toHaveValue('where is the answer?');
});

test('a link holds the filter of a timeline and the lines that are selected', async ({ page }) => {
  await page.goto('./#/?v=decode');
  const msr = (vcpu: number, value: string) =>
    `kvm_vmgexit_msr_protocol_enter: vcpu ${vcpu}, ghcb_gpa ${value.padStart(16, '0')}`;
  await pasteLog(page, [msr(0, '80'), msr(1, '10000007a31014'), '[ 1.0] usb 1-1: new device', msr(0, '80')]);
  const list = page.getByRole('listbox', { name: 'Lines' });
  await list.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(list.getByRole('option', { selected: true })).toHaveCount(3);
  await expect(page).toHaveURL(/\/lines\/2-4$/);
  const selected = page.url();
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await page.getByLabel('Filter').fill('text ~ v1');
  await expect(timelineOf(page).getByText('1 of 3 rows')).toBeVisible();
  await expect(page).toHaveURL(/\/timeline\/2-4\/[\w-]+$/);
  const filtered = page.url();

  await page.goto('about:blank');
  await page.goto(filtered);
  await expect(page.getByLabel('Filter')).toHaveValue('text ~ v1');
  await expect(timelineOf(page).getByText('1 of 3 rows')).toBeVisible();
  await page.goto(`${filtered}!!!`.replace(/[\w-]+!!!$/, '_w'));
  await expect(page.locator('#decode-said')).toContainText('The filter in the link is damaged');
  await expect(page.getByLabel('Filter')).toHaveValue('');

  await page.goto('about:blank');
  await page.goto(selected);
  await expect(list.getByRole('option', { selected: true })).toHaveCount(3);
  await page.getByRole('button', { name: 'Make a scenario from lines 2 to 4' }).focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/x\//);
  await page.getByRole('tab', { name: 'Source' }).click();
  await expect(page.getByLabel('Scenario text')).toHaveValue(/Line 2:.*Line 4:/s);
});

test('Y mails what failed in the log and not the run beside it; its timeline is saved as a picture', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./#/?v=decode');
  await pasteLog(page, [
    'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0000000000021100',
    'kvm_userspace_exit: reason KVM_EXIT_SYSTEM_EVENT (24)',
  ]);
  await expect(page).toHaveURL(/\/lines\/1$/);
  await page.getByRole('listbox', { name: 'Lines' }).focus();
  await page.keyboard.press('Y');
  await expect(page.getByText(/Mail of the log copied, \d+ lines/).first()).toBeVisible();
  const mail = await page.evaluate(() => navigator.clipboard.readText());
  expect(mail).toContain('1. The guest asked to be terminated, with reason 0x1:0x2.');
  expect(mail).toContain('Explained whole, 1 line, by');
  expect(mail).toMatch(/<.*#\/d\/log\/2\.[\w-]+\/lines\/1>\n$/);
  expect(mail.trimEnd().split('\n').length).toBeLessThan(26);

  await page.keyboard.press('Shift+E');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save Timeline of the log as SVG' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('vmgexit-timeline.svg');
  const svg = await readFile(await file.path(), 'utf8');
  expect(svg).toContain('TERM_REQ');
  expect(svg).not.toContain('<v:scenario');

  await page.goto('about:blank');
  await page.goto('./');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toBeVisible();
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'timeline.svg', { type: 'image/svg+xml' }));
    document.body.dispatchEvent(
      new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }),
    );
  }, svg);
  await expect(page.getByRole('listbox', { name: 'Lines' }).getByRole('option')).toHaveCount(2);
});

test('the sound part of a cut gzip is read', async ({ page }) => {
  await page.goto('./#/?v=decode');
  const packed = gzipSync('kvm_amd: SEV-ES guest requested termination: 0x1:0x2\n'.repeat(3));
  await page
    .locator('.pasted input[type=file]')
    .setInputFiles({ name: 'cut.log.gz', mimeType: '', buffer: packed.subarray(0, -3) });
  await expect(page.locator('#decode-said')).toContainText('The end of the gzip is missing');
  await expect(page.getByText('3 lines:')).toBeVisible();
});

test('a log that is too large for a link says so, and a damaged link too', async ({ page }) => {
  await page.goto('./#/?v=decode');
  let word = 7n;
  const lines = Array.from({ length: 7000 }, () => {
    word = (word * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
    return `kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa ${word.toString(16).padStart(16, '0')}`;
  });
  await page
    .locator('.pasted input[type=file]')
    .setInputFiles({ name: 'random.log', mimeType: '', buffer: Buffer.from(lines.join('\n')) });
  await expect(
    page.getByText(/too much for a link, which holds 64 kB\. The file holds every line/),
  ).toBeVisible();
  await expect(page.locator('.share').getByRole('button')).toHaveText(['Save as file']);

  await page.goto('./#/d/log/2.AAAAAAAABBBB/lines/1');
  await expect(page.locator('#decode-said')).toContainText('The log in the link is damaged');
  await page.goto('./#/d/log/2./lines/1');
  await expect(page.locator('#decode-said')).toContainText('The log in the link is missing');
  await page.goto('./#/d/log/timeline');
  await expect(page.locator('#decode-said')).toContainText('The link names a log and holds none');
});

test('lanes of a log: processors where no vCPU is named, and one for all that have no room', async ({
  page,
}) => {
  await page.goto('./#/?v=decode');
  const event = (cpu: number, body: string) =>
    `  qemu-${4711 + cpu}  [${String(cpu).padStart(3, '0')}] ..... 812.0001${String(cpu).padStart(2, '0')}: ${body}`;
  await pasteLog(
    page,
    [3, 12].map((cpu) => event(cpu, 'kvm_exit: reason npf rip 0x0 info 500000006 12345000')),
  );
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await expect(timelineOf(page)).toContainText('No line names a vCPU, so lanes are processors of the host');
  await expect(
    timelineOf(page).getByRole('option', { name: /^Line 2, CPU 12 to KVM: exit npf/ }),
  ).toBeVisible();

  await pasteLog(
    page,
    Array.from({ length: 20 }, (_, vcpu) => event(vcpu, `kvm_entry: vcpu ${vcpu}, rip 0x0`)),
  );
  await expect(timelineOf(page)).toContainText(
    'Of 20 vCPUs the 11 with the most rows have a lane; the other 9 share the lane +9, by name.',
  );
  await expect(timelineOf(page).getByText('+9', { exact: true }).first()).toBeVisible();
});
