/**
 * Every state that a search has reached, exactly, as differences from the root state. A cell is a word of the arena
 * or one page of one field. States are found again by their digest and then compared cell by cell.
 */
import type { PageField } from '../engine/memory/page-field';
import { followLog, type Digest } from '../engine/memory/digest';
import type { World } from '../engine/world';

const FREE = -1;

/** Numbers pushed one after the other. */
class Numbers {
  data = new Int32Array(1 << 10);
  top = 0;

  push(value: number): void {
    if (this.top === this.data.length) {
      const bigger = new Int32Array(this.top * 2);
      bigger.set(this.data);
      this.data = bigger;
    }
    this.data[this.top++] = value;
  }
}

export class StateStore {
  private readonly root: Int32Array;
  /** First cell of each field; words come before all of them. */
  private readonly firstCell: readonly number[];
  private readonly fields: readonly PageField[];
  /** Cells of the world that differ from the root now, and for every cell its place in that list, from 1. */
  private readonly differing = new Numbers();
  private readonly place: Int32Array;
  private readonly digest: Digest;
  private readonly rootDigest: Digest;

  // By state: where its cells start, its digest. Cells are pairs of cell and value.
  private readonly starts = new Numbers();
  private readonly lows = new Numbers();
  private readonly highs = new Numbers();
  private readonly cells = new Numbers();
  private slots = new Int32Array(1 << 12).fill(FREE);
  private count = 0;

  /** The world as given is the root, and state 0. */
  constructor(private readonly world: World) {
    this.fields = world.pages.fields;
    let next = world.arena.used;
    this.firstCell = this.fields.map((field) => {
      next += field.pageCount;
      return next - field.pageCount;
    });
    this.root = new Int32Array(next);
    this.place = new Int32Array(next);
    for (let cell = 0; cell < next; cell++) this.root[cell] = this.read(cell);
    this.rootDigest = world.digest();
    this.digest = { ...this.rootDigest };
    this.starts.push(0);
    this.add();
  }

  get size(): number {
    return this.count;
  }

  /** Bytes held for all states. */
  get byteLength(): number {
    return (this.cells.top + this.starts.top * 3 + this.slots.length) * 4;
  }

  /** Applies what the world wrote since a position of its log. */
  follow(from: number): void {
    const { log } = this.world;
    followLog(this.digest, log, from, log.top);
    this.compareCells(from, log.top);
  }

  /** Takes back what the world wrote since a position of its log, after `follow`. */
  undo(from: number, low: number, high: number): void {
    const { log } = this.world;
    const { top } = log;
    this.world.undo(from);
    this.compareCells(from, top);
    this.digest.low = low;
    this.digest.high = high;
  }

  get low(): number {
    return this.digest.low;
  }

  get high(): number {
    return this.digest.high;
  }

  /** The number of the present state, added when it is new. @returns the number, or -1 - number of a new one */
  meet(): number {
    const mask = this.slots.length - 1;
    let at = (this.digest.low ^ Math.imul(this.digest.high, 0x9e3779b1)) & mask;
    for (;;) {
      const state = this.slots[at] as number;
      if (state === FREE) return -1 - this.add();
      if (this.isPresent(state)) return state;
      at = (at + 1) & mask;
    }
  }

  /** Makes the world stand in a state. */
  load(state: number): void {
    const { differing, root } = this;
    for (let i = 0; i < differing.top; i++) {
      const cell = differing.data[i] as number;
      this.place[cell] = 0;
      this.write(cell, root[cell] as number);
    }
    differing.top = 0;
    const { data } = this.cells;
    const end = this.starts.data[state + 1] as number;
    for (let i = this.starts.data[state] as number; i < end; i += 2) {
      const cell = data[i] as number;
      this.write(cell, data[i + 1] as number);
      differing.push(cell);
      this.place[cell] = differing.top;
    }
    this.digest.low = this.lows.data[state] as number;
    this.digest.high = this.highs.data[state] as number;
    this.world.log.top = 0;
  }

  private isPresent(state: number): boolean {
    if (this.lows.data[state] !== this.digest.low || this.highs.data[state] !== this.digest.high)
      return false;
    const start = this.starts.data[state] as number;
    const end = this.starts.data[state + 1] as number;
    if (end - start !== this.differing.top * 2) return false;
    const { data } = this.cells;
    for (let i = start; i < end; i += 2) if (this.read(data[i] as number) !== data[i + 1]) return false;
    return true;
  }

  private add(): number {
    const state = this.count++;
    for (let i = 0; i < this.differing.top; i++) {
      const cell = this.differing.data[i] as number;
      this.cells.push(cell);
      this.cells.push(this.read(cell));
    }
    this.starts.push(this.cells.top);
    this.lows.push(this.digest.low);
    this.highs.push(this.digest.high);
    if (this.count * 2 > this.slots.length) this.slots = new Int32Array(this.slots.length * 4).fill(FREE);
    else {
      this.seat(state);
      return state;
    }
    for (let each = 0; each < this.count; each++) this.seat(each);
    return state;
  }

  private seat(state: number): void {
    const mask = this.slots.length - 1;
    const low = this.lows.data[state] as number;
    let at = (low ^ Math.imul(this.highs.data[state] as number, 0x9e3779b1)) & mask;
    while (this.slots[at] !== FREE) at = (at + 1) & mask;
    this.slots[at] = state;
  }

  private compareCells(from: number, to: number): void {
    const { data } = this.world.log;
    let top = to;
    while (top > from) {
      const tag = data[top - 1] as number;
      if (tag >= 0) {
        this.compare(tag);
        top -= 3;
      } else {
        const first = (this.firstCell[-1 - tag] as number) + (data[top - 5] as number);
        const end = first + (data[top - 4] as number);
        for (let cell = first; cell < end; cell++) this.compare(cell);
        top -= 5;
      }
    }
  }

  /** Keeps the list of differing cells right for one cell. */
  private compare(cell: number): void {
    const { differing, place } = this;
    const at = place[cell] as number;
    if (this.read(cell) !== this.root[cell]) {
      if (at !== 0) return;
      differing.push(cell);
      place[cell] = differing.top;
    } else if (at !== 0) {
      const last = differing.data[--differing.top] as number;
      differing.data[at - 1] = last;
      place[last] = at;
      place[cell] = 0;
    }
  }

  private read(cell: number): number {
    if (cell < this.world.arena.used) return this.world.arena.words[cell] as number;
    const field = this.fieldOf(cell);
    return (this.fields[field] as PageField).get(cell - (this.firstCell[field] as number));
  }

  private write(cell: number, value: number): void {
    if (cell < this.world.arena.used) {
      this.world.arena.words[cell] = value;
      return;
    }
    const field = this.fieldOf(cell);
    (this.fields[field] as PageField).store(cell - (this.firstCell[field] as number), 1, value);
  }

  private fieldOf(cell: number): number {
    let field = this.fields.length - 1;
    while ((this.firstCell[field] as number) > cell) field--;
    return field;
  }
}
