/**
 * Where the cells of a page map stand. Frames run left to right, top to bottom, in rows of a power of two; rows that say
 * the same as their neighbours fold into one line, so that only what differs takes room and draws the eye.
 */
import type { BandRun, PackedBands } from '../engine/page-class';

export interface FrameRange {
  readonly first: number;
  readonly count: number;
}

export interface GridSize {
  readonly columns: number;
  /** Width of a cell with its gap. */
  readonly pitch: number;
  /** Height of one of the three bands. */
  readonly band: number;
  /** Width of the row labels. */
  readonly gutter: number;
}

export interface GridRow extends FrameRange {
  /** `cells`: one cell a frame. `fold`: many rows of equal frames, drawn as one line. */
  readonly kind: 'cells' | 'fold';
  readonly y: number;
  readonly height: number;
}

export interface GridPlan extends GridSize {
  readonly rows: readonly GridRow[];
  readonly width: number;
  readonly height: number;
}

export const LEAST_CELL = 26;
const GAP = 3;
const ROW_GAP = 10;
const FOLD_HEIGHT = 30;
/** Whole rows that must agree before they fold. */
const LEAST_FOLD = 2;
const columnChoices = [32, 16, 8, 4];

/** The most columns whose cells are not narrower than they may be. */
export function gridSize(width: number, digits: number): GridSize {
  const gutter = digits * 7.3 + 14;
  const room = Math.max(width - gutter - 4, 0);
  const columns = columnChoices.find((count) => room / count >= LEAST_CELL + GAP) ?? 4;
  const pitch = Math.min(Math.floor(room / columns), 54);
  return { columns, pitch: Math.max(pitch, LEAST_CELL + GAP), band: pitch >= 40 ? 17 : 14, gutter };
}

export const cellWidth = ({ pitch }: GridSize): number => pitch - GAP;
export const cellHeight = ({ band }: GridSize): number => band * 3;

/** Runs cut to a window. */
export function clipRuns(runs: readonly BandRun[], { first, count }: FrameRange): BandRun[] {
  const end = first + count;
  return runs.flatMap((run) => {
    const from = Math.max(run.first, first);
    const to = Math.min(run.first + run.count, end);
    return to > from ? [{ first: from, count: to - from, bands: run.bands }] : [];
  });
}

/** The bands of a frame, by binary search in runs that cover it. */
export function bandsAt(runs: readonly BandRun[], gfn: number): PackedBands {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((runs[middle] as BandRun).first <= gfn) low = middle;
    else high = middle - 1;
  }
  return runs[low]?.bands ?? 0;
}

const touches = (range: FrameRange, { first, count }: FrameRange): boolean =>
  range.first < first + count && first < range.first + range.count;

/** Rows from `first` on that a run covers whole. */
function foldableRows(run: BandRun, at: number, columns: number, end: number): number {
  return Math.floor((Math.min(run.first + run.count, end) - at) / columns);
}

/**
 * Plans the rows of a window.
 * @param kept frames that must be seen one by one: the selected page, the pages this step changed
 */
export function planGrid(
  size: GridSize,
  window: FrameRange,
  runs: readonly BandRun[],
  kept: readonly FrameRange[],
): GridPlan {
  const { columns } = size;
  const end = window.first + window.count;
  const rows: GridRow[] = [];
  const place = (kind: GridRow['kind'], first: number, count: number): void => {
    const last = rows.at(-1);
    const y = last ? last.y + last.height : 0;
    rows.push({ kind, first, count, y, height: kind === 'fold' ? FOLD_HEIGHT : cellHeight(size) + ROW_GAP });
  };
  let runIndex = 0;
  let at = window.first - (window.first % columns);
  while (at < end) {
    while ((runs[runIndex]?.first ?? Infinity) + (runs[runIndex]?.count ?? 0) <= at) runIndex++;
    const run = runs[runIndex];
    let whole = run && run.first <= at ? foldableRows(run, at, columns, end) : 0;
    for (const range of kept) {
      if (touches(range, { first: at, count: whole * columns })) {
        whole = Math.min(whole, Math.max(0, Math.floor((range.first - at) / columns)));
      }
    }
    if (whole >= LEAST_FOLD) {
      place('fold', at, whole * columns);
      at += whole * columns;
    } else {
      place('cells', at, Math.min(columns, end - at));
      at += columns;
    }
  }
  const last = rows.at(-1);
  return {
    ...size,
    rows,
    width: size.gutter + columns * size.pitch,
    height: last ? last.y + last.height : 0,
  };
}

/** Left edge of a frame's cell. */
export const cellX = ({ gutter, pitch }: GridSize, row: FrameRange, gfn: number): number =>
  gutter + (gfn - row.first) * pitch;

/** Rows that a scrolled view can see, with some to spare. */
export function rowsBetween(plan: GridPlan, top: number, bottom: number): readonly GridRow[] {
  return plan.rows.filter(({ y, height }) => y + height >= top && y <= bottom);
}

/** The frame an arrow key leads to. Folds are stepped over: up and down keep the column. */
export function frameTowards(
  plan: GridPlan,
  window: FrameRange,
  gfn: number,
  key: string,
): number | undefined {
  const last = window.first + window.count - 1;
  const clamp = (to: number): number => Math.min(Math.max(to, window.first), last);
  const rowIndex = plan.rows.findIndex(({ first, count }) => gfn >= first && gfn < first + count);
  const row = plan.rows[rowIndex];
  const column = gfn % plan.columns;
  const inRow = (target: GridRow | undefined, fromBelow: boolean): number => {
    if (!target) return gfn;
    const lastRow = target.first + Math.floor((target.count - 1) / plan.columns) * plan.columns;
    return clamp((fromBelow ? lastRow : target.first) + column);
  };
  switch (key) {
    case 'ArrowLeft':
    case 'h':
      return clamp(gfn - 1);
    case 'ArrowRight':
    case 'l':
      return clamp(gfn + 1);
    case 'ArrowDown':
      return inRow(plan.rows[rowIndex + 1], false);
    case 'ArrowUp':
      return inRow(plan.rows[rowIndex - 1], true);
    case 'Home':
      return row ? clamp(row.first) : undefined;
    case 'End':
      return row ? clamp(row.first + row.count - 1) : undefined;
    default:
      return undefined;
  }
}

/** One piece of the strip: a frame of its own, or a run drawn as one narrow cell. */
export interface StripItem extends FrameRange {
  readonly bands: PackedBands;
  readonly folded: boolean;
}

/** Longest run that the strip shows frame by frame. */
const STRIP_RUN = 6;

/** A window as one row: long runs shrink to one item, kept frames stand alone. */
export function stripItems(runs: readonly BandRun[], kept: readonly FrameRange[]): StripItem[] {
  const items: StripItem[] = [];
  const add = (first: number, count: number, bands: PackedBands): void => {
    if (count <= 0) return;
    if (count > STRIP_RUN) items.push({ first, count, bands, folded: true });
    else
      for (let at = first; at < first + count; at++)
        items.push({ first: at, count: 1, bands, folded: false });
  };
  const stops = [...kept].filter(({ count }) => count <= STRIP_RUN).sort((a, b) => a.first - b.first);
  for (const { first, count, bands } of runs) {
    let at = first;
    for (const range of stops) {
      const from = Math.max(range.first, at);
      const to = Math.min(range.first + range.count, first + count);
      if (to <= from) continue;
      add(at, from - at, bands);
      add(from, to - from, bands);
      at = to;
    }
    add(at, first + count - at, bands);
  }
  return items;
}
