import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesView } from '../base/bytes';
import { bytesToHex } from '../base/hex';
import * as ghcb from './ghcb-page';
import type { GhcbField, GhcbValidField } from './ghcb-page';

/** Offset, bit, and where the bit lies in the bitmap: byte and mask. */
const places: [GhcbValidField, number, number, number, number][] = [
  ['cpl', 0x0cb, 25, 3, 0x02],
  ['xss', 0x140, 40, 5, 0x01],
  ['dr7', 0x160, 44, 5, 0x10],
  ['rip', 0x178, 47, 5, 0x80],
  ['rsp', 0x1d8, 59, 7, 0x08],
  ['rax', 0x1f8, 63, 7, 0x80],
  ['rcx', 0x308, 97, 12, 0x02],
  ['rdx', 0x310, 98, 12, 0x04],
  ['rbx', 0x318, 99, 12, 0x08],
  ['rbp', 0x328, 101, 12, 0x20],
  ['rsi', 0x330, 102, 12, 0x40],
  ['rdi', 0x338, 103, 12, 0x80],
  ['r8', 0x340, 104, 13, 0x01],
  ['r9', 0x348, 105, 13, 0x02],
  ['r10', 0x350, 106, 13, 0x04],
  ['r11', 0x358, 107, 13, 0x08],
  ['r12', 0x360, 108, 13, 0x10],
  ['r13', 0x368, 109, 13, 0x20],
  ['r14', 0x370, 110, 13, 0x40],
  ['r15', 0x378, 111, 13, 0x80],
  ['swExitCode', 0x390, 114, 14, 0x04],
  ['swExitInfo1', 0x398, 115, 14, 0x08],
  ['swExitInfo2', 0x3a0, 116, 14, 0x10],
  ['swScratch', 0x3a8, 117, 14, 0x20],
  ['xcr0', 0x3e8, 125, 15, 0x20],
];

describe('the valid bitmap', () => {
  test('has a place for every field of the save area', () => {
    expect(places.map(([field]) => field)).toEqual([...ghcb.ghcbValidFields]);
  });

  test.each(places)('%s at %i has bit %i: byte %i, mask %i', (field, offset, bit, byte, mask) => {
    const bytes = new Uint8Array(ghcb.GHCB_SIZE);
    const view = bytesView(bytes);
    expect(ghcb.ghcbPage.offsetOf(field)).toBe(offset);
    expect(ghcb.validBitOf(field)).toBe(bit);
    ghcb.markValid(view, field);
    expect(bytes[ghcb.GHCB_VALID_BITMAP + byte]).toBe(mask);
    expect(bytes.filter((value) => value !== 0)).toHaveLength(1);
    expect(ghcb.ghcbValidFields.filter((other) => ghcb.isMarkedValid(view, other))).toEqual([field]);
  });

  test('read as bits and as two words says the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bitmap) => {
        const page = new Uint8Array(ghcb.GHCB_SIZE);
        page.set(bitmap, ghcb.GHCB_VALID_BITMAP);
        const view = bytesView(page);
        const words = { lo: view.u64(ghcb.GHCB_VALID_BITMAP), hi: view.u64(ghcb.GHCB_VALID_BITMAP + 8) };
        for (const field of ghcb.ghcbValidFields) {
          expect(ghcb.isValidIn(words, field)).toBe(ghcb.isMarkedValid(view, field));
        }
      }),
    );
  });

  test('after KVM answered marks the four registers and both info words, nothing else', () => {
    const bytes = new Uint8Array(ghcb.GHCB_SIZE).fill(0xff);
    const view = bytesView(bytes);
    ghcb.clearValidBitmap(view);
    for (const field of ['rax', 'rbx', 'rcx', 'rdx', 'swExitInfo1', 'swExitInfo2'] as const) {
      ghcb.writeValid(view, field, 0n);
    }
    expect(bytesToHex(bytes.subarray(0x3f0, 0x400))).toBe('0000000000000080000000000e001800');
  });

  test('with stray bits is shown, not refused', () => {
    expect(ghcb.validBitmapText((1n << 127n) | (1n << 63n) | (1n << 3n))).toBe('bit 3 rax bit 127');
    expect(ghcb.validBitmapText(0n)).toBe('nothing marked');
  });
});

describe('the page', () => {
  test.each<[GhcbField, number, number]>([
    ['validBitmap', 0x3f0, 16],
    ['x87StateGpa', 0x400, 8],
    ['sharedBuffer', 0x800, 2032],
    ['reservedFf0', 0xff0, 10],
    ['protocolVersion', 0xffa, 2],
    ['ghcbUsage', 0xffc, 4],
  ])('%s lies at %i, %i bytes', (field, offset, size) => {
    expect(ghcb.ghcbPage.fields[field]).toMatchObject({ at: offset, size });
  });

  test('inside a larger memory is read where it starts', () => {
    const view = bytesView(new Uint8Array(3 * ghcb.GHCB_SIZE));
    ghcb.writeValid(view, 'swExitCode', 0x8000_0010n, 0x1000);
    expect(view.u64(0x1390)).toBe(0x8000_0010n);
    expect(ghcb.isMarkedValid(view, 'swExitCode', 0x1000)).toBe(true);
    expect(ghcb.isMarkedValid(view, 'swExitCode')).toBe(false);
  });

  test('tells of a value that nobody will read', () => {
    const view = bytesView(new Uint8Array(ghcb.GHCB_SIZE));
    ghcb.ghcbPage.set(view, 'rax', 7n);
    ghcb.writeValid(view, 'rcx', 8n);
    const problems = ghcb.explainGhcbPage(view).filter(({ problem }) => problem !== undefined);
    expect(problems.map(({ name, problem }) => [name, problem])).toEqual([
      ['rax', 'not marked valid: reads as 0'],
    ]);
  });
});
