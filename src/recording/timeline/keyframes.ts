/**
 * Short cuts through long timelines. A keyframe says how the memory at one position differs from that at an earlier
 * keyframe, its anchor, as one set of differences (writes.ts), good in both directions. Anchors make a flat tree: from
 * any keyframe to any other leads a handful of sets, however far apart they are.
 */
import { ByteReader, ByteStream } from './byte-stream';
import type { StepLog } from './step-log';
import { applyWrites, type Memory, type Writes } from './writes';

/** Keyframes that share an anchor. */
const FAN = 8;
/** A keyframe comes after at least this many bytes of steps: what is played in a fraction of 1 ms ... */
const SPACING_BYTES = 1 << 14;
/** ... and after this many times its own size, so that keyframes take a share of the log whatever is written. */
const SPACING_SIZES = 3;

/** The anchor of keyframe `k`: `k` with its last digit that is not 0, in base FAN, made 0. */
function anchorOf(k: number): number {
  let unit = FAN;
  while (k % unit === 0) unit *= FAN;
  return k - (k % unit);
}

export class Keyframes {
  private readonly stream = new ByteStream(1 << 12);
  /** Where each keyframe stands; the first is the start, which needs no bytes. */
  private readonly positions: number[] = [0];
  private readonly offsets: number[] = [0];

  constructor(
    private readonly steps: StepLog,
    private readonly writes: Writes,
  ) {}

  get byteLength(): number {
    return this.stream.top + this.positions.length * 16;
  }

  /** Adds a keyframe when enough steps have come together. */
  grow(): void {
    const { steps, writes, stream } = this;
    const last = this.positions.length - 1;
    const from = this.positions[last] as number;
    const to = steps.stepCount;
    const bytes = steps.offset(to) - steps.offset(from);
    if (bytes < SPACING_BYTES || bytes < SPACING_SIZES * this.sizeOf(last)) return;
    const anchor = anchorOf(last + 1);
    for (let step = from; step < to; step++) writes.addWritten(steps.reader(step));
    for (let k = last; k !== anchor; k = anchorOf(k)) writes.addWritten(this.reader(k));
    this.positions.push(to);
    this.offsets.push(stream.top);
    writes.writeTo(stream);
  }

  /** Forgets every keyframe behind `position`. */
  truncate(position: number): void {
    while ((this.positions.at(-1) as number) > position) {
      this.positions.pop();
      this.stream.top = this.offsets.pop() as number;
    }
  }

  /** Moves the memory from one position to another, over keyframes where that is shorter. */
  play(memory: Memory, from: number, to: number): void {
    const near = this.nearest(from);
    const far = this.nearest(to);
    const overKeyframes =
      this.stepBytes(from, this.positionOf(near)) + this.stepBytes(this.positionOf(far), to);
    const path = near === far ? [] : this.path(near, far);
    const pathBytes = path.reduce((sum, k) => sum + this.sizeOf(k), overKeyframes);
    if (near === far || this.stepBytes(from, to) <= pathBytes) {
      this.playSteps(memory, from, to);
      return;
    }
    this.playSteps(memory, from, this.positionOf(near));
    for (const k of path) applyWrites(this.reader(k), memory);
    this.playSteps(memory, this.positionOf(far), to);
  }

  private playSteps(memory: Memory, from: number, to: number): void {
    const { steps } = this;
    for (let step = from; step < to; step++) applyWrites(steps.reader(step), memory);
    for (let step = from - 1; step >= to; step--) applyWrites(steps.reader(step), memory);
  }

  /** The keyframes whose differences lead from one to another: those of each up to their common anchor. */
  private path(from: number, to: number): number[] {
    const path: number[] = [];
    let [a, b] = [from, to];
    while (a !== b) {
      const later = Math.max(a, b);
      path.push(later);
      if (a > b) a = anchorOf(a);
      else b = anchorOf(b);
    }
    return path;
  }

  private reader(k: number): ByteReader {
    return new ByteReader(this.stream.bytes, this.offsets[k] as number);
  }

  private positionOf(k: number): number {
    return this.positions[k] as number;
  }

  private sizeOf(k: number): number {
    return (this.offsets[k + 1] ?? this.stream.top) - (this.offsets[k] as number);
  }

  private stepBytes(from: number, to: number): number {
    return Math.abs(this.steps.offset(to) - this.steps.offset(from));
  }

  /** The keyframe nearest to a position, in bytes to play. */
  private nearest(position: number): number {
    let low = 0;
    let high = this.positions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.positionOf(middle) <= position) low = middle;
      else high = middle - 1;
    }
    if (low + 1 === this.positions.length) return low;
    const isNearLow =
      this.stepBytes(this.positionOf(low), position) <= this.stepBytes(position, this.positionOf(low + 1));
    return isNearLow ? low : low + 1;
  }
}
