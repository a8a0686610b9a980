/** What a part reads and writes while it is tried out. */
export class Probe {
  readonly reads: { cell: number; value: number; isIdle: boolean }[] = [];
  readonly values = new Map<number, number>();
  readonly written: number[] = [];
  private readonly writes = new Set<number>();

  constructor(
    private readonly isIdle: (cell: number) => boolean,
    private readonly needed: number[],
  ) {}

  read(cell: number, value: number): void {
    if (this.values.has(cell) || this.writes.has(cell)) return;
    this.values.set(cell, value);
    this.reads.push({ cell, value, isIdle: this.isIdle(cell) });
  }

  write(cell: number): void {
    if (this.writes.has(cell)) return;
    this.writes.add(cell);
    this.written.push(cell);
  }

  lookBack(cell: number): void {
    this.needed.push(cell);
  }
}
