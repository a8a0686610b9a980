import { describe, expect, test } from 'vitest';
import { hexdump } from '../base/hex';
import { bytesFromText, decodeFile, decodeText, encodedText, rowLines, rowsJson } from './kind-text';
import { pscEntry } from './psc';

const rowsOf = (kind: string, text: string) => {
  const decoded = decodeText(kind, text);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value.rows;
};

test('a decoded word reads as aligned lines', () => {
  expect(rowLines(rowsOf('ghcb-msr', '0x0110000012345014'))).toEqual([
    'info       [11:0]   0x14         GHCBInfo: page state change request',
    'gfn        [51:12]  0x12345      Guest frame number of one 4K page',
    'operation  [55:52]  1 (private)  Requested page state',
    'reserved   [63:56]  1            Zero  !! reserved, must be zero',
  ]);
});

test('a decoded structure shows offset, size and the bits of its words', () => {
  const lines = rowLines(rowsOf('rmp-entry', '0100000000000028 0f00000000000000'));
  expect(lines[0]).toMatch(/^low +\+0x0\/8 +0x2800000000000001 /);
  expect(lines[1]).toMatch(/^low\.assigned +\+0x0\/8\[0\] +set /);
});

test('JSON spells values in hex and byte fields as bytes', () => {
  const [row] = rowsJson(rowsOf('psc-entry', '0x100'));
  expect(row).toMatchObject({ name: 'curPage', bits: [11, 0], value: '0x100', text: '256' });
  const hostData = rowsJson(rowsOf('launch-finish', '00'.repeat(19) + 'aabb' + '00'.repeat(67))).find(
    ({ name }) => name === 'hostData',
  );
  expect(hostData?.value).toBe('aabb' + '00'.repeat(30));
});

test('an encoded value is written with all its digits', () => {
  expect(encodedText('psc-entry', pscEntry.encode({ gfn: 1 }))).toBe('0x0000000000001000');
  expect(encodedText('firmware-status', 2n)).toBe('0x00000002');
  expect(encodedText('valid-bitmap', new Uint8Array(2))).toBe('0000');
});

describe('bytes as people paste them', () => {
  const bytes = Uint8Array.from({ length: 80 }, (_, index) => (index < 20 ? index : 0));

  test.each([
    ['hex digits', '00 01 0x02\n03', [0, 1, 2, 3]],
    [
      'xxd',
      '00000000: 0001 0203 4142 4344  ....ABCD 12\n00000008: ff  .',
      [0, 1, 2, 3, 0x41, 0x42, 0x43, 0x44, 255],
    ],
    ['hexdump -C from an offset', '00000800  01 02  03 04  |....|\n00000804', [1, 2, 3, 4]],
  ])('%s', (_, text, values) =>
    expect(bytesFromText(text)).toEqual({ ok: true, value: Uint8Array.from(values) }),
  );

  test('our own dump, its repeated lines included', () => {
    expect(bytesFromText(hexdump(bytes, 0x800).join('\n'))).toEqual({ ok: true, value: bytes });
  });

  test.each([
    ['abc', 'not hex bytes: an even number of hex digits, or the lines of a hex dump'],
    [
      '00000000: 00 01\n00000010: 02',
      'Line 2: 0x10 does not follow; 0x2 should. Lines are missing or out of order; 2 bytes before it were understood.',
    ],
    ['00000000: 00 01\nhello', 'Line 2 is no line of a hex dump: "hello". 1 line before it understood.'],
  ])('%j is refused', (text, message) =>
    expect(bytesFromText(text)).toMatchObject({ ok: false, error: { message } }),
  );
});

describe('decoding', () => {
  test.each([
    ['psc-entry', '12q', "'12q' is not a number (0x..., or decimal)"],
    ['psc-entry', '0x1_0000_0000_0000_0000', '0x10000000000000000 needs more than 64 bits'],
    ['ghcb-page', '00', 'GHCB page needs 4096 bytes, got 1'],
    ['rmp-entry', '00'.repeat(17), 'RMP entry has 16 bytes, got 17'],
  ])('%s of %j is refused', (kind, text, message) => {
    expect(decodeText(kind, text)).toMatchObject({ ok: false, error: { message } });
  });

  test('a PSC buffer needs no more bytes than it has entries', () => {
    const rows = rowsOf('psc-buffer', '00000000 00000000 0050341200001000');
    expect(rows.find(({ name }) => name === 'entry[0].gfn')?.text).toBe('0x12345');
    expect(rows.some(({ name }) => name.startsWith('entry[1]'))).toBe(false);
  });

  test('a file holds the bytes of a word or of a structure', () => {
    const word = decodeFile('psc-entry', Uint8Array.from([0, 0x50, 0x34, 0x12, 0, 0, 0x10, 0]));
    expect(word.ok && word.value.rows.map(({ text }) => text)).toEqual([
      '0',
      '0x12345',
      '1 (private)',
      '0 (4K)',
      '0',
    ]);
    expect(decodeFile('rmp-entry', new Uint8Array(16)).ok).toBe(true);
  });
});
