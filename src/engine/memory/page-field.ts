/**
 * Per-page facts for guests of any size. A field holds one 32-bit value per page; a 2 MiB region whose pages all
 * agree is one number, a mixed region is a leaf of 512, and 8 GiB that agree are one number again: a guest of a terabyte
 * takes memory only where its pages differ. Writes go by runs of pages and are logged as runs.
 */
import { assertIndex, assertRange } from '../../base/assert';
import { PAGES_RECORD, type WriteLog } from './arena';

export const REGION_PAGES = 512;
const REGION_SHIFT = 9;
const PAGE = 'page of the store';
const LEAF_BYTES = REGION_PAGES * 4;
/** Leaves whose memory is taken at once, at most: a browser takes long for each piece. */
const MOST_IN_SLAB = 64;
/** Regions of a chunk, as a power of two. */
const CHUNK_SHIFT = 12;
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
const CHUNK_PAGES = REGION_PAGES << CHUNK_SHIFT;

/** Regions next to each other of which some differ. */
interface Chunk {
  /** By region: the value of all its pages, or the number of its leaf. */
  readonly table: Int32Array;
  readonly mixed: Uint8Array;
}

export class PageField {
  /** Nothing where all pages of a chunk agree. */
  private readonly chunks: (Chunk | undefined)[];
  /** By chunk: the value of its pages, where all agree. */
  private readonly values: Int32Array;
  private readonly leaves: Int32Array[] = [];
  private readonly freeLeaves: number[] = [];
  /** Memory of the next leaves. */
  private slab = new Int32Array(0);
  readonly regionCount: number;
  /** Number of changes; a drawing that stores it can detect that it is stale. */
  version = 0;

  /** @param id number of the field in the write log */
  constructor(
    readonly id: number,
    readonly pageCount: number,
    private readonly log: WriteLog,
  ) {
    this.regionCount = (pageCount + REGION_PAGES - 1) >> REGION_SHIFT;
    const count = (this.regionCount + CHUNK_MASK) >> CHUNK_SHIFT;
    this.chunks = new Array<Chunk | undefined>(count).fill(undefined);
    this.values = new Int32Array(count);
  }

  /** Whether the store keeps facts of a page: frame numbers have up to 52 bits, most of them without facts. */
  has(page: number): boolean {
    return page >= 0 && page < this.pageCount;
  }

  get(page: number): number {
    assertIndex(page, this.pageCount, PAGE);
    const region = page >> REGION_SHIFT;
    const chunk = this.chunks[region >> CHUNK_SHIFT];
    if (chunk === undefined) return this.values[region >> CHUNK_SHIFT] as number;
    const entry = chunk.table[region & CHUNK_MASK] as number;
    if (chunk.mixed[region & CHUNK_MASK] !== 1) return entry;
    return (this.leaves[entry] as Int32Array)[page & (REGION_PAGES - 1)] as number;
  }

  /** The one value of a region, or undefined when its pages differ. */
  uniformValue(region: number): number | undefined {
    assertIndex(region, this.regionCount, 'region of the store');
    const chunk = this.chunks[region >> CHUNK_SHIFT];
    if (!chunk) return this.values[region >> CHUNK_SHIFT];
    return chunk.mixed[region & CHUNK_MASK] === 1 ? undefined : chunk.table[region & CHUNK_MASK];
  }

  get byteLength(): number {
    const ofChunks = this.chunks.reduce(
      (sum, chunk) => sum + (chunk ? chunk.table.byteLength + chunk.mixed.byteLength : 0),
      0,
    );
    return ofChunks + this.values.byteLength * 2 + this.leaves.length * LEAF_BYTES + this.slab.byteLength;
  }

  /** Length of the run of equal values that starts at `page`, at most `limit`. */
  runLength(page: number, limit: number): number {
    assertIndex(page, this.pageCount, PAGE);
    const value = this.get(page);
    const end = Math.min(page + limit, this.pageCount);
    let at = page;
    while (at < end) {
      const region = at >> REGION_SHIFT;
      const number = region >> CHUNK_SHIFT;
      const chunk = this.chunks[number];
      if (!chunk) {
        if (this.values[number] !== value) break;
        at = Math.min((number + 1) * CHUNK_PAGES, end);
        continue;
      }
      const regionEnd = Math.min((region + 1) * REGION_PAGES, end);
      const entry = chunk.table[region & CHUNK_MASK] as number;
      if (chunk.mixed[region & CHUNK_MASK] !== 1) {
        if (entry !== value) break;
        at = regionEnd;
        continue;
      }
      const leaf = this.leaves[entry] as Int32Array;
      while (at < regionEnd && leaf[at & (REGION_PAGES - 1)] === value) at++;
      if (at < regionEnd) break;
    }
    return at - page;
  }

  set(page: number, value: number): void {
    this.setRun(page, 1, value);
  }

  /** Gives `count` pages from `first` the value, logging one record per run of equal old values. */
  setRun(first: number, count: number, value: number): void {
    assertRange(first, count, this.pageCount, PAGE);
    const end = first + count;
    const next = value | 0;
    let at = first;
    let changes = false;
    while (at < end) {
      const length = count === 1 ? 1 : this.runLength(at, end - at);
      const old = this.get(at);
      if (old !== next) {
        this.record(at, length, old, next);
        changes = true;
      }
      at += length;
    }
    // In one step, so that a region written whole is one number again.
    if (changes) this.store(first, end - first, next);
  }

  /** Writes without logging: undo and redo. */
  store(first: number, count: number, value: number): void {
    assertRange(first, count, this.pageCount, PAGE);
    this.version++;
    const end = first + count;
    let at = first;
    // Most writes are of one page in a region whose pages differ.
    const leaf = count === 1 ? this.leafOf(first, end) : undefined;
    if (leaf !== undefined) {
      leaf[first & (REGION_PAGES - 1)] = value;
      return;
    }
    while (at < end) {
      const region = at >> REGION_SHIFT;
      const number = region >> CHUNK_SHIFT;
      if (this.isWholeChunk(number, at, end)) {
        this.makeOne(number, value);
        at = Math.min((number + 1) * CHUNK_PAGES, end);
        continue;
      }
      const start = region * REGION_PAGES;
      const stop = Math.min(start + REGION_PAGES, end);
      if (this.isWhole(region, at, stop)) this.makeUniform(region, value);
      else this.makeMixed(region).fill(value, at - start, stop - start);
      at = stop;
    }
  }

  /** Flips bits of a run whose values may differ, without logging: seek. */
  flip(first: number, count: number, bits: number): void {
    assertRange(first, count, this.pageCount, PAGE);
    this.version++;
    const end = first + count;
    let at = first;
    // Most runs of a seek are part of one region whose pages differ.
    const leaf = count < REGION_PAGES ? this.leafOf(first, end) : undefined;
    if (leaf !== undefined) {
      const stop = ((end - 1) & (REGION_PAGES - 1)) + 1;
      for (let i = first & (REGION_PAGES - 1); i < stop; i++) leaf[i] = (leaf[i] as number) ^ bits;
      return;
    }
    while (at < end) {
      const region = at >> REGION_SHIFT;
      const number = region >> CHUNK_SHIFT;
      if (!this.chunks[number] && this.isWholeChunk(number, at, end)) {
        this.values[number] = (this.values[number] as number) ^ bits;
        at = Math.min((number + 1) * CHUNK_PAGES, end);
        continue;
      }
      const start = region * REGION_PAGES;
      const stop = Math.min(start + REGION_PAGES, end);
      const isWhole = this.isWhole(region, at, stop);
      const { table, mixed } = this.chunkOf(region);
      const place = region & CHUNK_MASK;
      if (isWhole && mixed[place] !== 1) table[place] = (table[place] as number) ^ bits;
      else {
        const leaf = this.makeMixed(region);
        for (let i = at - start; i < stop - start; i++) leaf[i] = (leaf[i] as number) ^ bits;
        if (isWhole && this.isConstant(leaf, stop - start)) this.makeUniform(region, leaf[0] as number);
      }
      at = stop;
    }
  }

  /** The pages of the region of a run, when they differ and the run does not leave it. */
  private leafOf(first: number, end: number): Int32Array | undefined {
    const region = first >> REGION_SHIFT;
    if (region !== (end - 1) >> REGION_SHIFT) return undefined;
    const chunk = this.chunks[region >> CHUNK_SHIFT];
    const place = region & CHUNK_MASK;
    return chunk?.mixed[place] === 1 ? this.leaves[chunk.table[place] as number] : undefined;
  }

  private isWhole(region: number, from: number, to: number): boolean {
    const start = region * REGION_PAGES;
    return from === start && (to === start + REGION_PAGES || to === this.pageCount);
  }

  /** Whether a run that goes on from a page has all pages of a chunk. */
  private isWholeChunk(number: number, from: number, end: number): boolean {
    const start = number * CHUNK_PAGES;
    return from === start && end >= Math.min(start + CHUNK_PAGES, this.pageCount);
  }

  private isConstant(leaf: Int32Array, count: number): boolean {
    const value = leaf[0];
    for (let i = 1; i < count; i++) if (leaf[i] !== value) return false;
    return true;
  }

  /** The chunk of a region, which may differ from its neighbours from now on. */
  private chunkOf(region: number): Chunk {
    const number = region >> CHUNK_SHIFT;
    const known = this.chunks[number];
    if (known) return known;
    const regions = Math.min(CHUNK_MASK + 1, this.regionCount - (number << CHUNK_SHIFT));
    const table = new Int32Array(regions).fill(this.values[number] as number);
    return (this.chunks[number] = { table, mixed: new Uint8Array(regions) });
  }

  /** All pages of a chunk have one value. */
  private makeOne(number: number, value: number): void {
    const chunk = this.chunks[number];
    chunk?.mixed.forEach((mixed, at) => {
      if (mixed === 1) this.freeLeaves.push(chunk.table[at] as number);
    });
    this.chunks[number] = undefined;
    this.values[number] = value;
  }

  private makeUniform(region: number, value: number): void {
    if (!this.chunks[region >> CHUNK_SHIFT] && this.values[region >> CHUNK_SHIFT] === (value | 0)) return;
    const { table, mixed } = this.chunkOf(region);
    const at = region & CHUNK_MASK;
    if (mixed[at] === 1) {
      mixed[at] = 0;
      this.freeLeaves.push(table[at] as number);
    }
    table[at] = value;
  }

  private makeMixed(region: number): Int32Array {
    const { table, mixed } = this.chunkOf(region);
    const at = region & CHUNK_MASK;
    if (mixed[at] === 1) return this.leaves[table[at] as number] as Int32Array;
    const number = this.freeLeaves.pop() ?? this.leaves.push(this.newLeaf()) - 1;
    const leaf = (this.leaves[number] as Int32Array).fill(table[at] as number);
    mixed[at] = 1;
    table[at] = number;
    return leaf;
  }

  private newLeaf(): Int32Array {
    if (this.slab.length === 0) {
      const count = Math.min(Math.max(this.leaves.length, 1), MOST_IN_SLAB);
      this.slab = new Int32Array(count * REGION_PAGES);
    }
    const leaf = this.slab.subarray(0, REGION_PAGES);
    this.slab = this.slab.subarray(REGION_PAGES);
    return leaf;
  }

  private record(first: number, count: number, old: number, next: number): void {
    const log = this.log;
    if (log.top > log.limit) log.reserve();
    const { data, top } = log;
    data[top] = first;
    data[top + 1] = count;
    data[top + 2] = old;
    data[top + 3] = next;
    data[top + 4] = -1 - this.id;
    log.top = top + PAGES_RECORD;
  }

  /** Every run of pages whose value is not zero, in order: the canonical content, whatever the representation. */
  *runs(): Generator<{ first: number; count: number; value: number }> {
    let at = 0;
    while (at < this.pageCount) {
      const count = this.runLength(at, this.pageCount - at);
      const value = this.get(at);
      if (value !== 0) yield { first: at, count, value };
      at += count;
    }
  }
}
