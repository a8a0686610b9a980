import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../base/hex';
import { byteRunsOf, parseByteRuns, printByteRuns } from './byte-runs';

test('the bytes of a page are the same after they were written as text and read again', () => {
  const page = fc.uint8Array({ minLength: 1, maxLength: 4096 });
  const sparse = page.map((bytes) => bytes.map((byte, i) => (i % 37 < 30 ? 0 : byte)));
  fc.assert(
    fc.property(fc.oneof(page, sparse), (bytes) => {
      const parsed = parseByteRuns(printByteRuns(byteRunsOf(bytes)) || '0x0:00');
      const back = new Uint8Array(bytes.length);
      if ('value' in parsed)
        for (const { at, hex } of parsed.value) back.set(hexToBytes(hex) ?? new Uint8Array(), at);
      expect(bytesToHex(back)).toBe(bytesToHex(bytes));
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['', 'bytes are missing'],
  ['0x10', "'0x10' is no offset:hex"],
  ['0x10:123', 'odd number of hex digits'],
  ['0xfff:1234', 'does not lie in a page'],
  ['0x10:00,zz:00', "'zz:00' is no offset:hex"],
])('%j is refused: %s', (text, says) => {
  const parsed = parseByteRuns(text);
  expect('problems' in parsed && parsed.problems[0]?.message).toContain(says);
});
