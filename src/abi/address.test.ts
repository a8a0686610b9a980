import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytesToPages,
  gfn,
  gfnPlus,
  gfnToGpa,
  gpa,
  gpaToGfn,
  isLargePageAligned,
  isPageAligned,
  isSamePage,
  largePageGfn,
  MAX_FRAME,
  PAGE_BYTES,
  PAGE_SIZE,
  pageOffset,
  pageStart,
  pagesToBytes,
  pfn,
  pfnToAddress,
} from './address';

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

test('the two spellings of the page size are one number', () => {
  expect(PAGE_BYTES).toBe(BigInt(PAGE_SIZE));
});

test('page counts and bytes convert, and a rest that fills no page does not count', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_FRAME }), fc.integer({ min: 0, max: 4095 }), (pages, rest) => {
      expect(bytesToPages(pagesToBytes(pages) + BigInt(rest))).toBe(pages);
      expect(pagesToBytes(BigInt(pages))).toBe(pagesToBytes(pages));
    }),
  );
});

test.each([
  [0x1000n, 0x1fffn, true],
  [0x1fffn, 0x2000n, false],
  [0xffff_ffff_ffff_f000n, 0xffff_ffff_ffff_ffffn, true],
  [0x1_0000_0000_1000n, 0x1000n, false],
])('%s and %s lie in one page: %s', (one, other, same) => {
  expect(isSamePage(one, other)).toBe(same);
});

test('an address is the start of its page and its place in the page', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (address) => {
      expect(pageStart(address) + BigInt(pageOffset(address))).toBe(address);
      expect(pageStart(address)).toBe(gfnToGpa(gpaToGfn(address)));
    }),
  );
});
