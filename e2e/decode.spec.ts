import type { Page } from '@playwright/test';
import { expectAxeClean, expectAxeCleanInBoth } from './axe';
import { looking } from './looking';
import { expect, test } from './test';

test.describe.configure({ mode: 'default' });

/** A GHCB page that asks for a page state change, as its bytes stand in a link. */
const ghcb = `~912~1000008000000000${'~96~'}`;

async function openDecoder(page: Page, address = '#/d'): Promise<void> {
  await page.goto(`./${address}`);
  await expect(page.getByRole('tab', { name: 'Reference' })).toBeVisible();
}
const paste = (page: Page) => page.getByLabel('Paste a value, a dump or a log');
const kind = (page: Page) => page.getByLabel('Read as');
const value = (page: Page, field: string) =>
  page.getByRole('textbox', { name: `Value of ${field}`, exact: true });

looking(
  'an MSR value is read; a field is edited and the bytes, the text and the link follow',
  async ({ page }) => {
    await openDecoder(page);
    await paste(page).fill('0x0010000012345014');
    await expect(kind(page)).toHaveValue('ghcb-msr');
    await expect(value(page, 'gfn')).toHaveValue('0x12345');
    await value(page, 'operation').fill('shared');
    await value(page, 'operation').press('Enter');
    await expect(page.getByRole('gridcell', { name: '+6: 20, gfn' })).toBeVisible();
    await expect(paste(page)).toHaveValue('0x0020000012345014');
    await expect(page).toHaveURL(/#\/d\/ghcb-msr\/20000012345014$/);
    await page.reload();
    await expect(value(page, 'operation')).toHaveValue('0x2');
  },
);

test('an edit that does not fit says why, beside the field', { tag: '@long' }, async ({ page }) => {
  await openDecoder(page, '#/d/msr/10000012345014');
  await value(page, 'operation').fill('0x99');
  await value(page, 'operation').press('Enter');
  await expect(page.getByRole('alert')).toContainText('operation: 0x99 does not fit');
  await expect(value(page, 'operation')).toHaveAttribute('aria-invalid', 'true');
  await expect(paste(page)).toHaveValue('0x0010000012345014');
});

looking('bytes, bits and fields point at each other, by keyboard alone', async ({ page }) => {
  await openDecoder(page);
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await paste(page).focus();
  await page.keyboard.type('0x0010000012345014');
  const bytes = page.getByRole('grid', { name: 'Bytes, 8' });
  await bytes.locator('[tabindex="0"]').focus();
  for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('gridcell', { name: '+6: 10, gfn' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'gfn', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  const bits = page.getByRole('grid', { name: 'Bits, 64' });
  await bits.locator('[tabindex="0"]').focus();
  for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Space');
  await expect(value(page, 'gfn')).toHaveValue('0x12344');
});

looking('a GHCB page from a dump; several values; a page from the middle', async ({ page }) => {
  await openDecoder(page);
  const lines = ['00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|', '*'];
  lines.push('00000390  10 00 00 80 00 00 00 00  00 00 00 00 00 00 00 00  |................|');
  lines.push('000003a0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|', '*');
  lines.push('000003f0  00 00 00 00 00 00 00 00  00 00 04 00 00 00 00 00  |................|');
  lines.push('00000400  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|', '*');
  lines.push('00000ff0  00 00 00 00 00 00 00 00  00 00 02 00 00 00 00 00  |................|', '00001000');
  await paste(page).fill(lines.join('\n'));
  await expect(kind(page)).toHaveValue('ghcb-page');
  await expect(value(page, 'swExitCode')).toHaveValue('0x80000010');
  await value(page, 'swExitCode').fill('0x80000013');
  await value(page, 'swExitCode').press('Enter');
  await expect(page.getByRole('gridcell', { name: '+390: 13, swExitCode' })).toBeVisible();
  await expect(page).toHaveURL(/#\/d\/ghcb-page\/~912~13000080/);

  await paste(page).fill(lines.slice(2, 4).join('\n'));
  await expect(page.getByRole('status').first()).toContainText('Read as');

  await paste(page).fill('0x80000013 0x100000001 0x121000');
  await page
    .getByRole('group', { name: 'Values found' })
    .getByRole('button', { name: /EXITINFO1/ })
    .click();
  await expect(kind(page)).toHaveValue('ap-info1');
});

looking('a dropped file, and one that is too large', async ({ page }) => {
  await openDecoder(page);
  const file = new Uint8Array(4096);
  file[0x390] = 0x10;
  file[0xffa] = 2;
  const input = page.locator('.pasted input[type=file]');
  await input.setInputFiles({ name: 'ghcb.bin', mimeType: '', buffer: Buffer.from(file) });
  await expect(kind(page)).toHaveValue('ghcb-page');
  await input.setInputFiles({ name: 'core', mimeType: '', buffer: Buffer.alloc(2 << 20) });
  await expect(page.getByText('1 MB is the most')).toBeVisible();
});

test('a termination is read both ways', { tag: '@long' }, async ({ page }) => {
  await openDecoder(page);
  await paste(page).fill('SEV-ES guest requested termination: 0x1:0x2');
  const both = page.getByRole('region', { name: 'Termination, read both ways' });
  await expect(both).toContainText('PVALIDATE failed');
  await expect(both).toContainText('not a page address');
});

looking('a value becomes a running scenario, by keyboard', async ({ page }) => {
  await openDecoder(page);
  await paste(page).fill('SEV-ES guest requested termination: 0x1:0x2');
  await page.getByRole('button', { name: 'Make a scenario from this' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('TERM_REQ 0x21100').first()).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page.getByText('terminate form=msr set=1 code=2')).toBeVisible();
});

test(
  'a page that was edited goes into the scenario as it stands; a value nobody sends says why not',
  { tag: '@long' },
  async ({ page }) => {
    await openDecoder(page, `#/d/ghcb-page/${ghcb}${'00'.repeat(3080)}`);
    await page.getByLabel(/fields that are zero/).check();
    await value(page, 'ghcbUsage').fill('0x77');
    await value(page, 'ghcbUsage').press('Enter');
    await page.getByRole('button', { name: 'Make a scenario from this' }).click();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await expect(page.getByText('vmgexit', { exact: true }).first()).toBeVisible();
    await expect(page.locator('.cm-content')).toContainText('77000000');
    await openDecoder(page, '#/d/rmp-entry/01000000000000280f00000000000000');
    await expect(page.getByText('No scenario is made of this.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Make a scenario from this' })).toHaveCount(0);
  },
);

test('a file dropped anywhere on the page opens in the decoder when it is no scenario', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByRole('tab', { name: 'Ladder' })).toBeVisible();
  const drop = (name: string, bytes: number[], size?: number) =>
    page.evaluate(
      ([fileName, content, length]) => {
        const transfer = new DataTransfer();
        const file = new File([new Uint8Array(content)], fileName);
        if (length !== undefined) Object.defineProperty(file, 'size', { value: length });
        transfer.items.add(file);
        const event = new DragEvent('drop', { bubbles: true, cancelable: true });
        Object.defineProperty(event, 'dataTransfer', { value: { files: [file] } });
        document.body.dispatchEvent(event);
      },
      [name, bytes, size] as const,
    );
  const bytes = new Array<number>(4096).fill(0);
  bytes[0x390] = 0x13;
  bytes[0x393] = 0x80;
  bytes[0xffa] = 2;
  await drop('ghcb.bin', bytes);
  await expect(kind(page)).toHaveValue('ghcb-page');
  await expect(value(page, 'swExitCode')).toHaveValue('0x80000013');
  await expect(page).toHaveURL(/#\/d\/ghcb-page\//);
  await drop('core', [0], 2 ** 30);
  await expect(page.getByText('core: It has 1.0 GB').first()).toBeVisible();
  await expect(value(page, 'swExitCode')).toHaveValue('0x80000013');
});

looking('bad input is answered by a sentence', async ({ page }) => {
  await openDecoder(page);
  for (const [text, says] of [
    ['abc', 'Read as'],
    [`${'ab'.repeat(20)}c`, 'odd number'],
    ['0x10000000000000000', '2^64 or more'],
    ['-5', 'is negative'],
  ] as const) {
    await paste(page).fill(text);
    await expect(page.locator('#decode-said')).toContainText(says);
  }
});

test('links that were cut off or name what is unknown say so', { tag: '@long' }, async ({ page }) => {
  await openDecoder(page, '#/d/ghcb-page/~912~10');
  await expect(page.locator('#decode-said')).toContainText('may have been cut off');
  await openDecoder(page, '#/d/nonsense/1234');
  await expect(page.locator('#decode-said')).toContainText('does not know');
});

looking('the reference: a link to a field, a search, another layout', async ({ page }) => {
  await openDecoder(page, '#/d/ref/ghcb-page/swExitCode');
  await expect(page.locator('tr[aria-current=true]')).toContainText('swExitCode');
  await page.getByLabel('Search').last().fill('vmpl run');
  await expect(page.getByText(/fields of \d+ layouts/)).toBeVisible();
  await page.getByRole('link', { name: 'vmpl', exact: true }).first().click();
  await expect(page).toHaveURL(/#\/d\/ref\/[a-z0-9-]+\/vmpl$/);
});

test('nothing, a word, a page and the reference are clean for axe', { tag: '@long' }, async ({ page }) => {
  await openDecoder(page);
  await expectAxeCleanInBoth(page);
  for (const [address, shows] of [
    ['#/d/msr/21100', 'Bits'],
    [`#/d/ghcb-page/${ghcb}${'00'.repeat(3080)}`, 'swExitCode'],
    ['#/d/ref/psc-entry/gfn', 'gfn'],
  ] as const) {
    await openDecoder(page, address);
    await expect(page.locator('#view-panel').getByText(shows).first()).toBeVisible();
    await expectAxeCleanInBoth(page);
  }
});

looking(
  'a pasted log is read line by line, by keyboard: every line is placed or counted',
  async ({ page }) => {
    await openDecoder(page);
    const log = [
      '[   12.345] kvm_amd: SEV-ES guest requested termination: 0x0:0x1',
      '[   12.400] usb 1-1: new device',
      'SNP_LAUNCH_START ret=-16 fw_error=0',
      'kvm_amd: a sentence that no kernel prints',
      '> kvm_vmgexit_enter: vcpu 1, exit_reason 80000013, exit_info1',
      '> 200000001, exit_info2 107f3000',
    ].join('\n');
    await paste(page).fill(log);
    const lines = page.getByRole('region', { name: 'Lines of the log' });
    await expect(lines).toContainText('6 lines:');
    for (const count of ['3 placed', '1 without protocol content', '1 continued', '1 unknown'])
      await expect(lines).toContainText(count);
    await expect(page.getByRole('status').first()).toContainText('asks to be terminated');
    const list = page.getByRole('listbox', { name: 'Lines' });
    await list.focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('status').first()).toContainText('no command of the firmware failed');
    await expect(page.getByText('No scenario is made of this.')).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByText('It is in no format that is known here.').last()).toBeVisible();
    await page.keyboard.press('End');
    await expect(kind(page)).toHaveValue('nae-code');
    await expect(list.getByRole('option', { selected: true })).toContainText('continues line 5');
    await page.getByRole('button', { name: 'Make a scenario from this' }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('tab', { name: 'Ladder' })).toHaveAttribute('aria-selected', 'true');
    await expect(page.getByText('AP_CREATION CREATE v2').first()).toBeVisible();
  },
);

test(
  'a long log: only the lines in sight are in the page, and the last is reached by one key',
  { tag: '@long' },
  async ({ page }) => {
    await openDecoder(page);
    const line = 'kvm_vmgexit_msr_protocol_enter: vcpu 0, ghcb_gpa 0010000012345014';
    await paste(page).fill(Array.from({ length: 600 }, () => line).join('\n'));
    const list = page.getByRole('listbox', { name: 'Lines' });
    await list.focus();
    await page.keyboard.press('End');
    await expect(list.getByRole('option', { selected: true })).toContainText('600');
    expect(await list.getByRole('option').count()).toBeLessThan(60);
    await expectAxeClean(page);
  },
);

looking(
  'a GHCB page names its event and its entries, and a second dump is compared with it',
  async ({ page }) => {
    await openDecoder(page);
    const file = new Uint8Array(4096);
    const view = new DataView(file.buffer);
    view.setBigUint64(0x390, 0x80000010n, true);
    view.setBigUint64(0x3a8, 0x7a31800n, true);
    file[0x3f0 + (0x390 >> 6)] = 1 << ((0x390 >> 3) & 7);
    file[0x3f0 + (0x3a8 >> 6)] = (file[0x3f0 + (0x3a8 >> 6)] ?? 0) | (1 << ((0x3a8 >> 3) & 7));
    view.setBigUint64(0x808, 0x0010_0000_0020_0000n, true);
    file[0xffa] = 2;
    const input = page.locator('.pasted input[type=file]');
    await input.setInputFiles({ name: 'ghcb.bin', mimeType: '', buffer: Buffer.from(file) });
    await expect(page.locator('#decode-said')).toContainText(
      'Entries 0 to 0, entry 0 is next: 0 private GFN 0x200',
    );
    await page
      .getByRole('group', { name: 'Values found' })
      .getByRole('button', { name: /buffer at 0x800/ })
      .click();
    await expect(kind(page)).toHaveValue('psc-buffer');
    await page
      .getByRole('group', { name: 'Values found' })
      .getByRole('button', { name: /^value/ })
      .click();
    await expect(kind(page)).toHaveValue('ghcb-page');

    await page.getByText('Compare with a second one').click();
    view.setBigUint64(0x390, 0x80000013n, true);
    const second = page.locator('details.compare input[type=file]');
    await second.setInputFiles({ name: 'after.bin', mimeType: '', buffer: Buffer.from(file) });
    const compared = page.locator('details.compare');
    await expect(compared).toContainText('1 of');
    await expect(compared.getByRole('row', { name: /swExitCode/ })).toContainText('0x80000013');
    await expectAxeClean(page);
    await page.getByLabel('The second value or dump').fill('zz');
    await expect(compared).toContainText('Not read.');
  },
);
