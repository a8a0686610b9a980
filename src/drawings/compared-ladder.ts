/**
 * The ladder of several runs: a row that is the same in all of them is drawn once, another once for each group of runs
 * that did the same. Heights differ from row to row, so what stands above each row is counted once.
 */
import type { Act } from '../engine/acts';
import type { Comparison } from '../recording/comparison/model';
import { lineText } from '../scenarios/print';
import { actLine } from '../scenarios/scenario';
import { isSplit, rowGroups, type RowGroup } from './compared-rows';
import {
  layoutRow,
  type LabelPiece,
  type LadderPlan,
  type LadderRow,
  type RowContent,
  type RowHeights,
} from './ladder';

/** Runs that have a dash pattern of their own; their letters tell the others apart as well. */
const dashes = ['', '6 4', '1.5 3', '9 3 1.5 3', '3 2', '12 4', '1.5 5', '6 3 1.5 3 1.5 3', '4 6'] as const;

/** The line of a group is that of its first run: solid for A, dashed for B; an SVG dash pattern, empty when solid. */
export const dashOf = (runs: readonly number[]): string => dashes[(runs[0] ?? 0) % dashes.length] ?? '';

/** An act that begins in a row, in some runs. */
export interface ActHead {
  readonly act: Act;
  readonly runs: readonly number[];
  /** Index of the act in the first of the runs. */
  readonly index: number;
}

export interface ComparedLadder {
  readonly rowCount: number;
  /** Pixels from the top of the picture to a row with its acts; that of `rowCount` is the height of the picture. */
  readonly topOf: (row: number, heights: RowHeights) => number;
  /** Acts that begin in a row. */
  readonly heads: ReadonlyMap<number, readonly ActHead[]>;
}

/** Groups of a row that are drawn; those that did nothing are left out. */
export function drawnGroups(comparison: Comparison, row: number): readonly RowGroup[] {
  const of = comparison.rows[row];
  if (!of) return [];
  return rowGroups(comparison, of).filter(({ step, refused }) => step !== undefined || refused !== undefined);
}

/** How many groups of a row are drawn, without reading their steps. */
function drawnCount({ rows }: Comparison, row: number): number {
  const { groups = [], steps = [], refused = [] } = rows[row] ?? {};
  const acts = groups.filter(([run = 0]) => steps[run] !== undefined || refused[run] !== undefined);
  return Math.max(1, acts.length);
}

/** Where every row stands. */
export function layoutComparedLadder(comparison: Comparison): ComparedLadder {
  const heads = actHeads(comparison);
  const rowCount = comparison.rows.length;
  const actsAbove = new Int32Array(rowCount + 1);
  const linesAbove = new Int32Array(rowCount + 1);
  comparison.rows.forEach((row, index) => {
    const lines = isSplit(row) ? drawnCount(comparison, index) : 1;
    actsAbove[index + 1] = (actsAbove[index] ?? 0) + (heads.get(index)?.length ?? 0);
    linesAbove[index + 1] = (linesAbove[index] ?? 0) + lines;
  });
  const topOf = (row: number, { act, step }: RowHeights): number =>
    (actsAbove[row] ?? 0) * act + (linesAbove[row] ?? 0) * step;
  return { rowCount, topOf, heads };
}

/** The acts of all runs by the row in which they begin; runs that began the same act there have it in common. */
function actHeads({ runs, rowOf }: Comparison): Map<number, ActHead[]> {
  const heads = new Map<number, (ActHead & { runs: number[]; key: string })[]>();
  runs.forEach(({ timeline }, run) => {
    timeline.acts.forEach(({ act, firstStep, stepCount }, index) => {
      if (stepCount === 0) return;
      const row = rowOf(run, firstStep);
      const key = lineText(actLine(act));
      const there = heads.get(row) ?? [];
      const same = there.find((head) => head.key === key);
      if (same) same.runs.push(run);
      else there.push({ act, runs: [run], index, key });
      heads.set(row, there);
    });
  });
  return heads;
}

/**
 * Rows that a window shows: from `first` up to and without `end`.
 * @param topOf where each row begins, ascending; that of `rowCount` is where the last one ends
 */
export function visibleRows(
  rowCount: number,
  topOf: (row: number) => number,
  window: { readonly top: number; readonly height: number },
): { readonly first: number; readonly end: number } {
  const lastAtOrAbove = (place: number): number => {
    let [low, high] = [0, rowCount];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (topOf(middle) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const first = lastAtOrAbove(window.top);
  return { first, end: Math.min(rowCount, lastAtOrAbove(window.top + window.height) + 1) };
}

const wordsOf = (text: string): string[] => text.split(' ');

/** Which words of each text are not in all the others too, in the same order: what differs, word by word. */
export function differingWords(texts: readonly string[]): readonly (readonly boolean[])[] {
  const words = texts.map(wordsOf);
  return words.map((own, i) => {
    const differs = own.map(() => false);
    words.forEach((other, j) => {
      if (i === j) return;
      const common = commonWords(own, other);
      own.forEach((_, at) => (differs[at] ||= !common.has(at)));
    });
    return differs;
  });
}

/** Indexes of the words of `a` in a longest common subsequence with `b`. */
function commonWords(a: readonly string[], b: readonly string[]): ReadonlySet<number> {
  const width = b.length + 1;
  const best = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => best[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const common = new Set<number>();
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      common.add(i);
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return common;
}

/** A piece of a label, bold or not. */
export interface MarkedPiece extends LabelPiece {
  readonly strong: boolean;
}

/** What stands behind it tells one group of runs from another, see `groupTexts`. */
const TELLING = '·';

/**
 * Puts a row of one group on the grid. What tells it from the others stands at the end of its label: where there is no room for
 * all, words before it go.
 * @param differs by word of the text
 */
export function layoutTelling(
  plan: LadderPlan,
  content: RowContent,
  differs: readonly boolean[],
): { readonly row: LadderRow; readonly label: readonly MarkedPiece[] } {
  const words = wordsOf(content.text);
  const telling = words.lastIndexOf(TELLING);
  let row = layoutRow(plan, content);
  let marks = differs;
  for (let kept = telling - 1; row.cut && kept > 0; kept--) {
    const text = `${words.slice(0, kept).join(' ')}… ${words.slice(telling).join(' ')}`;
    const shorter = layoutRow(plan, { ...content, text });
    if (shorter.cut && kept > 1) continue;
    row = { ...shorter, cut: true };
    marks = [...differs.slice(0, kept), ...differs.slice(telling)];
    break;
  }
  return { row, label: markedLabel(row.label, marks) };
}

/** Cuts a label where what differs begins and ends. @param differs by word of the text, as `differingWords` says */
export function markedLabel(
  pieces: readonly LabelPiece[],
  differs: readonly boolean[],
): readonly MarkedPiece[] {
  let word = 0;
  return pieces.flatMap(({ column, line, text }): MarkedPiece[] => {
    const marked: { column: number; line: 0 | 1; text: string; strong: boolean }[] = [];
    let at = column;
    for (const one of wordsOf(text)) {
      const strong = differs[word++] ?? false;
      const last = marked.at(-1);
      if (last?.strong === strong) last.text += ` ${one}`;
      else marked.push({ column: at, line, text: one, strong });
      at += one.length + 1;
    }
    return marked;
  });
}
