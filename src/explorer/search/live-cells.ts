/**
 * The cells in which states differ as far as anybody can tell: those that some act or question reads and that have more
 * than one value. A state is the values of these cells, packed into a few words. Of cells that nobody reads, and of those
 * that never change, a state knows nothing.
 */

const NO_PLACE = -1;

export class LiveCells {
  readonly isRead: Uint8Array;
  /** Cells that only parts of handlers read, for nobody: see `IdleReads`. */
  private readonly isIdle: Uint8Array;
  /** Idle cells that got a value, or are needed: what was found out about parts that read them does not hold. */
  readonly changed = new Set<number>();
  /** What a cell is where the search begins, once it was asked. */
  private readonly root: Int32Array;
  private readonly rootIsKnown: Uint8Array;
  /** Values of cells that have more than the one they begin with; a value is written as its index. */
  private readonly values: (Map<number, number> | undefined)[];
  /** The same the other way round: the value of each index. */
  private readonly valueAt: (number[] | undefined)[];
  private readonly varying: number[] = [];
  private order: readonly number[] = [];
  /** Where the value of a cell stands in a packed state: which word, behind how many bits, and its ones. */
  readonly word: Int32Array;
  readonly shift: Int32Array;
  readonly mask: Int32Array;
  /** A cell became live, or has more values than its place can hold: packed states are worth nothing any more. */
  isStale = true;
  words = 0;
  /** The live cells of each word. */
  private cellsOfWord: readonly (readonly number[])[] = [];

  /**
   * @param atRoot what a cell is where the search begins
   * @param everyCell every cell that changes counts as read: nothing is left out
   */
  constructor(
    cellCount: number,
    private readonly atRoot: (cell: number) => number,
    private readonly everyCell: boolean,
  ) {
    this.isRead = new Uint8Array(cellCount);
    this.isIdle = new Uint8Array(cellCount);
    this.root = new Int32Array(cellCount);
    this.rootIsKnown = new Uint8Array(cellCount);
    this.values = new Array<Map<number, number> | undefined>(cellCount).fill(undefined);
    this.valueAt = new Array<number[] | undefined>(cellCount).fill(undefined);
    this.word = new Int32Array(cellCount).fill(NO_PLACE);
    this.shift = new Int32Array(cellCount);
    this.mask = new Int32Array(cellCount);
  }

  isLive(cell: number): boolean {
    return this.word[cell] !== NO_PLACE;
  }

  noteReads(cells: ArrayLike<number>): void {
    for (let at = 0; at < cells.length; at++) {
      const cell = cells[at] as number;
      if (this.isRead[cell] === 1) continue;
      this.isRead[cell] = 1;
      if (this.values[cell]) this.isStale = true;
      if (this.isIdle[cell] === 1) this.outdate(cell);
    }
  }

  /** Cells that were thought idle count as read. */
  need(cells: readonly number[]): void {
    this.noteReads(cells);
    for (const cell of cells) this.outdate(cell);
  }

  /** Only parts of handlers read a cell, and nothing comes of it. */
  isForNobody(cell: number): boolean {
    return this.isIdle[cell] === 1 && this.isRead[cell] !== 1;
  }

  noteIdle(cell: number): void {
    this.isIdle[cell] = 1;
  }

  private outdate(cell: number): void {
    this.changed.add(cell);
    this.isStale = true;
  }

  /** Every value that a cell had as far as is known. */
  valuesOf(cell: number): readonly number[] {
    return this.valueAt[cell] ?? [this.rootOf(cell)];
  }

  noteWrites({ cells, values }: { readonly cells: Int32Array; readonly values: Int32Array }): void {
    for (let at = 0; at < cells.length; at++) this.noteValue(cells[at] as number, values[at] as number);
  }

  noteValue(cell: number, value: number): void {
    let known = this.values[cell];
    if (!known) {
      const first = this.rootOf(cell);
      if (first === value) return;
      known = new Map([[first, 0]]);
      this.values[cell] = known;
      this.valueAt[cell] = [first];
      this.varying.push(cell);
      if (this.everyCell || this.isRead[cell] === 1) this.isStale = true;
    }
    if (known.has(value)) return;
    if (this.isIdle[cell] === 1) this.outdate(cell);
    known.set(value, known.size);
    this.valueAt[cell]?.push(value);
    if (this.isLive(cell) && known.size > (this.mask[cell] as number) + 1) this.isStale = true;
  }

  /** Whether a packed state says what a cell is: it is live, or always the same as far as is known. */
  isTold(cell: number): boolean {
    return this.isLive(cell) || this.values[cell] === undefined;
  }

  /** Goes from one packed state to another: @param set is called with each live cell that is another one there */
  change(from: Int32Array, to: Int32Array, set: (cell: number, value: number) => void): void {
    for (let word = 0; word < this.words; word++) {
      const differing = (from[word] as number) ^ (to[word] as number);
      if (differing === 0) continue;
      for (const cell of this.cellsOfWord[word] ?? [])
        if (((differing >>> (this.shift[cell] as number)) & (this.mask[cell] as number)) !== 0)
          set(cell, this.valueIn(cell, to));
    }
  }

  private rootOf(cell: number): number {
    if (this.rootIsKnown[cell] !== 1) {
      this.rootIsKnown[cell] = 1;
      this.root[cell] = this.atRoot(cell);
    }
    return this.root[cell] as number;
  }

  /** Gives every live cell a place: the widest first, so that the words are filled. */
  pack(): void {
    const live = this.varying.filter((cell) => this.everyCell || this.isRead[cell] === 1);
    this.order = live.sort((a, b) => a - b);
    /** Bits taken in each word. */
    const taken: number[] = [];
    const cellsOfWord: number[][] = [];
    const widths = this.order.map((cell) => ({ cell, bits: bitsFor(this.valueCount(cell)) }));
    for (const { cell, bits } of widths.sort((a, b) => b.bits - a.bits || a.cell - b.cell)) {
      let word = taken.findIndex((used) => used + bits <= 32);
      if (word < 0) word = taken.push(0) - 1;
      (cellsOfWord[word] ??= []).push(cell);
      const shift = taken[word] as number;
      taken[word] = shift + bits;
      this.word[cell] = word;
      this.shift[cell] = shift;
      this.mask[cell] = 2 ** bits - 1;
    }
    this.words = Math.max(1, taken.length);
    this.cellsOfWord = cellsOfWord;
    this.isStale = false;
  }

  /** The number that stands for a value of a live cell. */
  indexOf(cell: number, value: number): number {
    const index = this.values[cell]?.get(value);
    if (index === undefined) throw new Error(`cell ${cell} was never ${value}`);
    return index;
  }

  /** The value of a cell in a packed state. */
  valueIn(cell: number, words: Int32Array): number {
    if (!this.isLive(cell)) return this.rootOf(cell);
    const packed = words[this.word[cell] as number] as number;
    const index = (packed >>> (this.shift[cell] as number)) & (this.mask[cell] as number);
    const value = this.valueAt[cell]?.[index];
    if (value === undefined) throw new Error(`cell ${cell} has no value ${index}`);
    return value;
  }

  get cells(): readonly number[] {
    return this.order;
  }

  private valueCount(cell: number): number {
    return this.values[cell]?.size ?? 1;
  }
}

const bitsFor = (values: number): number => Math.max(1, Math.ceil(Math.log2(values)));
