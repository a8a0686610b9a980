/**
 * Per-page facts for guests of any size. A field holds one 32-bit value per page; a 2 MiB region whose pages all
 * agree is one number, a mixed region is a leaf of 512. Writes go by runs of pages and are logged as runs.
 */
import { assertIndex, assertRange } from '../../base/assert';
import { PAGES_RECORD, type WriteLog } from './arena';

export const REGION_PAGES = 512;
const REGION_SHIFT = 9;
const PAGE = 'page of the store';
const LEAF_BYTES = REGION_PAGES * 4;

export class PageField {
  /** By region: the value of all its pages, or the number of its leaf. */
  private readonly table: Int32Array;
  private readonly mixed: Uint8Array;
  private readonly leaves: Int32Array[] = [];
  private readonly freeLeaves: number[] = [];
  /** Number of changes; a drawing that stores it can detect that it is stale. */
  version = 0;

  /** @param id number of the field in the write log */
  constructor(
    readonly id: number,
    readonly pageCount: number,
    private readonly log: WriteLog,
  ) {
    const regions = (pageCount + REGION_PAGES - 1) >> REGION_SHIFT;
    this.table = new Int32Array(regions);
    this.mixed = new Uint8Array(regions);
  }

  /** Whether the store keeps facts of a page: frame numbers have up to 52 bits, most of them without facts. */
  has(page: number): boolean {
    return page >= 0 && page < this.pageCount;
  }

  get(page: number): number {
    assertIndex(page, this.pageCount, PAGE);
    const region = page >> REGION_SHIFT;
    const entry = this.table[region] as number;
    if (this.mixed[region] !== 1) return entry;
    return (this.leaves[entry] as Int32Array)[page & (REGION_PAGES - 1)] as number;
  }

  /** The one value of a region, or undefined when its pages differ. */
  uniformValue(region: number): number | undefined {
    assertIndex(region, this.table.length, 'region of the store');
    return this.mixed[region] === 1 ? undefined : this.table[region];
  }

  get regionCount(): number {
    return this.table.length;
  }

  get byteLength(): number {
    return this.table.byteLength + this.mixed.byteLength + this.leaves.length * LEAF_BYTES;
  }

  /** Length of the run of equal values that starts at `page`, at most `limit`. */
  runLength(page: number, limit: number): number {
    assertIndex(page, this.pageCount, PAGE);
    const value = this.get(page);
    const end = Math.min(page + limit, this.pageCount);
    let at = page;
    while (at < end) {
      const region = at >> REGION_SHIFT;
      const regionEnd = Math.min((region + 1) << REGION_SHIFT, end);
      if (this.mixed[region] !== 1) {
        if (this.table[region] !== value) break;
        at = regionEnd;
        continue;
      }
      const leaf = this.leafOf(region);
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
    while (at < end) {
      const region = at >> REGION_SHIFT;
      const start = region << REGION_SHIFT;
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
    while (at < end) {
      const region = at >> REGION_SHIFT;
      const start = region << REGION_SHIFT;
      const stop = Math.min(start + REGION_PAGES, end);
      const isWhole = this.isWhole(region, at, stop);
      if (isWhole && this.mixed[region] !== 1) this.table[region] = (this.table[region] as number) ^ bits;
      else {
        const leaf = this.makeMixed(region);
        for (let i = at - start; i < stop - start; i++) leaf[i] = (leaf[i] as number) ^ bits;
        if (isWhole && this.isConstant(leaf, stop - start)) this.makeUniform(region, leaf[0] as number);
      }
      at = stop;
    }
  }

  private isWhole(region: number, from: number, to: number): boolean {
    const start = region << REGION_SHIFT;
    return from === start && (to === start + REGION_PAGES || to === this.pageCount);
  }

  private isConstant(leaf: Int32Array, count: number): boolean {
    const value = leaf[0];
    for (let i = 1; i < count; i++) if (leaf[i] !== value) return false;
    return true;
  }

  private leafOf(region: number): Int32Array {
    return this.leaves[this.table[region] as number] as Int32Array;
  }

  private makeUniform(region: number, value: number): void {
    if (this.mixed[region] === 1) {
      this.mixed[region] = 0;
      this.freeLeaves.push(this.table[region] as number);
    }
    this.table[region] = value;
  }

  private makeMixed(region: number): Int32Array {
    if (this.mixed[region] === 1) return this.leafOf(region);
    const number = this.freeLeaves.pop() ?? this.leaves.push(new Int32Array(REGION_PAGES)) - 1;
    const leaf = (this.leaves[number] as Int32Array).fill(this.table[region] as number);
    this.mixed[region] = 1;
    this.table[region] = number;
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
