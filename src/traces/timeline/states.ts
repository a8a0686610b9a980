/** What lines say, or let follow, of vCPUs and pages, at any row: logs of changes that are asked by row. */

/** A state as lines tell it. */
export interface ToldState {
  readonly state: string;
  /** No line says it. */
  readonly isInferred: boolean;
  /** Numbers of the lines that it is known from. */
  readonly lines: readonly number[];
}

interface Change<T> {
  readonly row: number;
  readonly value: T;
}

/** The last change at or before a row; rows only grow. */
function lastAt<T>(changes: readonly Change<T>[], row: number): T | undefined {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((changes[middle] as Change<T>).row <= row) low = middle + 1;
    else high = middle;
  }
  return changes[low - 1]?.value;
}

/** The states of vCPUs. */
export class VcpuStates {
  private readonly changes = new Map<number, Change<ToldState>[]>();

  set(row: number, vcpu: number, value: ToldState): void {
    const own = this.changes.get(vcpu);
    if (own) own.push({ row, value });
    else this.changes.set(vcpu, [{ row, value }]);
  }

  /** Every vCPU that something is known of, in order. */
  get vcpus(): readonly number[] {
    return [...this.changes.keys()].toSorted((a, b) => a - b);
  }

  at(row: number, vcpu: number): ToldState | undefined {
    return lastAt(this.changes.get(vcpu) ?? [], row);
  }
}

/** Frames from `first` up to and without `end`. */
export interface ToldRange extends ToldState {
  readonly first: bigint;
  readonly end: bigint;
}

/** Changes between two copies of all ranges. */
const BETWEEN = 256;

/** The states of pages: ranges that lines speak of, in order of frames; of others nothing is known. */
export class PageStates {
  private readonly changes: Change<ToldRange>[] = [];
  private readonly copies: (readonly ToldRange[])[] = [[]];
  private now: readonly ToldRange[] = [];

  set(row: number, range: ToldRange): void {
    if (range.end <= range.first || (range.isInferred && this.isSaid(range))) return;
    this.changes.push({ row, value: range });
    this.now = withRange(this.now, range);
    if (this.changes.length % BETWEEN === 0) this.copies.push(this.now);
  }

  /** What a line said is known better than what follows from others. */
  private isSaid({ first, end, state }: ToldRange): boolean {
    return this.now.some(
      (one) => !one.isInferred && one.state === state && one.first <= first && one.end >= end,
    );
  }

  at(row: number): readonly ToldRange[] {
    let [low, high] = [0, this.changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.changes[middle] as Change<ToldRange>).row <= row) low = middle + 1;
      else high = middle;
    }
    const copy = Math.floor(low / BETWEEN);
    let ranges = this.copies[copy] ?? [];
    for (let at = copy * BETWEEN; at < low; at++)
      ranges = withRange(ranges, (this.changes[at] as Change<ToldRange>).value);
    return ranges;
  }
}

/** The ranges with another laid over them; one that goes on from its neighbour in the same way becomes one with it. */
function withRange(ranges: readonly ToldRange[], added: ToldRange): readonly ToldRange[] {
  const before: ToldRange[] = [];
  const after: ToldRange[] = [];
  for (const range of ranges) {
    if (range.first < added.first)
      before.push(range.end > added.first ? { ...range, end: added.first } : range);
    if (range.end > added.end) after.push(range.first < added.end ? { ...range, first: added.end } : range);
  }
  const joins = (one: ToldRange | undefined, at: bigint | undefined): one is ToldRange =>
    one !== undefined &&
    at !== undefined &&
    one.state === added.state &&
    one.isInferred === added.isInferred &&
    (one.end === at || one.first === at);
  let whole = added;
  const left = before.at(-1);
  if (joins(left, added.first)) {
    before.pop();
    whole = { ...whole, first: left.first };
  }
  const [right] = after;
  if (joins(right, added.end)) {
    after.shift();
    whole = { ...whole, end: right.end };
  }
  return [...before, whole, ...after];
}
