/** Which cells an act read before it wrote them, with what they were, and which it wrote. */

const NEVER = 0;

/** Cells with one number each, in the order in which they came. */
class CellList {
  cells = new Int32Array(256);
  values = new Int32Array(256);
  length = 0;

  push(cell: number, value: number): void {
    if (this.length === this.cells.length) {
      this.cells = doubled(this.cells);
      this.values = doubled(this.values);
    }
    this.cells[this.length] = cell;
    this.values[this.length++] = value;
  }
}

export class Trace {
  /** Cells in the order in which the act first read them, and their values before the act. */
  readonly reads = new CellList();
  /** Cells in the order in which the act first wrote them, and what they were before it. */
  readonly written = new CellList();
  private readonly marks: { world: number; top: number; length: number }[] = [];
  /** By cell: the act that read it, and the act that wrote it, as the number of the act. */
  private readAt = new Int32Array(0);
  private writtenAt = new Int32Array(0);
  private old = new Int32Array(0);
  /** The number of the act; a number that no cell has where nothing is traced. */
  private now = NEVER;
  private on = false;

  grow(cells: number): void {
    this.readAt = new Int32Array(cells);
    this.writtenAt = new Int32Array(cells);
    this.old = new Int32Array(cells);
  }

  begin(): void {
    this.now++;
    this.reads.length = 0;
    this.written.length = 0;
    this.marks.length = 0;
    this.on = true;
  }

  end(): void {
    this.on = false;
  }

  read(cell: number, value: number): void {
    const { now } = this;
    if (!this.on || this.readAt[cell] === now || this.writtenAt[cell] === now) return;
    this.note(cell, value);
  }

  private note(cell: number, value: number): void {
    this.readAt[cell] = this.now;
    this.reads.push(cell, value);
  }

  /** @param old what the cell is before this write */
  write(cell: number, old: number): void {
    if (!this.on || this.writtenAt[cell] === this.now) return;
    this.writtenAt[cell] = this.now;
    this.old[cell] = old;
    this.written.push(cell, old);
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
    const { written } = this;
    const length = this.marks.findLast((mark) => mark.world === world && mark.top <= top)?.length ?? 0;
    for (let at = length; at < written.length; at++) this.writtenAt[written.cells[at] as number] = NEVER;
    written.length = length;
  }
}

function doubled(old: Int32Array): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(old.length * 2);
  bigger.set(old);
  return bigger;
}
