import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  gfn,
  gfnPlus,
  gfnToGpa,
  gpa,
  gpaToGfn,
  isLargePageAligned,
  isPageAligned,
  largePageGfn,
  MAX_FRAME,
} from './address';
import { pageOffset, pfn, pfnToAddress } from './address';

test('a GFN above 20 bits keeps its high bits', () => {
  expect(gfnToGpa(gfn(0x10_0000_0001))).toBe(0x1_0000_0000_1000n);
  expect(gpaToGfn(gpa(0xffff_ffff_ffff_ffffn))).toBe(MAX_FRAME);
  expect(pfnToAddress(pfn(0x12345))).toBe(0x1234_5000n);
});

test('frame to address and back is the same frame', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_FRAME }), (frame) => gpaToGfn(gfnToGpa(gfn(frame))) === frame),
  );
});

test.each([
  [0n, true, true],
  [0x1000n, true, false],
  [0x20_0000n, true, true],
  [0x20_1000n, true, false],
  [0x20_0008n, false, false],
])('GPA %s: page aligned %s, 2M aligned %s', (address, page, large) => {
  expect([isPageAligned(address), isLargePageAligned(address)]).toEqual([page, large]);
});

test('places in a page and in a 2M region', () => {
  expect(pageOffset(0x1234_5678n)).toBe(0x678);
  expect(largePageGfn(gfn(0x3ff))).toBe(0x200);
  expect(gfnPlus(gfn(0x1ff), 1)).toBe(0x200);
});

test.each([-1, 1.5, MAX_FRAME + 1])('%s is no frame', (value) => {
  expect(() => gfn(value)).toThrow('at most 52 bits');
  expect(() => pfn(value)).toThrow('at most 52 bits');
});

test('an address is 64 bits', () => {
  expect(() => gpa(-1n)).toThrow('unsigned 64-bit');
  expect(() => gpa(1n << 64n)).toThrow('unsigned 64-bit');
});
