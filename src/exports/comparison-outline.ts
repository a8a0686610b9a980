/** The printed part of a comparison: the lines of the scenario where runs differ, with some equal rows around them. */
import { isActing } from '../recording/comparison/lines';
import type { Comparison } from '../recording/comparison/model';
import { isFound } from './row-text';

/** Rows from `first` up to and without `end`: printed, or only counted because all runs did the same. */
export interface OutlinePart {
  readonly kind: 'rows' | 'gap';
  readonly first: number;
  readonly end: number;
}

/** A line of the scenario that does something. */
export interface OutlineSection {
  /** Index in `Comparison.lines`. */
  readonly line: number;
  readonly differs: boolean;
  readonly parts: readonly OutlinePart[];
  /**
   * `launch standard` of a scenario that is about something else: only rows that differ, or in which something was found,
   * are printed, and this is how many are left out.
   */
  readonly leftOut: number;
  readonly rowCount: number;
}

/** Equal rows that are printed before and after a difference. */
const CONTEXT = 2;
/** Fewer equal rows than this are printed rather than counted. */
const LEAST_GAP = 3;

/** A letter for each run: A, B, C. */
export const letterOf = (run: number): string => String.fromCharCode(65 + run);
export const lettersOf = (runs: readonly number[]): string => runs.map(letterOf).join('');

/**
 * The sections in order.
 * @param isWhole everything but the launch is printed; of a single run, which has nothing to compare, it always is
 */
export function outlineOf(comparison: Comparison, isWhole = comparison.runs.length === 1): OutlineSection[] {
  const { rows, lines } = comparison;
  const isAboutLaunch = lines[aboutLine(comparison)]?.line.kind === 'launch';
  const sections: OutlineSection[] = [];
  let next = 0;
  lines.forEach(({ line: { kind } }, line) => {
    const first = next;
    while (rows[next]?.line === line) next++;
    const acts = kind === 'act' || kind === 'launch' || kind === 'runUntil';
    if (!acts && next === first) return;
    const indexes = Array.from({ length: next - first }, (_, i) => first + i);
    const unequal = indexes.filter((row) => (rows[row]?.groups.length ?? 1) > 1);
    const section = { line, differs: unequal.length > 0, rowCount: indexes.length };
    if (kind === 'launch' && !isAboutLaunch) {
      const told = new Set(indexes.filter((row) => unequal.includes(row) || hasFinding(comparison, row)));
      const parts = partsOf(first, next, (row) => told.has(row)).filter((part) => part.kind === 'rows');
      sections.push({ ...section, parts, leftOut: indexes.length - told.size });
      return;
    }
    const isShown = (row: number): boolean => isWhole || unequal.some((at) => Math.abs(at - row) <= CONTEXT);
    sections.push({ ...section, parts: joined(partsOf(first, next, isShown)), leftOut: 0 });
  });
  return sections;
}

/** The line in which the runs first differ; of runs that do not, the last one that does something. */
function aboutLine({ lines, rows, firstDivergence }: Comparison): number {
  if (firstDivergence !== undefined) return rows[firstDivergence]?.line ?? -1;
  return lines.findLastIndex(({ line }) => isActing(line));
}

const hasFinding = ({ runs, rows }: Comparison, row: number): boolean =>
  (rows[row]?.steps ?? []).some(
    (step, run) => step !== undefined && runs[run]?.timeline.step(step).findings.some(isFound),
  );

function partsOf(first: number, end: number, isShown: (row: number) => boolean): OutlinePart[] {
  const parts: OutlinePart[] = [];
  for (let row = first; row < end; row++) {
    const kind = isShown(row) ? 'rows' : 'gap';
    const last = parts.at(-1);
    if (last?.kind === kind) parts[parts.length - 1] = { ...last, end: row + 1 };
    else parts.push({ kind, first: row, end: row + 1 });
  }
  return parts;
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

/** What the title of a section says of rows that are not printed; nothing where all are. */
export function alikeText({ differs, leftOut, rowCount }: OutlineSection, isOne: boolean): string {
  const alike = isOne ? '' : ', alike';
  const steps = stepsText(rowCount);
  if (leftOut === rowCount && leftOut > 0) return `  (${steps}${alike})`;
  if (leftOut > 0) return `  (${leftOut} of ${steps}${alike}, are left out)`;
  return !differs && !isOne && rowCount > 0 ? `  (${steps}, alike)` : '';
}

/** `1 step`, `12 steps`. */
export const stepsText = (count: number): string => (count === 1 ? '1 step' : `${count} steps`);
