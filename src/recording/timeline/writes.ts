/**
 * The writes of a step or of a range of steps, old XOR new, so that the same bytes work forwards and backwards and two
 * adjacent ranges combine into one.
 *
 *     words   (address step << 4 | bytes that differ), those bytes            ascending addresses
 *     end     run count << 4
 *     runs    field | form << 4, [first page - end of the last run, count], old XOR new
 */
import { itemAt } from '../../base/assert';
import type { Arena } from '../../engine/memory/arena';
import type { PageField } from '../../engine/memory/page-field';
import { byteMask, type ByteReader, type ByteStream } from './byte-stream';
import { PageRuns } from './page-runs';
import { sortAscending } from './sort';

/** The part of a world that steps change. */
export interface Memory {
  readonly arena: Arena;
  readonly fields: readonly PageField[];
}

/** Collects writes in any order, and encodes them sorted, each place once. */
export class Writes {
  private readonly differences: Int32Array;
  private readonly listed: Uint8Array;
  private addresses = new Int32Array(256);
  private addressCount = 0;
  private readonly runs: PageRuns;

  constructor(wordCount: number, fieldCount: number) {
    this.differences = new Int32Array(wordCount);
    this.listed = new Uint8Array(wordCount);
    this.runs = new PageRuns(fieldCount);
  }

  addWord(address: number, difference: number): void {
    this.differences[address] = (this.differences[address] as number) ^ difference;
    if (this.listed[address] === 1) return;
    this.listed[address] = 1;
    if (this.addressCount === this.addresses.length) {
      const bigger = new Int32Array(this.addressCount * 2);
      bigger.set(this.addresses);
      this.addresses = bigger;
    }
    this.addresses[this.addressCount++] = address;
  }

  /** Adds the records of a write log between two positions. */
  addLog(data: Int32Array, from: number, to: number): void {
    let top = to;
    while (top > from) {
      const tag = data[top - 1] as number;
      if (tag >= 0) {
        this.addWord(tag, (data[top - 3] as number) ^ (data[top - 2] as number));
        top -= 3;
      } else {
        const difference = (data[top - 3] as number) ^ (data[top - 2] as number);
        this.runs.add(-1 - tag, data[top - 5] as number, data[top - 4] as number, difference);
        top -= 5;
      }
    }
  }

  /** Adds encoded writes; the reader moves past them. */
  addWritten(reader: ByteReader): void {
    readWrites(
      reader,
      (address, difference) => this.addWord(address, difference),
      (field, first, count, difference) => this.runs.add(field, first, count, difference),
    );
  }

  /** Encodes everything collected to `out`, and clears it. */
  writeTo(out: ByteStream): void {
    const { addressCount, differences, listed } = this;
    const addresses = this.addresses.subarray(0, addressCount);
    sortAscending(addresses);
    out.reserve(addressCount * 9 + 10);
    let last = 0;
    for (let i = 0; i < addressCount; i++) {
      const address = addresses[i] as number;
      const difference = differences[address] as number;
      listed[address] = 0;
      if (difference === 0) continue;
      differences[address] = 0;
      const mask = byteMask(difference);
      out.unsigned(((address - last) << 4) | mask);
      out.masked(difference, mask);
      last = address;
    }
    this.addressCount = 0;
    this.runs.writeTo(out);
  }
}

/** Reads writes and calls back for each; the reader moves past them. */
export function readWrites(
  reader: ByteReader,
  onWord: (address: number, difference: number) => void,
  onRun: (field: number, first: number, count: number, difference: number) => void,
): void {
  let address = 0;
  for (;;) {
    const head = reader.unsigned();
    const mask = head & 15;
    if (mask === 0) {
      readRuns(reader, head >>> 4, onRun);
      return;
    }
    address += head >>> 4;
    onWord(address, reader.masked(mask));
  }
}

function readRuns(
  reader: ByteReader,
  runCount: number,
  onRun: (field: number, first: number, count: number, difference: number) => void,
): void {
  let end = 0;
  let count = 0;
  for (let i = 0; i < runCount; i++) {
    const head = reader.unsigned();
    let first = end;
    if (head < 16) {
      first += reader.signed();
      count = reader.unsigned();
    } else if (head < 32) first -= count;
    onRun(head & 15, first, count, reader.unsigned() | 0);
    end = first + count;
  }
}

/** Moves the reader past the writes. */
export function skipWrites(reader: ByteReader): void {
  for (;;) {
    const head = reader.unsigned();
    const mask = head & 15;
    if (mask === 0) return readRuns(reader, head >>> 4, () => undefined);
    reader.at += (mask & 1) + ((mask >> 1) & 1) + ((mask >> 2) & 1) + (mask >> 3);
  }
}

/** Applies writes to the memory, forwards or backwards alike; the reader moves past them. */
export function applyWrites(reader: ByteReader, memory: Memory): void {
  const { words } = memory.arena;
  let address = 0;
  for (;;) {
    const head = reader.unsigned();
    const mask = head & 15;
    if (mask === 0) {
      if (head !== 0) applyRuns(reader, head >>> 4, memory.fields);
      return;
    }
    address += head >>> 4;
    words[address] = (words[address] as number) ^ reader.masked(mask);
  }
}

/** `readRuns` without a call for every run and number: most of the time of a long seek goes here. */
function applyRuns(reader: ByteReader, runCount: number, fields: readonly PageField[]): void {
  const { bytes } = reader;
  let { at } = reader;
  let end = 0;
  let count = 0;
  for (let i = 0; i < runCount; i++) {
    const head = bytes[at++] as number;
    let first = end;
    if (head < 16) {
      reader.at = at;
      first += reader.signed();
      count = reader.unsigned();
      at = reader.at;
    } else if (head < 32) first -= count;
    let bits = bytes[at++] as number;
    if (bits >= 128) {
      reader.at = at - 1;
      bits = reader.unsigned();
      at = reader.at;
    }
    itemAt(fields, head & 15, 'field of pages').flip(first, count, bits);
    end = first + count;
  }
  reader.at = at;
}
