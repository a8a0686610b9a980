import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesView, littleEndian, littleEndianBytes } from '../base/bytes';
import { bytesToHex, hexdump } from '../base/hex';
import { bytesFromLink, bytesToLink, editableText, editField, flipBit } from './edit';
import { ghcbPage, writeValid } from './ghcb-page';
import { kinds } from './kinds';
import { decodeFile } from './kind-text';
import { recognise, recogniseFile } from './recognise';
import { pscEntry } from './psc';

const page = new Uint8Array(4096);
writeValid(bytesView(page), 'swExitCode', 0x8000_0010n);
writeValid(bytesView(page), 'swExitInfo1', 0n);
ghcbPage.set(bytesView(page), 'protocolVersion', 2);

function good(text: string) {
  const found = recognise(text);
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
}
const first = (text: string) => {
  const part = good(text).parts[0];
  return { kind: part?.candidates[0]?.kind, bytes: part?.bytes ?? new Uint8Array() };
};
const complaint = (text: string): string => {
  const found = recognise(text);
  return found.ok ? '' : found.error.message;
};

describe('words', () => {
  test.each([
    ['0x0010000012345014', 'ghcb-msr', 0x0010_0000_1234_5014n],
    ['11100', 'firmware-status', undefined],
    ['0x80000013', 'nae-code', 0x8000_0013n],
    ['0x100000002', 'psc-result', 0x1_0000_0002n],
    ['SEV_RET_INVALID_PAGE_STATE', 'firmware-status', 0x1an],
    ['policy_failure', 'firmware-status', 7n],
    ['SVM_VMGEXIT_PSC', 'nae-code', 0x8000_0010n],
    ['KVM_EXIT_MEMORY_FAULT', 'exit-reason', 39n],
  ])('%s', (text, kind, value) => {
    if (value === undefined) return expect(first(text).bytes).toHaveLength(8);
    expect(first(text).kind).toBe(kind);
    expect(littleEndian(first(text).bytes)).toBe(value);
  });

  test('an exit code names the layouts of its info words', () => {
    const kindsOf = (text: string) => good(text).parts.map(({ candidates }) => candidates[0]?.kind);
    expect(kindsOf('0x80000013 0x100000001 0x121000')).toEqual(['nae-code', 'ap-info1', 'ap-info2']);
  });
});

describe('dumps of one GHCB page', () => {
  const words = (size: number, prefix: string, per: number, separator: string, radix = 16) =>
    Array.from({ length: 4096 / (size * per) }, (_, line) => {
      const at = line * size * per;
      const cells = Array.from({ length: per }, (_, i) =>
        littleEndian(page.subarray(at + i * size, at + (i + 1) * size))
          .toString(16)
          .padStart(2 * size, '0'),
      );
      const address = (radix === 8 ? at.toString(8) : at.toString(16)).padStart(prefix.length, '0');
      return `${address}${separator}${cells.join(' ')}`;
    }).join('\n');
  const bytesIn = (group: number, separator: string, tail: string) =>
    Array.from({ length: 256 }, (_, line) => {
      const digits = bytesToHex(page.subarray(16 * line, 16 * line + 16));
      const cells = digits.match(new RegExp(`.{${2 * group}}`, 'g')) ?? [];
      return `${(16 * line).toString(16).padStart(8, '0')}${separator}${cells.join(' ')}${tail}`;
    }).join('\n');

  test.each([
    ['hexdump -C', hexdump(page).join('\n')],
    ['xxd', bytesIn(2, ': ', '  ................')],
    ['xxd with digits in its characters', bytesIn(2, ': ', '  abcd 0123.......')],
    ['xxd -g1', bytesIn(1, ': ', '  ................')],
    ['xxd -p', bytesToHex(page).replace(/.{60}/g, '$&\n')],
    ['gdb x/xg', words(8, '000000000000', 2, ':\t').replace(/([\t ])(?=[0-9a-f]{16})/g, '$10x')],
    ['gdb x/xw', words(4, '0x7fff', 4, ':\t').replace(/([\t ])(?=[0-9a-f]{8})/g, '$10x')],
    ['crash rd', words(8, 'ffff888100000000', 2, ':  ').replace(/$/gm, '   ................')],
    ['hexdump', words(2, '0000000', 8, ' ')],
    ['od', words(2, '0000000', 8, ' ', 8)],
    ['plain', bytesToHex(page)],
  ])('%s', (_, text) => {
    const { kind, bytes } = first(text);
    expect(bytesToHex(bytes)).toBe(bytesToHex(page));
    expect(kind).toBe('ghcb-page');
  });

  test('a file is the page, or text about one', () => {
    const file = recogniseFile(page);
    expect(file.ok && file.value.parts[0]?.candidates[0]?.kind).toBe('ghcb-page');
    const text = recogniseFile(new TextEncoder().encode('0x21100'));
    expect(text.ok && text.value.parts[0]?.candidates[0]?.kind).toBe('ghcb-msr');
  });

  test('a PSC buffer', () => {
    const words = [
      1n << 16n,
      pscEntry.encode({ gfn: 5, operation: 1 }),
      pscEntry.encode({ gfn: 6, operation: 2 }),
    ];
    const bytes = Uint8Array.from(words.flatMap((value) => [...littleEndianBytes(value, 8)]));
    expect(first(bytesToHex(bytes)).kind).toBe('psc-buffer');
  });

  test('a page from the middle is shown in its place', () => {
    const middle = hexdump(page.subarray(0x380, 0x400), 0x380).join('\n');
    const found = good(middle);
    expect(found.remarks[0]).toContain('in the middle of a page, at 0x380');
    const whole = found.parts.find(({ label }) => label === 'whole page');
    expect(whole?.candidates[0]?.kind).toBe('ghcb-page');
  });
});

describe('bad input', () => {
  test.each([
    ['', 'Nothing was pasted'],
    [';', 'No value stands in ";"'],
    [', ;\n,', 'No value stands in'],
    ['0x10000000000000000', '2^64 or more'],
    ['18446744073709551616', '2^64 or more'],
    ['-5', 'is negative'],
    ['-5', '0xfffffffffffffffb'],
    [`${'ab'.repeat(20)}c`, 'odd number'],
    ['INVALID_PAGE_STAET', 'INVALID_PAGE_STATE'],
    ['hello world', 'neither a number nor hex digits'],
    ['0x1 17zz', 'neither'],
    ['00000000: 0000 0000\n00000040: 0000 0000', 'does not follow'],
    ['00000000: 0000 0000\n00000004: 00000000', 'mixed byte orders'],
    ['00000000: 0000 0000\nblah', 'line 2 is no line'],
    ['x'.repeat((1 << 20) + 1), '1 MB'],
  ])('%#', (text, says) => {
    expect(complaint(text).toLowerCase()).toContain(says.toLowerCase());
  });

  test('several pages and odd sizes say what is shown', () => {
    expect(good('00'.repeat(8192)).remarks[0]).toContain('2 pages');
    expect(good('00'.repeat(5000)).remarks[0]).toContain('first 4096');
    expect(good('ab'.repeat(4095)).remarks[0]).toContain('4096 bytes, 1 more');
  });

  test('nothing throws', () => {
    const alphabet = '0123456789abcdefx: \n\t-*|<>+,_gGSEV[]=';
    const soup = fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 200 });
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (text) => void recognise(text)),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => void recogniseFile(bytes)),
      {
        numRuns: 40,
      },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void recognise(bytesToHex(bytes))),
      { numRuns: 100 },
    );
  });
});

describe('editing', () => {
  test('every field of every kind takes back what it shows, and no other byte moves', () => {
    for (const [name, kind] of Object.entries(kinds)) {
      const bytes = new Uint8Array(kind.size);
      bytes.fill(0x5a, 0, 4);
      const decoded = decodeFile(name, bytes);
      expect(decoded.ok, name).toBe(true);
      if (!decoded.ok) continue;
      for (const row of decoded.value.rows.slice(0, 60)) {
        if (name === 'valid-bitmap' && /^bit/.test(row.name)) continue; // belongs to no field
        const edited = editField(name, bytes, row, editableText(row));
        expect(edited.ok ? bytesToHex(edited.value) : edited.error.message, `${name} ${row.name}`).toBe(
          bytesToHex(bytes),
        );
      }
    }
  });

  test('one field changes, and what does not fit names the field', () => {
    const bytes = littleEndianBytes(0x0010_0000_1234_5014n, 8);
    const decoded = decodeFile('ghcb-msr', bytes);
    const row = decoded.ok ? decoded.value.rows.find(({ name }) => name === 'operation') : undefined;
    if (!row) throw new Error('no operation');
    const edited = editField('ghcb-msr', bytes, row, 'shared');
    expect(edited.ok && littleEndian(edited.value)).toBe(0x0020_0000_1234_5014n);
    const wrong = editField('ghcb-msr', bytes, row, '0x99999');
    expect(!wrong.ok && wrong.error.message).toContain('operation');
    for (const typed of ['constructor', 'toString', '__proto__']) {
      const inherited = editField('ghcb-msr', bytes, row, typed);
      expect(!inherited.ok && inherited.error.message).toContain(`'${typed}' is not a number`);
    }
    expect(bytesToHex(flipBit(bytes, 0, 52))).toBe('1450341200000000');
  });

  test('links', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const back = bytesFromLink(bytesToLink(bytes));
        expect(back.ok && bytesToHex(back.value)).toBe(bytesToHex(bytes));
      }),
    );
    expect(bytesToLink(new Uint8Array(4096))).toBe('~4096~');
    expect(bytesFromLink('abc').ok).toBe(false);
    expect(bytesFromLink('~99999~').ok).toBe(false);
  });
});
