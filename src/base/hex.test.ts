import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, hex, hex64, hexdump, hexToBytes, parseInteger } from './hex';

test.each([
  [0x80n, undefined, '0x80'],
  [0x80n, 4, '0x0080'],
  [255, undefined, '0xff'],
  [-22, undefined, '-0x16'],
  [0n, 16, '0x0000000000000000'],
])('hex(%s, %s) is %s', (value, digits, text) => expect(hex(value, digits)).toBe(text));

describe('parseInteger', () => {
  test.each([
    ['0x8000_0000_0000_0015', 0x8000_0000_0000_0015n],
    ['0XFF', 0xffn],
    ['126_976', 126976n],
    ['0', 0n],
    ['', undefined],
    ['0x', undefined],
    ['0x_1', undefined],
    ['1__0', undefined],
    ['12_', undefined],
    ['-1', undefined],
    [' 1', undefined],
    ['1f', undefined],
    ['0b1', undefined],
  ])('%j is %s', (text, value) => expect(parseInteger(text)).toBe(value));

  test('reads every 64-bit value back', () => {
    fc.assert(fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => parseInteger(hex64(value)) === value));
  });
});

describe('hex bytes', () => {
  test.each([
    ['00ff 10\n20', [0, 255, 16, 32]],
    ['', []],
    ['0', undefined],
    ['0g', undefined],
  ])('%j', (text, bytes) => expect(hexToBytes(text)).toEqual(bytes && Uint8Array.from(bytes)));

  test('survive their text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(hexToBytes(bytesToHex(bytes))).toEqual(Uint8Array.from(bytes));
      }),
    );
  });
});

test('a hex dump shows offsets, characters, and a repeated line once', () => {
  const bytes = new Uint8Array(72);
  bytes.set(Uint8Array.from([0x47, 0x48, 0x43, 0x42, 0xff]), 0);
  expect(hexdump(bytes, 0x390)).toEqual([
    '00000390  47 48 43 42 ff 00 00 00  00 00 00 00 00 00 00 00  |GHCB............|',
    '000003a0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
    '*',
    '000003d0  00 00 00 00 00 00 00 00                           |........|',
    '000003d8',
  ]);
  expect(hexdump(new Uint8Array(), 0)).toEqual(['00000000']);
});
