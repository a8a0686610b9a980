/**
 * A zoomed-out map of all memory: one pixel stands for a fixed number of frames and shows the highest-ranked one.
 * Uniform regions are painted whole; a batch repaints only the pixels of its frames.
 */
import { forEachRun, pageClasses, type BandRun, type PageClass } from '../engine/page-class';
import type { World } from '../engine/world';
import { SEAM_CODE, summaryCode } from './page-look';
import type { FrameRange } from './page-grid';

export interface OverviewPlan extends FrameRange {
  readonly columns: number;
  readonly rows: number;
  /** A power of two. */
  readonly framesPerPixel: number;
}

/** Summary codes: the page classes, then the seam. */
export const summaryCount = SEAM_CODE + 1;
/** What one pixel shows when its frames differ: the highest rank. */
const rankOf: Readonly<Record<PageClass, number>> = {
  none: 0,
  shared: 1,
  guestValid: 2,
  guestInvalid: 3,
  firmware: 4,
  vmsa: 5,
  violation: 7,
};
const ranks = Uint8Array.from([...pageClasses.map((name) => rankOf[name]), 6]);
const OVERVIEW_COLUMNS = 256;
const OVERVIEW_ROWS = 256;

/** Rows and frames per pixel so that the range fits. */
export function planOverview({ first, count }: FrameRange): OverviewPlan {
  let framesPerPixel = 1;
  while (count > framesPerPixel * OVERVIEW_COLUMNS * OVERVIEW_ROWS) framesPerPixel *= 2;
  const columns = OVERVIEW_COLUMNS;
  return { first, count, columns, framesPerPixel, rows: Math.ceil(count / (framesPerPixel * columns)) };
}

/** The range shown after zooming in or out by `factor` around a frame. */
export function zoomRange(range: FrameRange, whole: FrameRange, around: number, factor: number): FrameRange {
  const least = Math.min(whole.count, 4096);
  const count = Math.min(whole.count, Math.max(least, range.count / factor));
  const wanted = around - Math.floor(count / 2);
  const first = Math.min(Math.max(wanted - (wanted % 512), whole.first), whole.first + whole.count - count);
  return { first, count };
}

export const pixelOf = ({ first, framesPerPixel }: OverviewPlan, gfn: number): number =>
  Math.floor((gfn - first) / framesPerPixel);
export const frameAt = (
  { first, count, columns, framesPerPixel }: OverviewPlan,
  x: number,
  y: number,
): number => Math.min(first + (y * columns + x) * framesPerPixel, first + count - 1);

/** Paints frames into pixels of 32 bits. `palette` holds a colour for each summary code. */
export class OverviewPainter {
  readonly pixels: Uint32Array;
  private readonly codes: Uint8Array;
  private readonly shift: number;

  constructor(
    readonly plan: OverviewPlan,
    private readonly palette: Uint32Array,
  ) {
    const size = plan.columns * plan.rows;
    this.pixels = new Uint32Array(size);
    this.codes = new Uint8Array(size);
    this.shift = Math.log2(plan.framesPerPixel);
  }

  /** Paints everything. */
  paint(world: World): void {
    this.paintFrames(world, this.plan);
  }

  /** Repaints the pixels of some frames. @returns the first row and the row after the last, or nothing outside the map */
  paintFrames(world: World, range: FrameRange): { readonly from: number; readonly to: number } | undefined {
    const { plan, shift } = this;
    const from = Math.max(range.first, plan.first);
    const to = Math.min(range.first + range.count, plan.first + plan.count);
    if (to <= from) return undefined;
    const firstPixel = (from - plan.first) >>> shift;
    const endPixel = Math.ceil((to - plan.first) / plan.framesPerPixel);
    this.codes.fill(0, firstPixel, endPixel);
    const start = plan.first + firstPixel * plan.framesPerPixel;
    const end = Math.min(plan.first + endPixel * plan.framesPerPixel, plan.first + plan.count);
    forEachRun(world, start, end - start, (at, count, bands) => this.mark(at, count, summaryCode(bands)));
    const { pixels, codes, palette } = this;
    for (let pixel = firstPixel; pixel < endPixel; pixel++)
      pixels[pixel] = palette[codes[pixel] as number] as number;
    return { from: Math.floor(firstPixel / plan.columns), to: Math.ceil(endPixel / plan.columns) };
  }

  /** Rows that hold anything but nothing at all and what is `common`: a single pixel is easily missed. */
  notableRows(common: readonly number[]): number[] {
    const { columns, rows } = this.plan;
    const quiet = new Set([0, ...common]);
    const notable: number[] = [];
    for (let row = 0; row < rows; row++) {
      const codes = this.codes.subarray(row * columns, (row + 1) * columns);
      if (codes.some((code) => !quiet.has(code))) notable.push(row);
    }
    return notable;
  }

  /** Gives frames a code where it outranks what their pixels have. */
  private mark(first: number, count: number, code: number): void {
    const { codes, shift, plan } = this;
    const from = (first - plan.first) >>> shift;
    const to = (first + count - 1 - plan.first) >>> shift;
    const rank = ranks[code] as number;
    for (let pixel = from; pixel <= to; pixel++) {
      if (rank > (ranks[codes[pixel] as number] as number)) codes[pixel] = code;
    }
  }
}

/** Frames without memory between two parts of memory that are shown apart. */
const LEAST_GAP = 1 << 14;

/** The parts of the address space that have memory, in order; what lies close together is one part. */
export function memoryParts(runs: readonly BandRun[]): readonly FrameRange[] {
  const parts: { first: number; count: number }[] = [];
  for (const { first, count, bands } of runs) {
    if (summaryCode(bands) === 0) continue;
    const last = parts.at(-1);
    if (last && first - (last.first + last.count) < LEAST_GAP) last.count = first + count - last.first;
    else parts.push({ first, count });
  }
  return parts;
}

/** How many frames have each summary code. */
export function summaryCounts(runs: readonly BandRun[]): number[] {
  const counts = new Array<number>(summaryCount).fill(0);
  for (const { count, bands } of runs) {
    const code = summaryCode(bands);
    counts[code] = (counts[code] ?? 0) + count;
  }
  return counts;
}
