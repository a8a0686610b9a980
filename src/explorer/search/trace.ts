/** Which cells an act read before it wrote them, with what they were, and which it wrote. */

const NEVER = 0;

export class Trace {
  /** Cells in the order in which the act first read them, and their values before the act. */
  readonly readCells: number[] = [];
  readonly readValues: number[] = [];
  private readonly written: number[] = [];
  private readonly olds: number[] = [];
  private readonly marks: { world: number; top: number; length: number }[] = [];
  /** By cell: the act that read it, and the act that wrote it, as the number of the act. */
  private readAt = new Int32Array(0);
  private writtenAt = new Int32Array(0);
  private old = new Int32Array(0);
  private now = NEVER;
  private on = false;

  grow(cells: number): void {
    this.readAt = new Int32Array(cells);
    this.writtenAt = new Int32Array(cells);
    this.old = new Int32Array(cells);
  }

  begin(): void {
    this.now++;
    this.readCells.length = 0;
    this.readValues.length = 0;
    this.written.length = 0;
    this.olds.length = 0;
    this.marks.length = 0;
    this.on = true;
  }

  end(): void {
    this.on = false;
  }

  read(cell: number, value: number): void {
    if (!this.on || this.readAt[cell] === this.now || this.writtenAt[cell] === this.now) return;
    this.note(cell, value);
  }

  private note(cell: number, value: number): void {
    this.readAt[cell] = this.now;
    this.readCells.push(cell);
    this.readValues.push(value);
  }

  /** @param old what the cell is before this write */
  write(cell: number, old: number): void {
    if (!this.on || this.writtenAt[cell] === this.now) return;
    this.writtenAt[cell] = this.now;
    this.old[cell] = old;
    this.written.push(cell);
    this.olds.push(old);
  }

  /** What a cell was before the act matters, though the act may have written it. @param value what it is now */
  lookBack(cell: number, value: number): void {
    if (!this.on || this.readAt[cell] === this.now) return;
    this.note(cell, this.writtenAt[cell] === this.now ? (this.old[cell] as number) : value);
  }

  /** The log of a world has a position to which it may go back. */
  mark(world: number, top: number): void {
    if (this.on) this.marks.push({ world, top, length: this.written.length });
  }

  /** The writes behind a position of a world's log were taken back; acts of one world do not overlap. */
  undo(world: number, top: number): void {
    if (!this.on) return;
    const length = this.marks.findLast((mark) => mark.world === world && mark.top <= top)?.length ?? 0;
    for (let at = length; at < this.written.length; at++) this.writtenAt[this.written[at] as number] = NEVER;
    this.written.length = length;
    this.olds.length = length;
  }

  writtenCells(): readonly number[] {
    return this.written;
  }

  /** What the written cells were before the act, cell by cell. */
  oldValues(): readonly number[] {
    return this.olds;
  }
}
