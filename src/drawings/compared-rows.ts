/** The rows of a comparison for display: which runs did what, where they differ, and the letter of each run. */
import type { ComparedRow, Comparison } from '../recording/comparison/model';
import type { StepRecord } from '../recording/timeline/timeline';

/** Runs are called A, B, C ... in the order of their profiles. */
export const runLetter = (run: number): string => String.fromCharCode(65 + run);

/** As {@link letterRanges}; nothing when it is all runs. */
export const lettersOf = (runs: readonly number[], runCount: number): string =>
  runs.length === runCount ? '' : letterRanges(runs);

/** Runs in as few characters as it takes, ranges with a dash: `A–DG`; all of them are named too. */
export function letterRanges(runs: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const run of runs) {
    const range = ranges.at(-1);
    if (range?.last === run - 1) range.last = run;
    else ranges.push({ first: run, last: run });
  }
  return ranges
    .map(({ first, last }) => {
      if (first === last) return runLetter(first);
      return `${runLetter(first)}${last - first > 1 ? '–' : ''}${runLetter(last)}`;
    })
    .join('');
}

/** Runs that did the same in a row, with what they did. */
export interface RowGroup {
  readonly runs: readonly number[];
  /** Nothing when these runs made no such step. */
  readonly step: StepRecord | undefined;
  /** Index of the step, in the first run of the group. */
  readonly index: number | undefined;
  /** Why these runs could not take the act. */
  readonly refused: string | undefined;
}

/** The groups of a row, those that did nothing last. */
export function rowGroups({ runs }: Pick<Comparison, 'runs'>, row: ComparedRow): readonly RowGroup[] {
  const groups = row.groups.map((members): RowGroup => {
    const [first = 0] = members;
    const index = row.steps[first];
    const step = index === undefined ? undefined : runs[first]?.timeline.step(index);
    return { runs: members, step, index, refused: row.refused[first] };
  });
  const isIdle = ({ step, refused }: RowGroup): boolean => step === undefined && refused === undefined;
  return groups.sort((a, b) => Number(isIdle(a)) - Number(isIdle(b)));
}

export const isSplit = ({ groups }: ComparedRow): boolean => groups.length > 1;

/**
 * The rows at which runs begin to differ: the first of each range of unequal rows. A new line of the scenario begins a
 * new range.
 */
export function partings({ rows, divergences }: Comparison): readonly number[] {
  return divergences.filter((row) => {
    const before = rows[row - 1];
    return before === undefined || !isSplit(before) || before.line !== rows[row]?.line;
  });
}

/** Values of several runs with the runs that have them: equal ones together, in the order of the runs. */
export interface SharedValue {
  readonly runs: readonly number[];
  readonly value: string | undefined;
}

/** Puts equal values together. */
export function sharedValues(values: readonly (string | undefined)[]): readonly SharedValue[] {
  const shared = new Map<string | undefined, number[]>();
  values.forEach((value, run) => {
    const runs = shared.get(value);
    if (runs) runs.push(run);
    else shared.set(value, [run]);
  });
  return [...shared].map(([value, runs]) => ({ runs, value }));
}
