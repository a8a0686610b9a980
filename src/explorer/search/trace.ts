/** Which cells an act read before it wrote them, with what they were, and which it wrote. */
import type { Probe } from './probe';

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
  isOn = false;
  /** A part of a handler is done of which it is known that what it reads beside needed cells leads to nothing. */
  isApart = false;
  /** A part is tried out, of which nothing stays. */
  probe: Probe | undefined;
  /** Cells that are needed though they were thought idle: what the act did is not known. */
  readonly needed: number[] = [];
  /** Idle cells that parts of the act read or wrote, a list for each part. */
  idle: (readonly number[])[] = [];
  /** By cell: the act of which a part wrote it, and nothing since. What is there then is not known. */
  private taintedAt = new Int32Array(0);

  grow(cells: number): void {
    this.taintedAt = new Int32Array(cells);
    this.readAt = new Int32Array(cells);
    this.writtenAt = new Int32Array(cells);
    this.old = new Int32Array(cells);
  }

  begin(): void {
    this.now++;
    this.reads.length = 0;
    this.written.length = 0;
    this.marks.length = 0;
    this.needed.length = 0;
    this.idle = [];
    this.isOn = true;
  }

  end(): void {
    this.isOn = false;
  }

  read(cell: number, value: number): void {
    const { now } = this;
    if (!this.isOn) return;
    if (this.probe) {
      this.probe.read(cell, value);
      return;
    }
    if (this.taintedAt[cell] === now) {
      if (!this.isApart) this.needed.push(cell);
      return;
    }
    if (this.readAt[cell] === now || this.writtenAt[cell] === now) return;
    if (!this.isApart) this.note(cell, value);
  }

  private note(cell: number, value: number): void {
    this.readAt[cell] = this.now;
    this.reads.push(cell, value);
  }

  /** @param old what the cell is before this write */
  write(cell: number, old: number): void {
    if (!this.isOn) return;
    if (this.probe) {
      this.probe.write(cell);
      return;
    }
    this.taintedAt[cell] = NEVER;
    if (this.writtenAt[cell] === this.now) return;
    this.writtenAt[cell] = this.now;
    this.old[cell] = old;
    this.written.push(cell, old);
  }

  /** What a cell was before the act. @param value what it is now */
  before(cell: number, value: number): number {
    return this.writtenAt[cell] === this.now ? (this.old[cell] as number) : value;
  }

  /** What is in a cell now is not known: a part of the act wrote it for nobody. */
  taint(cell: number): void {
    this.taintedAt[cell] = this.now;
  }

  /** The act has not decided what is in a cell: it is what the state before the act says, or what a part made of it. */
  isOpen(cell: number): boolean {
    return this.taintedAt[cell] === this.now || this.writtenAt[cell] !== this.now;
  }

  /** What a cell was before the act matters, though the act may have written it. @param value what it is now */
  lookBack(cell: number, value: number): void {
    if (!this.isOn) return;
    if (this.probe) this.probe.lookBack(cell);
    else if (this.isApart || this.taintedAt[cell] === this.now) this.needed.push(cell);
    if (this.probe || this.readAt[cell] === this.now) return;
    this.note(cell, this.writtenAt[cell] === this.now ? (this.old[cell] as number) : value);
  }

  /** The log of a world has a position to which it may go back. */
  mark(world: number, top: number): void {
    if (this.isOn && !this.probe) this.marks.push({ world, top, length: this.written.length });
  }

  /** The writes behind a position of a world's log were taken back; acts of one world do not overlap. */
  undo(world: number, top: number): void {
    if (!this.isOn || this.probe) return;
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
