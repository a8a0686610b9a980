/**
 * The cells in which states differ as far as anybody can tell: those that some act or question reads and that have more
 * than one value. A state is the values of these cells, packed into a few words. Of cells that nobody reads, and of those
 * that never change, a state knows nothing.
 */

/** Where the value of a cell stands in a packed state: which word, behind how many bits, and as many ones as it has bits. */
export interface Place {
  readonly word: number;
  readonly shift: number;
  readonly mask: number;
}

export class LiveCells {
  private readonly read = new Set<number>();
  /** Values of cells that have more than the one they begin with; a value is written as its index. */
  private readonly values = new Map<number, Map<number, number>>();
  private places = new Map<number, Place>();
  private order: number[] = [];
  /** A cell became live, or has more values than its place can hold: packed states are worth nothing any more. */
  isStale = true;
  words = 0;

  /** @param atRoot what a cell is where the search begins */
  constructor(private readonly atRoot: (cell: number) => number) {}

  noteReads(cells: Int32Array): void {
    for (const cell of cells) {
      if (this.read.has(cell)) continue;
      this.read.add(cell);
      if (this.values.has(cell)) this.isStale = true;
    }
  }

  noteWrites({ cells, values }: { readonly cells: Int32Array; readonly values: Int32Array }): void {
    for (let at = 0; at < cells.length; at++) this.noteValue(cells[at] as number, values[at] as number);
  }

  private noteValue(cell: number, value: number): void {
    let known = this.values.get(cell);
    if (!known) {
      const first = this.atRoot(cell);
      if (first === value) return;
      known = new Map([[first, 0]]);
      this.values.set(cell, known);
      if (this.read.has(cell)) this.isStale = true;
    }
    if (known.has(value)) return;
    known.set(value, known.size);
    const place = this.places.get(cell);
    if (place && known.size > place.mask + 1) this.isStale = true;
  }

  /** Gives every live cell a place. */
  pack(): void {
    this.order = [...this.read].filter((cell) => this.values.has(cell)).sort((a, b) => a - b);
    this.places = new Map();
    /** Bits taken in each word. */
    const taken: number[] = [];
    const widths = this.order.map((cell) => ({ cell, bits: bitsFor(this.values.get(cell)?.size ?? 1) }));
    for (const { cell, bits } of widths.sort((a, b) => b.bits - a.bits || a.cell - b.cell)) {
      let word = taken.findIndex((used) => used + bits <= 32);
      if (word < 0) word = taken.push(0) - 1;
      const shift = taken[word] as number;
      taken[word] = shift + bits;
      this.places.set(cell, { word, shift, mask: 2 ** bits - 1 });
    }
    this.words = Math.max(1, taken.length);
    this.isStale = false;
  }

  placeOf(cell: number): Place | undefined {
    return this.places.get(cell);
  }

  /** The number that stands for a value of a live cell. */
  indexOf(cell: number, value: number): number {
    const index = this.values.get(cell)?.get(value);
    if (index === undefined) throw new Error(`cell ${cell} was never ${value}`);
    return index;
  }

  get cells(): readonly number[] {
    return this.order;
  }

  /** How many values a cell has. */
  valueCount(cell: number): number {
    return this.values.get(cell)?.size ?? 1;
  }
}

/** Bits for so many values, with room for a few more where there are many. */
const bitsFor = (values: number): number => Math.max(1, Math.ceil(Math.log2(values)));
