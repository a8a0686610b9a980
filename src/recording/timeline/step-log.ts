/**
 * The bytes of all steps, one after the other, and the index into them.
 *
 *     step    length of the rest, writes (writes.ts), number of its template (step-template.ts), arguments of its move
 */
import { ByteReader, ByteStream } from './byte-stream';
import type { MovePlan, StepTemplates } from './step-template';

/** Steps per entry of the index; inside a block steps are found by their lengths. */
const BLOCK = 16;

type MoveValues = Readonly<Record<string, number | bigint | string>>;

export class StepLog {
  readonly stream = new ByteStream();
  private blocks = new Uint32Array(64);
  private count = 0;
  /** Where the steps of the block last looked at start, to walk it backwards without counting again. */
  private readonly starts = new Uint32Array(BLOCK + 1);
  private startsOf = -1;

  get stepCount(): number {
    return this.count;
  }

  get indexBytes(): number {
    return Math.ceil(this.count / BLOCK) * 4;
  }

  /** Bytes that are taken, also those not yet written. */
  get byteLength(): number {
    return this.stream.bytes.byteLength + this.blocks.byteLength;
  }

  /** Opens a step; its content is written to the stream next. @returns what `close` needs */
  open(): number {
    const { stream } = this;
    if (this.count % BLOCK === 0) this.index(stream.top);
    stream.reserve(64);
    return stream.top++;
  }

  /** Closes the step: puts its length before it. */
  close(start: number): void {
    const { stream } = this;
    const length = stream.top - start - 1;
    if (length < 128) stream.bytes[start] = length;
    else {
      stream.reserve(8);
      const extra = length < 1 << 14 ? 1 : length < 1 << 21 ? 2 : 3;
      stream.bytes.copyWithin(start + 1 + extra, start + 1, stream.top);
      stream.top = start;
      stream.unsigned(length);
      stream.top += length;
    }
    this.count++;
    if (this.startsOf === Math.floor((this.count - 1) / BLOCK)) this.startsOf = -1;
  }

  /** Where a step starts; for the step after the last, where the bytes end. */
  offset(step: number): number {
    if (step === this.count) return this.stream.top;
    const block = Math.floor(step / BLOCK);
    if (block !== this.startsOf) this.readBlock(block);
    return this.starts[step - block * BLOCK] as number;
  }

  /** A reader at the writes of a step. */
  reader(step: number): ByteReader {
    const reader = new ByteReader(this.stream.bytes, this.offset(step));
    reader.unsigned();
    return reader;
  }

  /** Forgets every step from `step` on. */
  truncate(step: number): void {
    this.stream.top = this.offset(step);
    this.count = step;
    this.startsOf = -1;
  }

  private index(offset: number): void {
    const block = this.count / BLOCK;
    if (block === this.blocks.length) {
      const bigger = new Uint32Array(block * 2);
      bigger.set(this.blocks);
      this.blocks = bigger;
    }
    this.blocks[block] = offset;
  }

  private readBlock(block: number): void {
    const reader = new ByteReader(this.stream.bytes, this.blocks[block] as number);
    const count = Math.min(BLOCK, this.count - block * BLOCK);
    for (let i = 0; i < count; i++) {
      this.starts[i] = reader.at;
      reader.at = reader.unsigned() + reader.at;
    }
    this.startsOf = block;
  }
}

/** Writes the arguments of a move in declared order. */
export function writeArguments(
  out: ByteStream,
  plan: MovePlan,
  values: MoveValues,
  templates: StepTemplates,
): void {
  const { names, kinds } = plan;
  out.reserve(names.length * 10);
  for (let i = 0; i < names.length; i++) {
    const value = values[names[i] as string];
    const kind = kinds[i];
    if (kind === 'hex64') out.word64(value as bigint);
    else if (kind === 'text') out.unsigned(templates.textCode(value as string));
    else out.signed(value as number);
  }
}

/** Inverse of `writeArguments`. */
export function readArguments(reader: ByteReader, plan: MovePlan, templates: StepTemplates): MoveValues {
  const values: Record<string, number | bigint | string> = {};
  plan.names.forEach((name, i) => {
    const kind = plan.kinds[i];
    if (kind === 'hex64') values[name] = reader.word64();
    else if (kind === 'text') values[name] = templates.text(reader.unsigned());
    else values[name] = reader.signed();
  });
  return values;
}
