/** The printed part of a comparison: the lines of the scenario where runs differ, with some equal rows around them. */
import type { Comparison } from '../recording/comparison/model';

/** Rows from `first` up to and without `end`: printed, or only counted because all runs did the same. */
export interface OutlinePart {
  readonly kind: 'rows' | 'gap';
  readonly first: number;
  readonly end: number;
}

/** A line of the scenario that does something. */
export interface OutlineSection {
  /** Index in `scenario.lines`. */
  readonly line: number;
  readonly differs: boolean;
  readonly parts: readonly OutlinePart[];
}

/** Equal rows that are printed before and after a difference. */
const CONTEXT = 2;
/** Fewer equal rows than this are printed rather than counted. */
const LEAST_GAP = 3;

/** A letter for each run: A, B, C. */
export const letterOf = (run: number): string => String.fromCharCode(65 + run);
export const lettersOf = (runs: readonly number[]): string => runs.map(letterOf).join('');

/** The sections in order; a single run has nothing to compare, and everything is printed. */
export function outlineOf({ runs, rows }: Comparison): OutlineSection[] {
  const lines = runs[0]?.scenario.lines ?? [];
  const sections: OutlineSection[] = [];
  let next = 0;
  lines.forEach(({ kind }, line) => {
    const first = next;
    while (rows[next]?.line === line) next++;
    const acts = kind === 'act' || kind === 'launch' || kind === 'runUntil';
    if (!acts && next === first) return;
    const isUnequal = (row: number): boolean => (rows[row]?.groups.length ?? 1) > 1;
    const indexes = Array.from({ length: next - first }, (_, i) => first + i);
    const unequal = indexes.filter(isUnequal);
    const isShown = (row: number): boolean =>
      runs.length === 1 || unequal.some((at) => Math.abs(at - row) <= CONTEXT);
    sections.push({ line, differs: unequal.length > 0, parts: partsOf(first, next, isShown) });
  });
  return sections;
}

function partsOf(first: number, end: number, isShown: (row: number) => boolean): OutlinePart[] {
  const parts: OutlinePart[] = [];
  for (let row = first; row < end; row++) {
    const kind = isShown(row) ? 'rows' : 'gap';
    const last = parts.at(-1);
    if (last?.kind === kind) parts[parts.length - 1] = { ...last, end: row + 1 };
    else parts.push({ kind, first: row, end: row + 1 });
  }
  return joined(parts);
}

/** Gaps shorter than LEAST_GAP are printed as rows. */
function joined(parts: readonly OutlinePart[]): OutlinePart[] {
  const out: OutlinePart[] = [];
  parts.forEach((part, i) => {
    const isBetween = i > 0 && i < parts.length - 1;
    const isShort = isBetween && part.kind === 'gap' && part.end - part.first < LEAST_GAP;
    const kind = isShort ? 'rows' : part.kind;
    const last = out.at(-1);
    if (last?.kind === kind) out[out.length - 1] = { ...last, end: part.end };
    else out.push({ ...part, kind });
  });
  return out;
}
