/** Performs acts by their handlers, in the state that a packed one stands for, and keeps what they did. */
import type { World } from '../../engine/world';
import type { LiveCells } from './live-cells';
import type { Memo } from './memo';
import type { Scope, ScopeAct } from './scope';
import type { Taker } from './taking';

/** What an act does is not known yet: a cell is needed that was thought idle, and packed states get another form. */
export const NO_LEAF = -1;

/** What was done on the way to a state, as leaves, and the act that is taken there. */
export interface Way {
  readonly leaves: readonly number[];
  readonly act: number;
}

export class Performer {
  /** The packed state that the worlds are in. */
  private loaded = new Int32Array(0);
  /** Cells that differ from the first state while something is done behind a way, and what they were. */
  private readonly touched: number[] = [];
  private readonly isTouched: Uint8Array;
  private readonly was: Int32Array;

  constructor(
    private readonly scope: Scope,
    private readonly taker: Taker,
    private readonly live: LiveCells,
    private readonly memo: Memo,
  ) {
    this.isTouched = new Uint8Array(taker.cellCount);
    this.was = new Int32Array(taker.cellCount);
  }

  /**
   * Performs an act by the handlers in a packed state. Where they read a cell that it says nothing of, what was done on the
   * way is done again, and the cell is live from now on.
   * @param wayTo the way to it under the names of the first state; a state that is no such one has none
   * @returns the number of what the act did, or `NO_LEAF`
   */
  perform(words: Int32Array, act: number, wayTo?: () => Way): number {
    const { taker, memo, live } = this;
    this.load(words);
    let taken = taker.take(this.entry(act));
    let by = act;
    const untold = taken.reads.cells.findIndex((cell) => !live.isTold(cell));
    if (untold >= 0) {
      if (!wayTo) {
        live.noteReads(taken.reads.cells.subarray(0, untold + 1));
        return NO_LEAF;
      }
      this.leave();
      const way = wayTo();
      by = way.act;
      taken = this.after(way.leaves, () => taker.take(this.entry(by)));
    }
    if (taken.needed.length > 0) {
      live.need(taken.needed);
      return NO_LEAF;
    }
    return memo.add(by, taken);
  }

  private entry(act: number): ScopeAct {
    return this.scope.acts[act] as ScopeAct;
  }

  /** What is told of a packed state; the cells that this reads are live from now on. */
  tell(words: Int32Array, projection: (world: World) => string): string {
    this.load(words);
    const { told, reads } = this.taker.tell(projection);
    this.live.noteReads(reads);
    return told;
  }

  private load(words: Int32Array): void {
    this.live.change(this.loaded, words, this.setCell);
    this.loaded.set(words);
  }

  private readonly setCell = (cell: number, value: number): void => this.taker.set(cell, value);

  /** Goes back to the state in which the search begins. */
  leave(): void {
    const root = new Int32Array(this.loaded.length);
    this.live.change(this.loaded, root, this.setCell);
    this.loaded = root;
  }

  /** Packed states get the form that the live cells ask for now. */
  pack(): void {
    const { live, memo } = this;
    this.leave();
    live.pack();
    memo.rebuild();
    this.loaded = new Int32Array(live.words);
  }

  /** Does something behind what was done on a way; the worlds are where the search begins. */
  after<T>(way: readonly number[], work: () => T): T {
    const { taker, memo, live, touched, isTouched, was } = this;
    for (const leaf of way) {
      const { cells, values } = memo.leaf(leaf).writes;
      // What is idle is not known behind a way, and stays as it was at first.
      // All of them before the first is set: whether an image exists and its words are written together.
      for (const cell of cells) {
        if (isTouched[cell] === 1 || live.isForNobody(cell)) continue;
        isTouched[cell] = 1;
        touched.push(cell);
        was[cell] = taker.get(cell);
      }
      for (let at = 0; at < cells.length; at++)
        if (!live.isForNobody(cells[at] as number)) taker.set(cells[at] as number, values[at] as number);
    }
    const done = work();
    for (const cell of touched) {
      taker.set(cell, was[cell] as number);
      isTouched[cell] = 0;
    }
    touched.length = 0;
    return done;
  }
}
