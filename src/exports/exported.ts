/** What every export is made from: a run, or several side by side. */
import { compare } from '../recording/comparison/comparison';
import type { Comparison } from '../recording/comparison/model';
import type { Timeline } from '../recording/timeline/timeline';
import type { Run } from '../scenarios/run';

export interface Exported {
  /** At least one. */
  readonly runs: readonly Run<Timeline>[];
  /** Made on first access; of one run too. */
  readonly comparison: Comparison;
  /** The number of a step on the page, from 1: of several runs that of its row. */
  readonly numberOf: (run: number, step: number) => number;
  /** Where the same can be seen. */
  readonly link?: string;
}

/** @param compared where the runs were compared already */
export function exportedOf(
  runs: readonly Run<Timeline>[],
  { link, compared }: { readonly link?: string | undefined; readonly compared?: Comparison | undefined } = {},
): Exported {
  let made = compared;
  const comparison = (): Comparison => (made ??= compare(runs));
  return {
    runs,
    get comparison() {
      return comparison();
    },
    numberOf: (run, step) => (runs.length > 1 ? comparison().rowOf(run, step) : step) + 1,
    ...(link === undefined ? {} : { link }),
  };
}
