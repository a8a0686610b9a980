import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { bytesView } from '../base/bytes';
import type { Gfn, Gpa } from './address';
import { LayoutError, struct, word } from './layout';
import { source } from './source';

const here = source.ghcb('made up for this test');

const mixed = word('mixed', here, {
  info: { bits: [11, 0], is: 0x014n, doc: 'constant' },
  gfn: { bits: [51, 12], as: 'gfn', doc: 'across both halves' },
  operation: { bits: [55, 52], names: { 1: 'private' }, doc: 'in the high half' },
  reserved: { bits: [63, 56], reserved: true, doc: 'Reserved' },
});

const wide = word('wide', here, {
  flag: { bits: [0, 0], as: 'flag', doc: 'one bit' },
  rest: { bits: [63, 1], doc: '63 bits' },
});

describe('word', () => {
  test('a missing field is its constant, or zero', () => {
    expect(mixed.encode({ gfn: 0x12345, operation: 1 })).toBe(0x0010_0000_1234_5014n);
    expect(mixed.encode({})).toBe(0x014n);
  });

  test('an explicit value wins over the constant, so malformed words can be spelled', () => {
    expect(mixed.encode({ info: 0x015, reserved: 0x80 })).toBe(0x8000_0000_0000_0015n);
  });

  test('narrow fields are numbers, wider ones bigints', () => {
    const decoded = mixed.decode(0x0010_0000_1234_5014n);
    expectTypeOf(decoded.gfn).toEqualTypeOf<Gfn>();
    expectTypeOf(decoded.operation).toEqualTypeOf<number>();
    expectTypeOf(wide.decode(0n).rest).toEqualTypeOf<bigint>();
    expect(decoded).toEqual({ info: 0x014, gfn: 0x12345, operation: 1, reserved: 0 });
  });

  test.each([
    [{ gfn: 2 ** 40 }, 'mixed: gfn: 0x10000000000 does not fit 40 bits'],
    [{ operation: -1 }, 'mixed: operation: -0x1 does not fit 4 bits'],
    [{ operation: 1.5 }, 'mixed: operation: 1.5 is not an integer'],
    [{ opration: 1 }, "mixed: opration: no such field; did you mean 'operation'?"],
  ])('%j is refused by name', (values: Record<string, number>, message) => {
    expect(() => mixed.encode(values)).toThrow(LayoutError);
    expect(mixed.tryEncode(values)).toEqual({
      ok: false,
      error: { message, place: Object.keys(values)[0] },
    });
  });

  test('a reserved bit and a wrong constant are reported and kept', () => {
    const rows = mixed.explain(0x0100_0000_0000_0015n);
    expect(rows.map(({ name, text, problem }) => [name, text, problem])).toEqual([
      ['info', '0x15', 'must be 0x14'],
      ['gfn', '0x0', undefined],
      ['operation', '0', undefined],
      ['reserved', '1', 'reserved, must be zero'],
    ]);
  });

  test('fields taken from 32-bit halves agree with the decoded word', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
        const [lo, hi] = [Number(value & 0xffff_ffffn), Number(value >> 32n)];
        const decoded = mixed.decode(value);
        expect(mixed.field(lo, hi, 'info')).toBe(decoded.info);
        expect(mixed.field(lo, hi, 'gfn')).toBe(decoded.gfn);
        expect(mixed.field(lo, hi, 'operation')).toBe(decoded.operation);
        expect(mixed.field(lo, hi, 'reserved')).toBe(decoded.reserved);
        expect(BigInt(decoded.gfn)).toBe((value >> 12n) & 0xff_ffff_ffffn);
        expect(mixed.encode(decoded)).toBe(value);
        expect(wide.encode(wide.decode(value))).toBe(value);
      }),
    );
  });

  test.each([
    ['a gap', { low: { bits: [30, 0], doc: '' } }, 'some bits belong to no field'],
    [
      'an overlap',
      { low: { bits: [31, 0], doc: '' }, again: { bits: [31, 31], doc: '' } },
      'again overlaps another field',
    ],
    ['a range upside down', { low: { bits: [0, 31], doc: '' } }, '[0:31] is not a range of 32 bits'],
  ] as const)('%s is a mistake of ours', (_, fields, message) => {
    expect(() => word('bad', here, fields, { bits: 32 })).toThrow(message);
  });
});

const record = struct('record', here, 32, {
  gpa: { at: 0, size: 8, as: 'gpa', doc: 'an address' },
  word: { at: 8, size: 8, word: mixed, doc: 'bit fields inside' },
  args: { at: 16, size: 2, array: 3, doc: 'an array' },
  pad: { at: 22, size: 2, reserved: true, doc: 'Padding' },
  blob: { at: 24, size: 8, array: 1, doc: 'more' },
  old: { at: 0, size: 4, alias: true, doc: 'older name' },
});

describe('struct', () => {
  test('integers are little-endian: numbers up to 4 bytes, bigints for 8', () => {
    const bytes = new Uint8Array(40);
    const view = bytesView(bytes);
    record.set(view, 'gpa', 0x1_0000_2000n, 8);
    record.setItem(view, 'args', 2, 0xbeef, 8);
    expect(bytes.subarray(8, 16)).toEqual(new Uint8Array([0, 0x20, 0, 0, 1, 0, 0, 0]));
    expect(record.get(view, 'old', 8)).toBe(0x2000);
    expect(record.item(view, 'args', 2, 8)).toBe(0xbeef);
    expectTypeOf(record.get(view, 'gpa')).toEqualTypeOf<Gpa>();
    expectTypeOf(record.get(view, 'old')).toEqualTypeOf<number>();
  });

  test('a value that does not fit is refused by name', () => {
    const view = bytesView(new Uint8Array(32));
    expect(() => record.set(view, 'old', 2 ** 32)).toThrow('record: old: 0x100000000 does not fit 4 bytes');
    expect(() => record.set(view, 'gpa', -1n)).toThrow('record: gpa: -0x1 does not fit 8 bytes');
    expect(() => record.setItem(view, 'args', 3, 0)).toThrow('record: args: no item 3');
  });

  test('rows name array items and the fields of a word', () => {
    const encoded = record.encode({ gpa: 0x1000n, 'word.gfn': 5, 'args[1]': 7, pad: 1 });
    expect(
      encoded.ok && record.explain(bytesView(encoded.value)).map((row) => `${row.name}=${row.text}`),
    ).toEqual([
      'gpa=0x1000',
      'word=0x5014',
      'word.info=0x14',
      'word.gfn=0x5',
      'word.operation=0',
      'word.reserved=0',
      'args[0]=0',
      'args[1]=7',
      'args[2]=0',
      'pad=1',
      'blob[0]=0',
      'old=0x1000',
    ]);
  });

  test.each([
    ['gaa', "record: gaa: no such field; did you mean 'gpa'?"],
    ['args[3]', 'record: args[3]: no item 3'],
    ['gpa.low', 'record: gpa.low: gpa has no fields'],
    ['word.gfm', "mixed: gfm: no such field; did you mean 'gfn'?"],
  ])('encode refuses %s', (name, message) => {
    expect(record.encode({ [name]: 1 })).toMatchObject({ ok: false, error: { message } });
  });

  test('a byte that belongs to no field, or to two, is a mistake of ours', () => {
    expect(() => struct('gap', here, 8, { a: { at: 0, size: 4, doc: '' } })).toThrow(
      'byte 0x4 belongs to no field',
    );
    expect(() =>
      struct('both', here, 4, { a: { at: 0, size: 4, doc: '' }, b: { at: 3, size: 1, doc: '' } }),
    ).toThrow('b overlaps a');
  });
});
