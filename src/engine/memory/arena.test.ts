import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesView } from '../../base/bytes';
import { Arena, WORD_RECORD, WriteLog } from './arena';
import { Image } from './image';

const SIZE = 64;

/** Accesses of every width at every alignment, all inside the image. */
const access = fc
  .tuple(fc.constantFrom(1, 2, 4, 8), fc.nat(SIZE - 8), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }))
  .map(([width, at, value]) => ({ width, at, value }));

function write(
  view: ReturnType<typeof bytesView>,
  { width, at, value }: { width: number; at: number; value: bigint },
) {
  if (width === 1) view.setU8(at, Number(value & 0xffn));
  else if (width === 2) view.setU16(at, Number(value & 0xffffn));
  else if (width === 4) view.setU32(at, Number(value & 0xffff_ffffn));
  else view.setU64(at, value);
}

const imageIn = (arena: Arena): Image => new Image(arena, arena.allocate(SIZE / 4), SIZE);

test('an image is little-endian bytes at any alignment', () => {
  fc.assert(
    fc.property(fc.array(access, { maxLength: 20 }), (accesses) => {
      const image = imageIn(new Arena(new WriteLog()));
      const plain = new Uint8Array(SIZE);
      const view = bytesView(plain);
      for (const one of accesses) {
        write(image, one);
        write(view, one);
        expect([image.u8(one.at), image.u16(one.at), image.u32(one.at), image.u64(one.at)]).toEqual([
          view.u8(one.at),
          view.u16(one.at),
          view.u32(one.at),
          view.u64(one.at),
        ]);
      }
      expect(image.toBytes()).toEqual(plain);
    }),
  );
});

test('clear zeroes exactly the bytes asked for', () => {
  fc.assert(
    fc.property(fc.nat(SIZE), fc.nat(SIZE), (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const image = imageIn(new Arena(new WriteLog()));
      for (let at = 0; at < SIZE; at++) image.setU8(at, 0xff);
      image.clear(from, to - from);
      expect(image.toBytes()).toEqual(new Uint8Array(SIZE).fill(0xff).fill(0, from, to));
    }),
  );
});

test('every change of a word is one record of old value, new value and address', () => {
  const log = new WriteLog();
  const arena = new Arena(log);
  const at = arena.allocate(2);
  arena.write64(at, 0x1_0000_0002n);
  arena.write(at, 2);
  arena.write(at, -1);
  expect([...log.data.subarray(0, log.top)]).toEqual([0, 2, at, 0, 1, at + 1, 2, -1, at]);
  expect(log.top).toBe(3 * WORD_RECORD);
  expect(arena.read64(at)).toBe(0x1_ffff_ffffn);
});

test('arena and log keep their content when they grow', () => {
  const log = new WriteLog();
  const arena = new Arena(log, 4);
  const first = arena.allocate(2);
  arena.write(first, 7);
  const second = arena.allocate(30_000);
  for (let i = 0; i < 30_000; i++) arena.write(second + i, i + 1);
  expect(arena.read(first)).toBe(7);
  expect([...log.data.subarray(0, 3)]).toEqual([0, 7, first]);
  expect(log.top).toBe(30_001 * WORD_RECORD);
});

test.each([-1, 0.5, 4, 2 ** 32, NaN])(
  'word %d of an arena that gave out four is neither read nor written',
  (at) => {
    const log = new WriteLog();
    const arena = new Arena(log);
    arena.allocate(4);
    for (const use of [
      () => arena.read(at),
      () => arena.write(at, 1),
      () => arena.read64(at),
      () => arena.write64(at, 1n),
    ])
      expect(use).toThrow(/there is no word of the arena/);
    expect(log.top).toBe(0);
  },
);

test('an image is not read or written outside its bytes, at any width', () => {
  const image = imageIn(new Arena(new WriteLog()));
  const outside = fc.oneof(fc.integer({ min: -9, max: -1 }), fc.integer({ min: SIZE, max: SIZE + 9 }));
  fc.assert(
    fc.property(outside, (at) => {
      for (const use of [
        () => image.u8(at),
        () => image.u16(at),
        () => image.u32(at),
        () => image.u64(at),
        () => image.setU8(at, 1),
        () => image.setU16(at, 1),
        () => image.setU32(at, 1),
        () => image.setU64(at, 1n),
        () => image.clear(at, 1),
        () => image.toBytes(at, 1),
      ])
        expect(use).toThrow(/there is no byte of an image/);
    }),
  );
  for (const use of [
    () => image.u64(SIZE - 7),
    () => image.setU32(SIZE - 3, 1),
    () => image.clear(0, SIZE + 1),
  ])
    expect(use).toThrow(/there is no byte of an image/);
});
