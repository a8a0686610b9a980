/**
 * Short cuts through long timelines. A stride is everything that changed over many steps, as one set of differences
 * (writes.ts), good in both directions; strides of one level add up to one stride of the next. Steps that change ever
 * new places do not add up to less than themselves: such a stride is not stored and its parts are played instead.
 */
import { ByteReader, ByteStream } from './byte-stream';
import type { StepLog } from './step-log';
import type { Writes } from './writes';
import { applyWrites, type Memory } from './writes';

/** A stride of the lowest level closes after this many bytes of steps: what is played in a fraction of 1 ms. */
const STRIDE_BYTES = 1 << 15;
/** Strides of one level that make one of the next. */
const FAN = 16;
/** A stride is stored when it is shorter than its parts by this factor. */
const WORTH = 0.75;
const NOT_STORED = -1;

interface Level {
  /** Offset of each stride in the stream. */
  readonly offsets: number[];
  /** Bytes to play for each stride, whether by itself or by its parts. */
  readonly costs: number[];
}

export class Strides {
  private readonly stream = new ByteStream(1 << 12);
  private readonly levels: Level[] = [];
  /** Positions in the timeline where strides of the lowest level start and end; the first is 0. */
  private readonly ends: number[] = [0];

  constructor(
    private readonly steps: StepLog,
    private readonly writes: Writes,
  ) {}

  get byteLength(): number {
    return (
      this.stream.top + this.ends.length * 8 + this.levels.reduce((sum, l) => sum + l.offsets.length * 16, 0)
    );
  }

  /** Closes a stride when enough steps have come together. */
  grow(): void {
    const { steps } = this;
    const from = this.ends[this.ends.length - 1] as number;
    const to = steps.stepCount;
    const cost = steps.offset(to) - steps.offset(from);
    if (cost < STRIDE_BYTES) return;
    for (let step = from; step < to; step++) this.writes.addWritten(steps.reader(step));
    this.ends.push(to);
    this.store(0, cost);
  }

  /** Forgets every stride that reaches beyond `position`. */
  truncate(position: number): void {
    while ((this.ends.at(-1) as number) > position) this.ends.pop();
    let count = this.ends.length - 1;
    for (const level of this.levels) {
      level.offsets.length = Math.min(level.offsets.length, count);
      level.costs.length = level.offsets.length;
      count = Math.floor(count / FAN);
    }
  }

  /** Moves the memory from one position to another, by strides where they are shorter. */
  play(memory: Memory, from: number, to: number): void {
    const near = this.nearest(from);
    const far = this.nearest(to);
    if (near === far) {
      this.playSteps(memory, from, to);
      return;
    }
    this.playSteps(memory, from, this.ends[near] as number);
    this.jump(memory, 0, near, far);
    this.playSteps(memory, this.ends[far] as number, to);
  }

  private playSteps(memory: Memory, from: number, to: number): void {
    const { steps } = this;
    if (from === to) return;
    if (from < to) {
      const reader = new ByteReader(steps.stream.bytes, steps.offset(from));
      for (let step = from; step < to; step++) {
        const length = reader.unsigned();
        const end = reader.at + length;
        applyWrites(reader, memory);
        reader.at = end;
      }
    } else for (let step = from - 1; step >= to; step--) applyWrites(steps.reader(step), memory);
  }

  /** Moves between two stride ends of a level, over the next level when that is shorter. */
  private jump(memory: Memory, level: number, from: number, to: number): void {
    const above = this.levels[level + 1];
    if (above && Math.abs(to - from) > FAN) {
      const limit = above.offsets.length;
      const near = Math.min(Math.round(from / FAN), limit);
      const far = Math.min(Math.round(to / FAN), limit);
      if (near !== far) {
        this.walk(memory, level, from, near * FAN);
        this.jump(memory, level + 1, near, far);
        this.walk(memory, level, far * FAN, to);
        return;
      }
    }
    this.walk(memory, level, from, to);
  }

  private walk(memory: Memory, level: number, from: number, to: number): void {
    for (let stride = from; stride < to; stride++) this.apply(memory, level, stride);
    for (let stride = from - 1; stride >= to; stride--) this.apply(memory, level, stride);
  }

  private apply(memory: Memory, level: number, stride: number): void {
    const offset = (this.levels[level] as Level).offsets[stride] as number;
    if (offset !== NOT_STORED) applyWrites(new ByteReader(this.stream.bytes, offset), memory);
    else if (level === 0) {
      this.playSteps(memory, this.ends[stride] as number, this.ends[stride + 1] as number);
    } else this.walk(memory, level - 1, stride * FAN, (stride + 1) * FAN);
  }

  /** Stores what `writes` gathered as the next stride of a level, and the stride above when it is complete. */
  private store(level: number, partsCost: number): void {
    const { stream } = this;
    const strides = (this.levels[level] ??= { offsets: [], costs: [] });
    const offset = stream.top;
    this.writes.writeTo(stream);
    const cost = stream.top - offset;
    const worth = cost < partsCost * WORTH;
    if (!worth) stream.top = offset;
    strides.offsets.push(worth ? offset : NOT_STORED);
    strides.costs.push(worth ? cost : partsCost);
    if (strides.offsets.length % FAN === 0) this.storeAbove(level);
  }

  private storeAbove(level: number): void {
    const { offsets, costs } = this.levels[level] as Level;
    const first = offsets.length - FAN;
    let cost = 0;
    for (let stride = first; stride < offsets.length; stride++) {
      this.gather(level, stride);
      cost += costs[stride] as number;
    }
    this.store(level + 1, cost);
  }

  private gather(level: number, stride: number): void {
    const offset = (this.levels[level] as Level).offsets[stride] as number;
    if (offset !== NOT_STORED) this.writes.addWritten(new ByteReader(this.stream.bytes, offset));
    else if (level > 0) for (let i = 0; i < FAN; i++) this.gather(level - 1, stride * FAN + i);
    else {
      const end = this.ends[stride + 1] as number;
      for (let step = this.ends[stride] as number; step < end; step++)
        this.writes.addWritten(this.steps.reader(step));
    }
  }

  /** The stride end nearest to a position, in bytes to play. */
  private nearest(position: number): number {
    const { ends, steps } = this;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((ends[middle] as number) <= position) low = middle;
      else high = middle - 1;
    }
    const next = ends[low + 1];
    if (next === undefined) return low;
    const at = steps.offset(position);
    return at - steps.offset(ends[low] as number) <= steps.offset(next) - at ? low : low + 1;
  }
}
