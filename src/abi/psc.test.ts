import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesView } from '../base/bytes';
import { ghcbPage, GHCB_SHARED_BUFFER_SIZE } from './ghcb-page';
import * as psc from './psc';

test('header and entries fill the shared buffer exactly', () => {
  expect(psc.pscBuffer.size).toBe(GHCB_SHARED_BUFFER_SIZE);
  expect(psc.pscEntryOffset(psc.PSC_MAX_ENTRIES)).toBe(GHCB_SHARED_BUFFER_SIZE);
  expect(psc.pscCapacity(ghcbPage.offsetOf('sharedBuffer'))).toBe(psc.PSC_MAX_ENTRIES);
});

test('the header as one word and as the first fields of the buffer agree', () => {
  const view = bytesView(new Uint8Array(psc.pscBuffer.size));
  view.setU64(0, psc.pscHeader.encode({ curEntry: 3, endEntry: 252 }));
  expect(psc.pscBuffer.get(view, 'curEntry')).toBe(3);
  expect(psc.pscBuffer.get(view, 'endEntry')).toBe(252);
});

test('an entry of a buffer reads by halves as it decodes whole, and cur_page is written alone', () => {
  const anywhere = { index: fc.integer({ min: 0, max: 252 }), base: fc.constantFrom(0, 8, 24) };
  fc.assert(
    fc.property(
      fc.bigInt(0n, (1n << 64n) - 1n),
      fc.integer({ min: 0, max: 512 }),
      fc.record(anywhere),
      (word, done, at) => {
        const view = bytesView(new Uint8Array(psc.pscBuffer.size + at.base));
        const place = at.base + psc.pscEntryOffset(at.index);
        view.setU64(place, word);
        const { curPage, gfn, operation, pageSize } = psc.pscEntry.decode(word);
        const pages = pageSize === psc.PSC_PAGE_SIZE_2M ? 512 : 1;
        const entry = { curPage, gfn, operation, huge: pages === 512, pages };
        expect(psc.readPscEntry(view, at.index, at.base)).toEqual(entry);
        psc.writeCurPage(view, at, done);
        expect(view.u64(place)).toBe((word & ~0xfffn) | BigInt(done));
      },
    ),
  );
});

test('an entry is taken apart without a bigint', () => {
  const word = psc.pscEntry.encode({
    curPage: 511,
    gfn: 0xff_ffff_ffff,
    operation: 4,
    pageSize: 1,
    reserved: 0x7f,
  });
  const [lo, hi] = [Number(word & 0xffff_ffffn), Number(word >> 32n)];
  expect(psc.pscEntry.field(lo, hi, 'curPage')).toBe(511);
  expect(psc.pscEntry.field(lo, hi, 'gfn')).toBe(0xff_ffff_ffff);
  expect(psc.pscEntry.field(lo, hi, 'operation')).toBe(psc.PSC_OP_UNSMASH);
  expect(psc.pscEntry.field(lo, hi, 'pageSize')).toBe(psc.PSC_PAGE_SIZE_2M);
  expect(psc.pscEntry.field(lo, hi, 'reserved')).toBe(0x7f);
});

test.each([
  [psc.PSC_SUCCESS, 0, 0],
  [psc.PSC_INVALID_HDR, 1, 1],
  [psc.PSC_INVALID_ENTRY, 1, 2],
  [psc.PSC_GENERIC_ERROR, 0x100, 0],
])('result %s has error %i and detail %i', (word, error, what) => {
  expect(psc.pscResult.decode(word)).toEqual({ error, what });
});

test('rows end with the last entry, but never hide one that is not zero', () => {
  const view = bytesView(new Uint8Array(psc.pscBuffer.size));
  view.setU64(0, psc.pscHeader.encode({ endEntry: 1 }));
  view.setU64(psc.pscEntryOffset(7), psc.pscEntry.encode({ gfn: 9, operation: psc.PSC_OP_PRIVATE }));
  const entries = psc.explainPscBuffer(view).filter(({ name }) => /^entry\[\d+\]$/.test(name));
  expect(entries.map(({ name }) => name)).toEqual(['entry[0]', 'entry[1]', 'entry[7]']);
});
