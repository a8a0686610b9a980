import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesView, copyBytes, littleEndian, littleEndianBytes } from './bytes';

describe('a byte view', () => {
  test('is little-endian and writes through', () => {
    const bytes = new Uint8Array(16);
    const view = bytesView(bytes);
    view.setU64(0, 0x0102_0304_0506_0708n);
    view.setU32(8, 0xa0b0_c0d0);
    view.setU16(12, 0x1234);
    view.setU8(14, 0xff);
    expect([...bytes]).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0xd0, 0xc0, 0xb0, 0xa0, 0x34, 0x12, 0xff, 0]);
    expect([view.u8(14), view.u16(12), view.u32(8), view.u64(0)]).toEqual([
      0xff,
      0x1234,
      0xa0b0_c0d0,
      0x0102_0304_0506_0708n,
    ]);
  });

  test('of a part of an array starts at that part', () => {
    const bytes = Uint8Array.from([1, 2, 3, 4, 5]);
    expect(bytesView(bytes.subarray(2, 4)).u16(0)).toBe(0x0403);
    expect(copyBytes(bytesView(bytes), 1, 3)).toEqual(Uint8Array.from([2, 3, 4]));
  });

  test('refuses to read behind its end', () => {
    expect(() => bytesView(new Uint8Array(4)).u32(1)).toThrow(RangeError);
  });
});

test('an integer of any width survives its bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(littleEndianBytes(littleEndian(bytes), bytes.length)).toEqual(Uint8Array.from(bytes));
    }),
  );
  expect(littleEndian(new Uint8Array())).toBe(0n);
});
