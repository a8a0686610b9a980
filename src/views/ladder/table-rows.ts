/** Rows of the ladder as a table: one line for each step of a run; of several runs, one for each group of runs in a row. */
import { isSplit, letterRanges, rowGroups, type RowGroup } from '../../drawings/compared-rows';
import type { Act } from '../../engine/acts';
import type { Comparison } from '../../recording/comparison/model';
import type { StepRecord, Timeline } from '../../recording/timeline/timeline';
import { groupTexts } from '../../drawings/compared-words';
import { stepText } from '../shared/words';

export interface TableLine {
  /** Letters of the runs that did this, or `all`. */
  readonly runs: string;
  readonly text: string;
  readonly step: StepRecord | undefined;
  readonly act: Act | undefined;
}

export interface TableRows {
  readonly rowCount: number;
  /** Lines above a row; of `rowCount`: all lines. */
  linesAbove(row: number): number;
  /** Whether the runs differ in a row. */
  isSplit(row: number): boolean;
  linesOf(row: number): readonly TableLine[];
}

/** The steps of one run. */
export const rowsOfRun = (timeline: Timeline): TableRows => ({
  rowCount: timeline.stepCount,
  linesAbove: (row) => row,
  isSplit: () => false,
  linesOf(row) {
    const step = timeline.step(row);
    return [{ runs: 'all', text: stepText(step), step, act: timeline.acts[step.actIndex]?.act }];
  },
});

/** The rows of a comparison. */
export function rowsOfComparison(comparison: Comparison): TableRows {
  const { rows, runs } = comparison;
  const above = new Float64Array(rows.length + 1);
  rows.forEach(({ groups }, row) => (above[row + 1] = (above[row] ?? 0) + groups.length));
  const actOf = ({ runs: [run = 0], step }: RowGroup): Act | undefined =>
    step && runs[run]?.timeline.acts[step.actIndex]?.act;
  const splitAt = (row: number): boolean => {
    const of = rows[row];
    return of !== undefined && isSplit(of);
  };
  return {
    rowCount: rows.length,
    linesAbove: (row) => above[row] ?? 0,
    isSplit: splitAt,
    linesOf(row) {
      const of = rows[row];
      const groups = of ? rowGroups(comparison, of) : [];
      const texts = groupTexts(comparison, row, groups);
      return groups.map((group, at) => ({
        runs: splitAt(row) ? letterRanges(group.runs) : 'all',
        text: texts[at] ?? '',
        step: group.step,
        act: actOf(group),
      }));
    },
  };
}
