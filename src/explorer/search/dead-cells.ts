/**
 * Cells that are dead in a state: whatever follows writes them before it reads them, so that states which differ in them
 * alone have the same future. It is a live-variable analysis over everything that acts are known to do. As program points
 * serve the values of single cells, the guards: a cell is live at a value of a guard when some act reads it there, or does
 * not write it and leads to a value where it is live. A cell that is dead at the value of any guard is dead in the state.
 * No guard says anything of itself, and one after the other is asked: what one finds dead is gone when the next is asked. So
 * an act that is taken in what is left reads nothing that differs, and what it leads to differs in dead cells only.
 *
 * The analysis holds as long as every act that is taken is one of those it saw. An act that adds something makes what was
 * stored worthless, and the search begins again with what is known by then.
 */
import { mask, ownMemory, type Allocate } from './expanding';
import type { LiveCells } from './live-cells';
import type { Taken } from './taking';

/** Cells with more values than this are no guards, and of the others only those that most acts read. */
const MAX_GUARD_VALUES = 16;
const MAX_GUARDS = 24;

interface Guard {
  readonly cell: number;
  readonly word: number;
  readonly shift: number;
  readonly mask: number;
  /** First row of its values in `liveAt`. */
  readonly row: number;
}

export class DeadCells {
  private guards: readonly Guard[] = [];
  /** Words of a set of live cells. */
  private width = 0;
  /** Values of all guards. */
  private rows = 0;
  /** By row: the cells that are live at that value of that guard. */
  private liveAt = new Int32Array(0);
  /** By cell: its number in the sets, if it is live. */
  private readonly numberOf: Int32Array;
  /** By that number: which guard the cell is, if it is one. */
  private guardOf = new Int32Array(0);
  /** Guards that say something, as numbers: word, shift, mask, first row of `keep`. */
  guardWords: Int32Array = new Int32Array(0);
  /** By row: the bits of a packed state that are kept, one word after the other. */
  keep: Int32Array = new Int32Array(0);
  private isOn = false;
  /** What acts do, in the order in which it was found, under the present form of packed states. */
  private flows: Flow[] = [];

  /** @param isKept cells that stay as they are where they are dead */
  constructor(
    private readonly live: LiveCells,
    private readonly isKept: (cell: number) => boolean,
    private readonly allocate: Allocate = ownMemory,
  ) {
    this.numberOf = new Int32Array(live.isRead.length);
  }

  /** Looks at everything that acts are known to do. Packed states have a new form. */
  analyse(known: readonly { readonly taken: Taken }[]): void {
    const { live } = this;
    const { cells } = live;
    this.numberOf.fill(NO_NUMBER);
    cells.forEach((cell, number) => (this.numberOf[cell] = number));
    this.width = Math.ceil(cells.length / 32);
    let row = 0;
    this.guards = this.guardCells(known).map((cell): Guard => {
      const mask = live.mask[cell] as number;
      row += mask + 1;
      const [word, shift] = [live.word[cell] as number, live.shift[cell] as number];
      return { cell, word, shift, mask, row: row - mask - 1 };
    });
    this.guardOf = new Int32Array(cells.length).fill(NO_NUMBER);
    this.guards.forEach(({ cell }, guard) => (this.guardOf[this.numberOf[cell] as number] = guard));
    this.rows = row;
    this.liveAt = new Int32Array(row * this.width);
    this.isOn = true;
    this.flows = known.map(({ taken }) => this.flowOf(taken));
    this.settle();
  }

  /** Looks at what was added since. */
  settle(): void {
    const { flows } = this;
    for (let grew = true; grew;) {
      grew = false;
      for (let at = flows.length - 1; at >= 0; at--) if (this.follow(flows[at] as Flow)) grew = true;
    }
    this.compile();
  }

  private guardCells(known: readonly { readonly taken: Taken }[]): readonly number[] {
    const { live, numberOf } = this;
    const { cells } = live;
    const readers = new Int32Array(cells.length);
    for (const { taken } of known) {
      const read = taken.reads.cells;
      for (let at = 0; at < read.length; at++) {
        const number = numberOf[read[at] as number] as number;
        if (number !== NO_NUMBER) readers[number] = (readers[number] as number) + 1;
      }
    }
    return cells
      .map((cell, number) => ({ cell, often: readers[number] as number }))
      .filter(({ cell, often }) => often > 0 && (live.mask[cell] as number) < MAX_GUARD_VALUES)
      .sort((a, b) => b.often - a.often || a.cell - b.cell)
      .slice(0, MAX_GUARDS)
      .map(({ cell }) => cell);
  }

  /** Adds what one more act does. @returns whether cells became live that were not */
  add(taken: Taken): boolean {
    if (!this.isOn) return false;
    const flow = this.flowOf(taken);
    this.flows.push(flow);
    return this.follow(flow);
  }

  private flowOf({ outcome, reads, writes }: Taken): Flow {
    const { live, width, numberOf, guardOf, guards } = this;
    const read = new Int32Array(width);
    const stays = new Int32Array(width).fill(-1);
    const points = new Int16Array(guards.length * 2).fill(ANY);
    for (let at = 0; at < reads.cells.length; at++) {
      const cell = reads.cells[at] as number;
      const number = numberOf[cell] as number;
      if (number === NO_NUMBER) continue;
      read[number >> 5] = (read[number >> 5] as number) | (1 << (number & 31));
      const guard = guardOf[number] as number;
      if (guard !== NO_NUMBER) points[guard * 2] = live.indexOf(cell, reads.values[at] as number);
    }
    if (outcome !== 'taken') return { read, stays, points };
    for (let at = 0; at < writes.cells.length; at++) {
      const cell = writes.cells[at] as number;
      const number = numberOf[cell] as number;
      if (number === NO_NUMBER) continue;
      stays[number >> 5] = (stays[number >> 5] as number) & ~(1 << (number & 31));
      const guard = guardOf[number] as number;
      if (guard !== NO_NUMBER) points[guard * 2 + 1] = live.indexOf(cell, writes.values[at] as number);
    }
    return { read, stays, points };
  }

  /** What is live behind an act and not written by it, and what it reads, is live before it. */
  private follow({ read, stays, points }: Flow): boolean {
    const { guards, liveAt, width } = this;
    let grew = false;
    for (let at = 0; at < guards.length; at++) {
      const { row, mask } = guards[at] as Guard;
      const before = points[at * 2] as number;
      const after = points[at * 2 + 1] as number;
      const last = before === ANY ? mask : before;
      for (let value = before === ANY ? 0 : before; value <= last; value++) {
        const from = (row + (after === SAME ? value : after)) * width;
        const to = (row + value) * width;
        for (let i = 0; i < width; i++) {
          const old = liveAt[to + i] as number;
          const now = old | (read[i] as number) | ((liveAt[from + i] as number) & (stays[i] as number));
          if (now === old) continue;
          liveAt[to + i] = now;
          grew = true;
        }
      }
    }
    return grew;
  }

  /** Turns sets of cells into bits of packed states. */
  private compile(): void {
    const { live, width, liveAt } = this;
    const { words } = live;
    const keep = this.allocate(this.rows * words).fill(-1);
    const free = live.cells
      .map((cell, number) => [cell, number] as const)
      .filter(([cell]) => !this.isKept(cell));
    const telling: number[] = [];
    for (const { cell: guard, word, shift, mask, row } of this.guards) {
      let tells = false;
      for (let value = 0; value <= mask; value++)
        for (const [cell, number] of free) {
          const isLive = ((liveAt[(row + value) * width + (number >> 5)] as number) >>> (number & 31)) & 1;
          if (isLive === 1 || cell === guard) continue;
          const at = (row + value) * words + (live.word[cell] as number);
          keep[at] = (keep[at] as number) & ~((live.mask[cell] as number) << (live.shift[cell] as number));
          tells = true;
        }
      if (tells) telling.push(word, shift, mask, row * words);
    }
    this.keep = keep;
    this.guardWords = this.allocate(telling.length);
    this.guardWords.set(telling);
  }

  /** Puts every dead cell of a packed state to what it is where the search begins. */
  mask(state: Int32Array): void {
    mask(this, state);
  }
}

/** An act does not read the guard, so that it may be taken at any value. */
const ANY = -1;
/** It leaves the guard as it is. */
const SAME = -1;
/** A cell that is not live has no number, and one that is no guard has none among them. */
const NO_NUMBER = -1;

/** What one act does, as the analysis sees it. */
interface Flow {
  readonly read: Int32Array;
  /** Cells that are not written. */
  readonly stays: Int32Array;
  /** By guard: its value before the act and behind it. */
  readonly points: Int16Array;
}
