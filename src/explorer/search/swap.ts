/** An exchange of two vCPUs, done to packed states. */
import { lockHolders } from '../../engine/state/thread';
import type { Exchange } from './exchange';
import type { LiveCells } from './live-cells';
import type { Taken } from './taking';
import type { NamesIn } from './traced-world';

/** Fields of a row: where a cell stands, where the cell that it becomes stands, and its first entry in `table`. */
const ROW = 6;
const UNKNOWN = -1;

/** Two acts do what they do under exchanged names; it was only now found out what values become; or they do not. */
export type Likeness = 'alike' | 'learned' | 'different';

export class Swap {
  /** By cell and value: what the value becomes in the cell that this one becomes. */
  private readonly images = new Map<number, Map<number, number>>();
  /** By cell: values of which it is guessed what they become. */
  private readonly guessed = new Map<number, Set<number>>();
  private rows = new Int32Array(0);
  private cellOfRow: readonly number[] = [];
  /** By entry: the index that the index of a value becomes. */
  private table = new Int32Array(0);
  /** Bits of a packed state that stay as they are. */
  private keep = new Int32Array(0);

  constructor(
    private readonly exchange: Exchange,
    private readonly live: LiveCells,
    private readonly namesIn: (cell: number) => NamesIn,
  ) {}

  actOf(act: number): number {
    return this.exchange.acts[act] as number;
  }

  private cellOf(cell: number): number {
    return this.exchange.cells.get(cell) ?? cell;
  }

  /** What a value becomes: as was found out, or else as is most likely. */
  private imageOf(cell: number, value: number): number {
    const known = this.images.get(cell)?.get(value);
    if (known !== undefined) return known;
    const to = this.cellOf(cell);
    const taken = this.images.get(to);
    let guess = this.guess(cell, to, value);
    // A value that already belongs to another one: what that one became is free.
    for (let other = taken?.get(guess); other !== undefined; other = taken?.get(guess)) guess = other;
    this.relate(cell, value, to, guess);
    add(this.guessed, cell, value);
    add(this.guessed, to, guess);
    return guess;
  }

  private guess(cell: number, to: number, value: number): number {
    const names = this.namesIn(cell);
    if (names === 'threads') return threadOf(this.exchange, value);
    if (names === undefined || cell === to) return value;
    const [root] = this.live.valuesOf(cell);
    const [rootThere] = this.live.valuesOf(to);
    if (value === root) return rootThere as number;
    return value === rootThere ? (root as number) : value;
  }

  private relate(cell: number, value: number, to: number, image: number): void {
    put(this.images, cell, value, image);
    put(this.images, to, image, value);
  }

  /** An act wrote a value, and the act that it becomes wrote another one. */
  private learn(cell: number, value: number, image: number): Likeness {
    const to = this.cellOf(cell);
    const known = this.images.get(cell)?.get(value);
    const back = this.images.get(to)?.get(image);
    if (known === image && back === value) {
      this.guessed.get(cell)?.delete(value);
      this.guessed.get(to)?.delete(image);
      return 'alike';
    }
    if (known !== undefined && this.guessed.get(cell)?.has(value) !== true) return 'different';
    if (back !== undefined && this.guessed.get(to)?.has(image) !== true) return 'different';
    if (known !== undefined) this.forget(cell, value, known);
    if (back !== undefined) this.forget(cell, back, image);
    this.relate(cell, value, to, image);
    const isFixed = cell === to && value !== image && !this.cellOfRow.includes(cell);
    return known === undefined && back === undefined && !isFixed ? 'alike' : 'learned';
  }

  private forget(cell: number, value: number, image: number): void {
    const to = this.cellOf(cell);
    this.images.get(cell)?.delete(value);
    this.images.get(to)?.delete(image);
    this.guessed.get(cell)?.delete(value);
    this.guessed.get(to)?.delete(image);
  }

  /** Live cells become live cells with the same values: what misses is noted. */
  close(): void {
    const { live } = this;
    for (const cell of live.cells) {
      const to = this.cellOf(cell);
      live.noteReads([to]);
      for (const value of live.valuesOf(cell)) live.noteValue(to, this.imageOf(cell, value));
    }
  }

  /** Packed states have a new form. */
  compile(): void {
    const { live } = this;
    const isStill = (cell: number): boolean =>
      !this.exchange.cells.has(cell) &&
      live.valuesOf(cell).every((value) => this.imageOf(cell, value) === value);
    this.cellOfRow = live.cells.filter((cell) => !isStill(cell));
    this.keep = new Int32Array(live.words).fill(-1);
    this.rows = new Int32Array(this.cellOfRow.length * ROW);
    let top = 0;
    this.cellOfRow.forEach((cell, row) => {
      const to = this.cellOf(cell);
      const [word, shift, mask] = [live.word, live.shift, live.mask].map((by) => by[cell] as number) as [
        number,
        number,
        number,
      ];
      this.rows.set([word, shift, mask, live.word[to] as number, live.shift[to] as number, top], row * ROW);
      this.keep[word] = (this.keep[word] as number) & ~(mask << shift);
      top += mask + 1;
    });
    this.table = new Int32Array(top).fill(UNKNOWN);
  }

  /** Puts a packed state under exchanged names into another one. */
  apply(from: Int32Array, into: Int32Array): void {
    const { rows, table, keep } = this;
    for (let word = 0; word < keep.length; word++)
      into[word] = (from[word] as number) & (keep[word] as number);
    for (let row = 0; row < rows.length; row += ROW) {
      const index =
        ((from[rows[row] as number] as number) >>> (rows[row + 1] as number)) & (rows[row + 2] as number);
      const entry = (rows[row + 5] as number) + index;
      let image = table[entry] as number;
      if (image < 0) image = table[entry] = this.indexOf(this.cellOfRow[row / ROW] as number, index);
      const word = rows[row + 3] as number;
      into[word] = (into[word] as number) | (image << (rows[row + 4] as number));
    }
  }

  /** The index of what a value becomes; the live cells may be stale behind it. */
  private indexOf(cell: number, index: number): number {
    const { live } = this;
    const value = live.valuesOf(cell)[index];
    if (value === undefined) throw new Error(`cell ${cell} has no value ${index}`);
    const to = this.cellOf(cell);
    const image = this.imageOf(cell, value);
    live.noteValue(to, image);
    return live.isStale ? 0 : live.indexOf(to, image);
  }

  /** Whether what one act did is under exchanged names what another one did, as far as live cells tell. */
  compare(one: Taken, other: Taken): Likeness {
    if (one.outcome !== other.outcome || one.hits.join() !== other.hits.join()) return 'different';
    const reads = this.liveOf(other.reads);
    let rest = reads.size;
    for (const [cell, value] of this.liveOf(one.reads)) {
      if (reads.get(this.cellOf(cell)) !== this.imageOf(cell, value)) return 'different';
      rest--;
    }
    if (rest !== 0) return 'different';
    const writes = this.liveOf(other.writes);
    rest = writes.size;
    let found: Likeness = 'alike';
    for (const [cell, value] of this.liveOf(one.writes)) {
      const image = writes.get(this.cellOf(cell));
      if (image === undefined) return 'different';
      const likeness = this.learn(cell, value, image);
      if (likeness === 'different') return likeness;
      if (likeness === 'learned') found = likeness;
      rest--;
    }
    return rest === 0 ? found : 'different';
  }

  private liveOf({ cells, values }: Taken['reads']): Map<number, number> {
    const found = new Map<number, number>();
    cells.forEach((cell, at) => {
      if (this.live.isLive(cell)) found.set(cell, values[at] as number);
    });
    return found;
  }
}

/** A holder of a lock, when two vCPUs exchange their names. */
function threadOf({ one, other }: Exchange, holder: number): number {
  const [first, second] = [one, other].map((vcpu) => lockHolders.indexOf(`v${vcpu}`)) as [number, number];
  return holder === first ? second : holder === second ? first : holder;
}

function put(map: Map<number, Map<number, number>>, cell: number, value: number, image: number): void {
  const ofCell = map.get(cell) ?? new Map<number, number>();
  map.set(cell, ofCell.set(value, image));
}

function add(map: Map<number, Set<number>>, cell: number, value: number): void {
  map.set(cell, (map.get(cell) ?? new Set<number>()).add(value));
}
