/**
 * The logged memory under every declared variable and every byte image: one array of 32-bit words in which
 * each write leaves a record that can be undone, replayed and shown.
 */

import { assert, outside } from '../../base/assert';
import type { Meter } from './meter';

/** Address of a 32-bit word in the arena. */
export type WordAddress = number;

/** A record in the write log, seen from its end: words are [old, new, address], page runs five words (page-field.ts). */
export const WORD_RECORD = 3;
export const PAGES_RECORD = 5;

/** Growing stack of 32-bit integers that both the arena and the page store append their writes to. */
export class WriteLog {
  data = new Int32Array(1 << 14);
  top = 0;
  /** Beyond this length `reserve` must be called before a record is written. */
  limit = this.data.length - PAGES_RECORD;
  /** Counts the writes of an act. */
  meter: Meter | undefined;
  /** Told when somebody asks what a word, or (as -1 - id) a field of pages, was before: a search notes what an act reads. */
  onLookBack: ((place: number) => void) | undefined;

  private sealed = false;

  /** Seals the log: no write is possible from here on, since there is never room for a record. */
  seal(): void {
    this.sealed = true;
    this.data = new Int32Array(0);
    this.top = 0;
    this.limit = -1;
  }

  /** Makes room for one more record of up to five words, as far as the budget of the act goes. */
  reserve(): void {
    assert(!this.sealed, 'the world at a position of a timeline is there to be read');
    const isFull = this.top + PAGES_RECORD > this.data.length;
    const { meter } = this;
    if (meter && (isFull || this.top >= meter.askAtWord))
      meter.ask(this.top, isFull ? this.data.byteLength : 0);
    if (isFull) {
      const bigger = new Int32Array(this.data.length * 2);
      bigger.set(this.data);
      this.data = bigger;
    }
    this.setLimit();
  }

  /** An act begins or ends: the meter has said when it wants to be asked. */
  setLimit(): void {
    this.limit = Math.min(this.data.length - PAGES_RECORD, (this.meter?.askAtWord ?? Infinity) - 1);
  }
}

const WORD = 'word of the arena';
const scratch64 = new BigUint64Array(1);
const scratch32 = new Int32Array(scratch64.buffer);

export class Arena {
  private buffer: ArrayBuffer;
  /** The words that are given out and no more: a read of another one finds nothing. */
  words: Int32Array;
  private quads: BigUint64Array;
  /** Number of words given out. */
  used = 0;
  private defersViews = false;

  constructor(
    private readonly log: WriteLog,
    capacity = 1 << 15,
  ) {
    this.buffer = new ArrayBuffer(capacity * 4);
    this.words = new Int32Array(this.buffer, 0, 0);
    this.quads = new BigUint64Array(this.buffer, 0, 0);
  }

  /** Gives out `count` zeroed words, starting at an even address so that 64-bit variables are aligned. */
  allocate(count: number): WordAddress {
    const at = this.used;
    this.used += (count + 1) & ~1;
    if (this.used * 4 > this.buffer.byteLength) {
      const bigger = new ArrayBuffer(Math.max(this.used * 4, this.buffer.byteLength * 2));
      new Int32Array(bigger).set(new Int32Array(this.buffer));
      this.buffer = bigger;
    }
    if (!this.defersViews) this.makeViews();
    return at;
  }

  /** Until `makeViews`, allocated words cannot be read or written: making views for each allocation takes time. */
  deferViews(): void {
    this.defersViews = true;
  }

  /** Makes the views of all allocated words. */
  makeViews(): void {
    this.defersViews = false;
    this.words = new Int32Array(this.buffer, 0, this.used);
    this.quads = new BigUint64Array(this.buffer, 0, this.used / 2);
  }

  get byteLength(): number {
    return this.buffer.byteLength;
  }

  read(at: WordAddress): number {
    return this.words[at] ?? outside(WORD, at, this.used);
  }

  /** @param value a 32-bit integer, signed as Int32Array holds it */
  write(at: WordAddress, value: number): void {
    const old = this.words[at] ?? outside(WORD, at, this.used);
    const next = value | 0;
    if (old === next) return;
    const log = this.log;
    if (log.top > log.limit) log.reserve();
    const data = log.data;
    const top = log.top;
    data[top] = old;
    data[top + 1] = next;
    data[top + 2] = at;
    log.top = top + WORD_RECORD;
    this.words[at] = next;
  }

  /** @param at an even address */
  read64(at: WordAddress): bigint {
    return this.quads[at / 2] ?? outside(WORD, at, this.used);
  }

  /** @param at an even address */
  write64(at: WordAddress, value: bigint): void {
    scratch64[0] = value;
    this.write(at, scratch32[0] as number);
    this.write(at + 1, scratch32[1] as number);
  }
}
