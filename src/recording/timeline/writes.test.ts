/** The writes of a step: collected in any order, written down once each, and applied forwards and backwards. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena, WriteLog } from '../../engine/memory/arena';
import { PageField } from '../../engine/memory/page-field';
import { runs as runsOf } from '../../testing/effort';
import { ByteReader, ByteStream } from './byte-stream';
import { applyWrites, readWrites, Writes, type Memory } from './writes';

const WORDS = 600;
const PAGES = 1100;
const FIELDS = 4;

type Word = readonly [address: number, difference: number];
type Run = readonly [field: number, first: number, count: number, difference: number];

/** What was written, read back. */
function readBack(out: ByteStream): { readonly words: Word[]; readonly runs: Run[] } {
  const words: Word[] = [];
  const runs: Run[] = [];
  const reader = new ByteReader(out.bytes.slice(0, out.top), 0);
  readWrites(
    reader,
    (address, difference) => words.push([address, difference | 0]),
    (...run) => runs.push(run),
  );
  expect(reader.at).toBe(out.top);
  return { words, runs };
}

/** The log of a world that made these writes, each from what stood there before. */
function logOf(words: readonly Word[], runs: readonly Run[]): Int32Array {
  const values = new Map<string, number>();
  const record = (key: string, difference: number): [number, number] => {
    const old = values.get(key) ?? 0;
    values.set(key, old ^ difference);
    return [old, old ^ difference];
  };
  return Int32Array.from([
    ...words.flatMap(([address, difference]) => [...record(`${address}`, difference), address]),
    ...runs.flatMap(([field, first, count, difference]) => [
      first,
      count,
      ...record(`${field}.${first}`, difference),
      -1 - field,
    ]),
  ]);
}

/** What remains of writes: each word that differs, and of each field the longest runs of one difference. */
function remaining(words: readonly Word[], runs: readonly Run[]): { words: Word[]; runs: Run[] } {
  const byAddress = new Map<number, number>();
  for (const [at, difference] of words) byAddress.set(at, (byAddress.get(at) ?? 0) ^ difference);
  const pages = Array.from({ length: FIELDS }, () => new Int32Array(PAGES));
  for (const [field, first, count, difference] of runs) {
    const of = pages[field] as Int32Array;
    for (let at = first; at < first + count; at++) of[at] = (of[at] as number) ^ difference;
  }
  const left: Run[] = [];
  pages.forEach((of, field) => {
    for (let first = 0, at = 1; at <= PAGES; at++) {
      if (at < PAGES && of[at] === of[first]) continue;
      if (of[first] !== 0) left.push([field, first, at - first, of[first] as number]);
      first = at;
    }
  });
  return {
    words: [...byAddress].filter(([, difference]) => difference !== 0).sort(([a], [b]) => a - b),
    runs: left,
  };
}

const anyBits = fc.oneof(fc.constantFrom(0, 1, 0x80, 0xff00, 0x10_0001, -1, 1 << 31), fc.integer());
const anyWord: fc.Arbitrary<Word> = fc.tuple(
  fc.oneof(fc.nat(WORDS - 1), fc.integer({ min: 8, max: 11 })),
  anyBits,
);
/** Few places, so that runs touch, cover and undo one another. */
const anyRun: fc.Arbitrary<Run> = fc
  .tuple(
    fc.nat(FIELDS - 1),
    fc.oneof(fc.nat(PAGES - 1), fc.integer({ min: 500, max: 520 })),
    fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: PAGES })),
    anyBits,
  )
  .map(([field, first, count, bits]) => [field, first, Math.min(count, PAGES - first), bits]);
const anyWrites = fc.tuple(
  fc.array(anyWord, { maxLength: 300, size: 'max' }),
  fc.oneof(
    { weight: 3, arbitrary: fc.array(anyRun, { maxLength: 8 }) },
    fc.array(anyRun, { maxLength: 150, size: 'max' }),
  ),
);

describe('writes in any order', () => {
  test('are written down sorted, each place once, equal neighbours joined, and nothing that was undone', () => {
    const writes = new Writes(WORDS, FIELDS);
    fc.assert(
      fc.property(anyWrites, ([words, runs]) => {
        const log = logOf(words, runs);
        writes.addLog(log, 0, log.length);
        const out = new ByteStream(1);
        writes.writeTo(out);
        const wanted = remaining(words, runs);
        expect(readBack(out)).toEqual(wanted);
        const empty = new ByteStream();
        writes.writeTo(empty);
        expect([...empty.bytes.slice(0, empty.top)]).toEqual([0]);
      }),
      { numRuns: runsOf(40) },
    );
  });

  test('only of the part of the log that is asked for', () => {
    const log = logOf(
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
      ],
      [],
    );
    const writes = new Writes(WORDS, FIELDS);
    writes.addLog(log, 3, 9);
    const out = new ByteStream();
    writes.writeTo(out);
    expect(readBack(out).words).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });

  test('of two ranges give the writes of both together', () => {
    fc.assert(
      fc.property(anyWrites, anyWrites, ([words, runs], [moreWords, moreRuns]) => {
        const parts = [logOf(words, runs), logOf(moreWords, moreRuns)].map((log) => {
          const writes = new Writes(WORDS, FIELDS);
          writes.addLog(log, 0, log.length);
          const out = new ByteStream();
          writes.writeTo(out);
          return out;
        });
        const both = new Writes(WORDS, FIELDS);
        for (const { bytes } of parts) both.addWritten(new ByteReader(bytes, 0));
        const out = new ByteStream();
        both.writeTo(out);
        expect(readBack(out)).toEqual(remaining([...words, ...moreWords], [...runs, ...moreRuns]));
      }),
      { numRuns: runsOf(20) },
    );
  });

  test('are applied forwards, and once more backwards', () => {
    fc.assert(
      fc.property(anyWrites, ([words, runs]) => {
        const writes = new Writes(WORDS, FIELDS);
        const log = logOf(words, runs);
        writes.addLog(log, 0, log.length);
        const out = new ByteStream();
        writes.writeTo(out);
        const writeLog = new WriteLog();
        const arena = new Arena(writeLog);
        arena.allocate(WORDS);
        const fields = Array.from({ length: FIELDS }, (_, id) => new PageField(id, PAGES, writeLog));
        const memory: Memory = { arena, fields };
        const content = () => ({
          words: [...arena.words].flatMap((value, at) => (value === 0 ? [] : [[at, value]])),
          runs: fields.flatMap((of, field) =>
            [...of.runs()].map(({ first, count, value }) => [field, first, count, value]),
          ),
        });
        const reader = new ByteReader(out.bytes, 0);
        applyWrites(reader, memory);
        expect(reader.at).toBe(out.top);
        expect(content()).toEqual(remaining(words, runs));
        applyWrites(new ByteReader(out.bytes, 0), memory);
        expect(content()).toEqual({ words: [], runs: [] });
      }),
      { numRuns: runsOf(20) },
    );
  });
});

/** The bytes of runs that were added in this order. */
function bytesOf(...runs: readonly Run[]): number[] {
  const writes = new Writes(WORDS, FIELDS);
  const log = logOf([], [...runs].reverse());
  writes.addLog(log, 0, log.length);
  const out = new ByteStream();
  writes.writeTo(out);
  return [...out.bytes.slice(0, out.top)];
}

describe('a word takes', () => {
  // Of each word the way from the last one << 4 | the bytes that differ, then those; 0 at the end.
  test.each<[string, readonly Word[], readonly number[]]>([
    ['one byte of content when its lowest byte differs', [[3, 0x12]], [(3 << 4) | 1, 0x12, 0]],
    ['no byte for what stays zero', [[3, 0x1200_3400]], [(3 << 4) | 0b1010, 0x34, 0x12, 0]],
    ['all four', [[0, 0x4433_2211]], [0b1111, 0x11, 0x22, 0x33, 0x44, 0]],
    [
      'the way from the word before it',
      [
        [5, 1],
        [7, 0x0001_0000],
      ],
      [(5 << 4) | 1, 1, (2 << 4) | 0b100, 1, 0],
    ],
    [
      'nothing when it was written back',
      [
        [5, 1],
        [7, 2],
        [5, 1],
      ],
      [(7 << 4) | 1, 2, 0],
    ],
  ])('%s', (_, words, bytes) => {
    const writes = new Writes(WORDS, FIELDS);
    const log = logOf(words, []);
    writes.addLog(log, 0, log.length);
    const out = new ByteStream();
    writes.writeTo(out);
    expect([...out.bytes.slice(0, out.top)]).toEqual(bytes);
  });
});

describe('a run of pages takes', () => {
  // Number of runs << 4; of each run field | form << 4, [twice the way from the last end, count], old XOR new.
  test.each<[string, readonly Run[], readonly number[]]>([
    ['its place when it is the first', [[1, 5, 3, 7]], [1 << 4, 1, 10, 3, 7]],
    [
      'one byte for its place when another field changed on the same pages',
      [
        [0, 5, 3, 7],
        [2, 5, 3, 9],
      ],
      [2 << 4, 0, 10, 3, 7, 2 | (1 << 4), 9],
    ],
    [
      'one byte for its place when it follows a run of the same length',
      [
        [1, 5, 3, 7],
        [1, 8, 3, 9],
      ],
      [2 << 4, 1, 10, 3, 7, 1 | (2 << 4), 9],
    ],
    [
      'its place when it follows a run of another length',
      [
        [1, 5, 3, 7],
        [1, 8, 2, 9],
      ],
      [2 << 4, 1, 10, 3, 7, 1, 0, 2, 9],
    ],
    [
      'its place when it begins at the same page with another length',
      [
        [0, 5, 3, 7],
        [2, 5, 2, 9],
      ],
      [2 << 4, 0, 10, 3, 7, 2, 5, 2, 9],
    ],
    [
      'its place when it has the same length elsewhere',
      [
        [1, 5, 3, 7],
        [1, 9, 3, 9],
      ],
      [2 << 4, 1, 10, 3, 7, 1, 2, 3, 9],
    ],
  ])('%s', (_, runs, bytes) => {
    expect(bytesOf(...runs)).toEqual(bytes);
  });
});
