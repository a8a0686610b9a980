/**
 * Per-page facts for guests of any size. A field holds one 32-bit value per page; a 2 MiB region whose pages all
 * agree is one number, a mixed region is a leaf of 512. Writes go by runs of pages and are logged as runs.
 */
import { PAGES_RECORD, type WriteLog } from './arena';

export const REGION_PAGES = 512;
const REGION_SHIFT = 9;

export class PageField {
  private readonly uniform: Int32Array;
  private readonly mixed: Uint8Array;
  private readonly leaves = new Map<number, Int32Array>();
  /** Counts changes; a drawing that remembers the number knows whether it is stale. */
  version = 0;

  /** @param id number of the field in the write log */
  constructor(
    readonly id: number,
    readonly pageCount: number,
    private readonly log: WriteLog,
  ) {
    const regions = (pageCount + REGION_PAGES - 1) >> REGION_SHIFT;
    this.uniform = new Int32Array(regions);
    this.mixed = new Uint8Array(regions);
  }

  get(page: number): number {
    const region = page >> REGION_SHIFT;
    if (this.mixed[region] !== 1) return this.uniform[region] as number;
    return (this.leaves.get(region) as Int32Array)[page & (REGION_PAGES - 1)] as number;
  }

  /** The one value of a region, or undefined when its pages differ. */
  uniformValue(region: number): number | undefined {
    return this.mixed[region] === 1 ? undefined : this.uniform[region];
  }

  get regionCount(): number {
    return this.uniform.length;
  }

  /** Length of the run of equal values that starts at `page`, at most `limit`. */
  runLength(page: number, limit: number): number {
    const value = this.get(page);
    const end = Math.min(page + limit, this.pageCount);
    let at = page;
    while (at < end) {
      const region = at >> REGION_SHIFT;
      const regionEnd = Math.min((region + 1) << REGION_SHIFT, end);
      if (this.mixed[region] !== 1) {
        if (this.uniform[region] !== value) break;
        at = regionEnd;
        continue;
      }
      const leaf = this.leaves.get(region) as Int32Array;
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
    // In one go, so that a region written whole is one number again.
    if (changes) this.store(first, count, next);
  }

  /** Writes without logging: undo, redo and seek. */
  store(first: number, count: number, value: number): void {
    this.version++;
    const end = first + count;
    let at = first;
    while (at < end) {
      const region = at >> REGION_SHIFT;
      const regionStart = region << REGION_SHIFT;
      const regionEnd = Math.min(regionStart + REGION_PAGES, this.pageCount);
      const stop = Math.min(regionEnd, end);
      if (at === regionStart && stop === regionEnd) {
        this.uniform[region] = value;
        if (this.mixed[region] === 1) {
          this.mixed[region] = 0;
          this.leaves.delete(region);
        }
      } else {
        let leaf = this.leaves.get(region);
        if (this.mixed[region] !== 1 || !leaf) {
          leaf = new Int32Array(REGION_PAGES).fill(this.uniform[region] as number);
          this.leaves.set(region, leaf);
          this.mixed[region] = 1;
        }
        leaf.fill(value, at - regionStart, stop - regionStart);
      }
      at = stop;
    }
  }

  private record(first: number, count: number, old: number, next: number): void {
    const log = this.log;
    if (log.top + PAGES_RECORD > log.data.length) log.reserve();
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
