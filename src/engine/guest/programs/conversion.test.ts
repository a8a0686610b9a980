import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchAt } from './conversion';
import { apVmsa, BOOT_GHCB, firmwareGhcb, perCpuGhcb } from './machine';

test.each([
  ['one page', { gfn: 0x123, n: 1 }, ['0x123']],
  ['an aligned 2 MiB', { gfn: 0x200, n: 512 }, ['0x200/2M']],
  ['an aligned 2 MiB that is one page short', { gfn: 0x200, n: 511 }, undefined],
  ['a start off the boundary', { gfn: 0x1ff, n: 513 }, ['0x1ff', '0x200/2M']],
])('%s', (_, range, expected) => {
  const batch = batchAt(range, 0, 'private', 64).map(
    ({ gfn, twoMeg }) => `0x${gfn.toString(16)}${twoMeg ? '/2M' : ''}`,
  );
  if (expected) expect(batch).toEqual(expected);
  else expect(batch).toHaveLength(64);
});

test('512 MiB of bounce buffer are four batches of 64 entries', () => {
  const range = { gfn: 0x10000, n: 0x20000 };
  const counts: number[] = [];
  for (let done = 0; done < range.n;) {
    const batch = batchAt(range, done, 'shared', 64);
    counts.push(batch.length);
    done += batch.length * 512;
  }
  expect(counts).toEqual([64, 64, 64, 64]);
});

test('batches cover any range once, in order, in entries that are aligned', () => {
  const range = fc.record({ gfn: fc.integer({ min: 0, max: 0x4000 }), n: fc.integer({ min: 1, max: 3000 }) });
  fc.assert(
    fc.property(range, fc.integer({ min: 1, max: 253 }), (pages, limit) => {
      let next = pages.gfn;
      while (next < pages.gfn + pages.n) {
        const batch = batchAt(pages, next - pages.gfn, 'private', limit);
        expect(batch.length).toBeLessThanOrEqual(limit);
        for (const { gfn, twoMeg } of batch) {
          expect(gfn).toBe(next);
          if (twoMeg) expect(gfn % 512).toBe(0);
          next += twoMeg ? 512 : 1;
        }
      }
      expect(next).toBe(pages.gfn + pages.n);
    }),
  );
});

test('the pages of 64 vCPUs stay apart, and no VMSA starts a 2 MiB page', () => {
  const ids = Array.from({ length: 63 }, (_, i) => i + 1);
  const pages = [
    BOOT_GHCB,
    perCpuGhcb(0),
    ...ids.flatMap((id) => [firmwareGhcb(id), perCpuGhcb(id), apVmsa(id)]),
  ];
  expect(new Set(pages).size).toBe(pages.length);
  expect(ids.map(apVmsa).filter((gfn) => gfn % 512 === 0)).toEqual([]);
});
