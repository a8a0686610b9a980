/**
 * A trace of any size as columns: for each line its length, kind, vCPU and time, 12 bytes together, and nothing of its
 * text. Bytes come in chunks cut anywhere; the text of a line is read from the file again when somebody looks at it.
 */
import { NO_VCPU, OTHER_LINE, scanLine, type Scanned } from './scan';

/** Lines of a block: a power of two. */
const BLOCK = 1 << 16;
const LONGEST = 0xffff;
const NEW_LINE = 0x0a;

/** Columns of so many lines. */
interface Block {
  readonly lengths: Uint16Array<ArrayBuffer>;
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly vcpus: Uint8Array<ArrayBuffer>;
  readonly seconds: Float64Array<ArrayBuffer>;
  /** Offset of its first line in the file. */
  readonly offset: number;
}
const newBlock = (offset: number): Block => ({
  lengths: new Uint16Array(BLOCK),
  kinds: new Uint8Array(BLOCK),
  vcpus: new Uint8Array(BLOCK),
  seconds: new Float64Array(BLOCK),
  offset,
});
const BLOCK_BYTES = BLOCK * (2 + 1 + 1 + 8);

export interface LineColumns {
  /** Offset in the file, and bytes with the line end. */
  readonly offset: number;
  readonly length: number;
  readonly kind: number;
  readonly vcpu: number | undefined;
  readonly seconds: number | undefined;
}

/** Columns as a worker sends them: their buffers go to the page and are not copied. */
export interface SentColumns {
  readonly lines: number;
  readonly bytes: number;
  readonly counts: Float64Array<ArrayBuffer>;
  readonly timesBack: number;
  readonly blocks: readonly Block[];
  readonly long: ReadonlyMap<number, number>;
}

export class TraceColumns {
  /** Lines that are complete. */
  lines = 0;
  /** Bytes that were taken. */
  bytes = 0;
  /** Lines of each kind. */
  counts = new Float64Array(OTHER_LINE + 1);
  /** Times that are before the one above. */
  timesBack = 0;
  private blocks: Block[] = [];
  /** Lengths of lines that do not fit their column, by line. */
  private long = new Map<number, number>();
  /** The beginning of a line whose end has not come. */
  private rest: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 12);
  private restLength = 0;
  /** Bytes of an unfinished line that are not kept, because it is too long to be read. */
  private skipped = 0;
  private lastSeconds = NaN;
  private readonly scanned: Scanned = { kind: OTHER_LINE, seconds: NaN, vcpu: NO_VCPU };

  /** @param longestRead a longer line is counted and not read */
  constructor(private readonly longestRead: number) {}

  /** The columns that a worker sent. */
  static received({ lines, bytes, counts, timesBack, blocks, long }: SentColumns): TraceColumns {
    const columns = new TraceColumns(0);
    Object.assign(columns, { lines, bytes, counts, timesBack });
    columns.blocks = [...blocks];
    columns.long = new Map(long);
    return columns;
  }

  /** Gives the columns away, with the buffers that are to be transferred; nothing is left here. */
  send(): { readonly columns: SentColumns; readonly buffers: readonly ArrayBuffer[] } {
    const { lines, bytes, counts, timesBack, blocks, long } = this;
    this.blocks = [];
    const buffers = blocks.flatMap((block) => [
      block.lengths.buffer,
      block.kinds.buffer,
      block.vcpus.buffer,
      block.seconds.buffer,
    ]);
    return { columns: { lines, bytes, counts, timesBack, blocks, long }, buffers };
  }

  /** Takes bytes of the file, the next behind those before. */
  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEW_LINE, start);
      if (end < 0) break;
      if (this.restLength + this.skipped === 0) this.add(chunk, start, end, end - start + 1);
      else {
        this.keep(chunk, start, end);
        this.endRest(1);
      }
      start = end + 1;
    }
    if (start < chunk.length) this.keep(chunk, start, chunk.length);
    this.bytes += chunk.length;
  }

  /** No byte follows. */
  end(): void {
    if (this.restLength + this.skipped > 0) this.endRest(0);
  }

  private endRest(lineEnd: number): void {
    const { restLength, skipped } = this;
    this.restLength = 0;
    this.skipped = 0;
    this.add(this.rest, 0, skipped > 0 ? 0 : restLength, restLength + skipped + lineEnd);
  }

  private keep(chunk: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.restLength + length > this.longestRead) {
      this.skipped += length;
      return;
    }
    if (this.restLength + length > this.rest.length) {
      const larger = new Uint8Array(Math.max(2 * this.rest.length, this.restLength + length));
      larger.set(this.rest.subarray(0, this.restLength));
      this.rest = larger;
    }
    this.rest.set(chunk.subarray(start, end), this.restLength);
    this.restLength += length;
  }

  /** A line is in `from[start]` up to `from[end]`, and has so many bytes with its line end. */
  private add(from: Uint8Array, start: number, end: number, length: number): void {
    const { scanned } = this;
    scanLine(from, start, end - start > this.longestRead ? start : end, scanned);
    const at = this.lines & (BLOCK - 1);
    if (at === 0) this.blocks.push(newBlock(this.offsetOfNext()));
    const block = this.blocks[this.blocks.length - 1] as Block;
    if (length >= LONGEST) this.long.set(this.lines, length);
    block.lengths[at] = Math.min(length, LONGEST);
    block.kinds[at] = scanned.kind;
    block.vcpus[at] = scanned.vcpu;
    block.seconds[at] = scanned.seconds;
    this.counts[scanned.kind] = (this.counts[scanned.kind] ?? 0) + 1;
    if (scanned.seconds < this.lastSeconds) this.timesBack++;
    if (!Number.isNaN(scanned.seconds)) this.lastSeconds = scanned.seconds;
    this.lines++;
    this.ended += length;
  }

  /** Bytes of the lines that are complete. */
  private ended = 0;
  private offsetOfNext(): number {
    return this.ended;
  }

  /** The columns of a line, an index from 0. */
  at(line: number): LineColumns | undefined {
    const block = this.blocks[Math.floor(line / BLOCK)];
    if (!block || line < 0 || line >= this.lines) return undefined;
    const own = line & (BLOCK - 1);
    let offset = block.offset;
    for (let at = 0; at < own; at++) offset += this.lengthOf(block, line - own + at, at);
    const [vcpu = NO_VCPU, seconds = NaN] = [block.vcpus[own], block.seconds[own]];
    return {
      offset,
      length: this.lengthOf(block, line, own),
      kind: block.kinds[own] ?? OTHER_LINE,
      vcpu: vcpu === NO_VCPU ? undefined : vcpu,
      seconds: Number.isNaN(seconds) ? undefined : seconds,
    };
  }

  /** The next line of a kind behind a line, or the first of all; nothing when none follows. */
  next(kind: number, behind = -1): number | undefined {
    for (let line = behind + 1; line < this.lines;) {
      const block = this.blocks[Math.floor(line / BLOCK)];
      const start = line - (line & (BLOCK - 1));
      const found = block?.kinds.indexOf(kind, line - start) ?? -1;
      if (found >= 0 && start + found < this.lines) return start + found;
      line = start + BLOCK;
    }
    return undefined;
  }

  private lengthOf(block: Block, line: number, at: number): number {
    const length = block.lengths[at] ?? 0;
    return length === LONGEST ? (this.long.get(line) ?? length) : length;
  }

  /** Bytes that the columns take. */
  get byteLength(): number {
    return this.blocks.length * BLOCK_BYTES + this.rest.length + this.long.size * 32;
  }
}
