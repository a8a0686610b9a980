import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WriteLog } from './arena';
import { PageField, REGION_PAGES } from './page-field';

const PAGES = REGION_PAGES * 4 + 77;

/** A run of pages that gets a value; few values, so that runs meet. */
const write = fc
  .tuple(
    fc.nat(PAGES - 1),
    fc.oneof(fc.constant(1), fc.constant(REGION_PAGES), fc.nat(PAGES)),
    fc.integer({ min: -1, max: 3 }),
  )
  .map(([first, count, value]) => ({ first, count: Math.min(count, PAGES - first), value }));
const aligned = fc.tuple(fc.nat(4), fc.integer({ min: -1, max: 3 })).map(([region, value]) => ({
  first: region * REGION_PAGES,
  count: Math.min(REGION_PAGES, PAGES - region * REGION_PAGES),
  value,
}));
const writes = fc.array(fc.oneof(write, aligned), { maxLength: 30 });

const contents = (field: PageField): number[] => Array.from({ length: PAGES }, (_, page) => field.get(page));

test('a field holds what a plain array holds', () => {
  fc.assert(
    fc.property(writes, (all) => {
      const field = new PageField(0, PAGES, new WriteLog());
      const plain = new Int32Array(PAGES);
      for (const { first, count, value } of all) {
        field.setRun(first, count, value);
        plain.fill(value, first, first + count);
      }
      expect(contents(field)).toEqual([...plain]);
    }),
  );
});

test('the log leads back, record by record, to where it started', () => {
  fc.assert(
    fc.property(writes, (all) => {
      const log = new WriteLog();
      const field = new PageField(3, PAGES, log);
      for (const { first, count, value } of all) field.setRun(first, count, value);
      const { data } = log;
      for (let top = log.top; top > 0; top -= 5) {
        expect(data[top - 1]).toBe(-4);
        expect(field.runLength(data[top - 5] as number, data[top - 4] as number)).toBe(data[top - 4]);
        expect(field.get(data[top - 5] as number)).toBe(data[top - 2]);
        field.store(data[top - 5] as number, data[top - 4] as number, data[top - 3] as number);
      }
      expect([...field.runs()]).toEqual([]);
    }),
  );
});

test('a write that changes nothing is not logged', () => {
  const log = new WriteLog();
  const field = new PageField(0, PAGES, log);
  field.setRun(10, 600, 5);
  const { top } = log;
  field.setRun(20, 580, 5);
  field.set(10, 5);
  expect(log.top).toBe(top);
});

test('runs are maximal, in order, and say everything that is not zero', () => {
  fc.assert(
    fc.property(writes, (all) => {
      const field = new PageField(0, PAGES, new WriteLog());
      for (const { first, count, value } of all) field.setRun(first, count, value);
      const rebuilt = new Int32Array(PAGES);
      let last = { end: -1, value: 0 };
      for (const { first, count, value } of field.runs()) {
        expect(value).not.toBe(0);
        expect(first > last.end || value !== last.value).toBe(true);
        rebuilt.fill(value, first, first + count);
        last = { end: first + count, value };
      }
      expect([...rebuilt]).toEqual(contents(field));
    }),
  );
});

test('a region that is written whole is one number again', () => {
  const field = new PageField(0, PAGES, new WriteLog());
  field.set(REGION_PAGES + 1, 9);
  expect(field.uniformValue(1)).toBeUndefined();
  field.setRun(REGION_PAGES, REGION_PAGES, 4);
  expect(field.uniformValue(1)).toBe(4);
});

test('flipping bits of any run flips those of the plain array, and twice is never', () => {
  fc.assert(
    fc.property(writes, writes, (all, flips) => {
      const field = new PageField(0, PAGES, new WriteLog());
      for (const { first, count, value } of all) field.setRun(first, count, value);
      const before = contents(field);
      const plain = Int32Array.from(before);
      for (const { first, count, value } of flips) {
        field.flip(first, count, value);
        for (let page = first; page < first + count; page++) plain[page] = (plain[page] as number) ^ value;
      }
      expect(contents(field)).toEqual([...plain]);
      for (const { first, count, value } of flips) field.flip(first, count, value);
      expect(contents(field)).toEqual(before);
    }),
  );
});

test.each([-1, 0.5, PAGES, 2 ** 31, 2 ** 32, 2 ** 32 + 7, 2 ** 32 * REGION_PAGES + 7, 2 ** 52 - 1, NaN])(
  'page %d is not in the store: it is neither read nor written, and answers for no other page',
  (page) => {
    const log = new WriteLog();
    const field = new PageField(0, PAGES, log);
    field.setRun(0, PAGES, 5);
    const { top } = log;
    for (const use of [
      () => field.get(page),
      () => field.runLength(page, 1),
      () => field.set(page, 9),
      () => field.setRun(page, 2, 9),
      () => field.store(page, 1, 9),
      () => field.flip(page, 1, 9),
    ])
      expect(use).toThrow(/there is no page of the store/);
    expect(log.top).toBe(top);
    expect(new Set(contents(field))).toEqual(new Set([5]));
  },
);

test('a run that leaves the store is refused whole', () => {
  const field = new PageField(0, PAGES, new WriteLog());
  expect(() => field.setRun(PAGES - 1, 2, 9)).toThrow(/there is no page of the store/);
  expect(() => field.setRun(3, -1, 9)).toThrow(/there is no page of the store/);
  expect([...field.runs()]).toEqual([]);
});

describe('a field of many gigabytes', () => {
  const GIB8 = REGION_PAGES << 12;
  const end = 2 * GIB8 + 5000;
  /** Where runs begin and end: around the borders of regions and of 8 GiB. */
  const borders = [
    ...[0, GIB8, 2 * GIB8].flatMap((at) => [at, at + 1, at + 511, at + 512, at + 1024]),
    ...[GIB8, 2 * GIB8].flatMap((at) => [at - 1025, at - 512, at - 1]),
    end,
  ].sort((a, b) => a - b);
  const run = fc
    .tuple(fc.nat(borders.length - 2), fc.nat(borders.length - 2), fc.integer({ min: -1, max: 2 }))
    .map(([a, b, value]) => ({ from: Math.min(a, b), to: Math.max(a, b) + 1, value }));
  const lengthOf = (index: number): number => (borders[index + 1] ?? 0) - (borders[index] ?? 0);

  /** The runs that a plain array would have, one entry for the pages between two borders. */
  function runsOf(plain: readonly number[]): { first: number; count: number; value: number }[] {
    const runs: { first: number; count: number; value: number }[] = [];
    plain.forEach((value, index) => {
      const last = runs.at(-1);
      const first = borders[index] ?? 0;
      if (last && last.value === value && last.first + last.count === first) last.count += lengthOf(index);
      else runs.push({ first, count: lengthOf(index), value });
    });
    return runs.filter(({ value }) => value !== 0);
  }

  test('holds what a plain array holds, and flips and the log lead back to where it started', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 25 }), (all) => {
        const log = new WriteLog();
        const field = new PageField(0, end, log);
        const plain = new Array<number>(borders.length - 1).fill(0);
        for (const { from, to, value } of all) {
          const first = borders[from] ?? 0;
          field.setRun(first, (borders[to] ?? 0) - first, value);
          plain.fill(value, from, to);
          expect([...field.runs()]).toEqual(runsOf(plain));
          for (const page of borders.slice(0, -1)) expect(field.get(page)).toBe(plain[borders.indexOf(page)]);
        }
        for (const { from, to } of [...all, ...all].reverse()) {
          const first = borders[from] ?? 0;
          field.flip(first, (borders[to] ?? 0) - first, 5);
        }
        expect([...field.runs()]).toEqual(runsOf(plain));
        const { data } = log;
        for (let top = log.top; top > 0; top -= 5)
          field.store(data[top - 5] as number, data[top - 4] as number, data[top - 3] as number);
        expect([...field.runs()]).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test('takes memory where its pages differ, and nothing for a terabyte that agrees', () => {
    const field = new PageField(0, 2 ** 28, new WriteLog());
    field.setRun(0, 2 ** 28, 7);
    expect(field.byteLength).toBeLessThan(4096);
    field.setRun(2 ** 20, 3, 8);
    expect(field.byteLength).toBeLessThan(32_768);
    field.setRun(0, 2 ** 28, 7);
    expect(field.byteLength).toBeLessThan(8192);
  });
});
