/** Which run of a row has most to say about why the row is as it is. */
import type { Comparison } from '../../recording/comparison/model';

/**
 * The first run whose step consulted a facet in which the profiles differ; where none did, the first with a rule, then the
 * first that made a step at all.
 * @param row -1: before the first
 */
export function tellingRun(comparison: Comparison, row: number): number {
  const of = comparison.rows[row];
  if (!of) return 0;
  const differing = new Set(comparison.facetsOf(row).map(({ name }) => name));
  const scores = comparison.runs.map(({ timeline }, run) => {
    const index = of.steps[run];
    if (index === undefined) return 0;
    const { facets, rule } = timeline.step(index);
    return 1 + (rule === undefined ? 0 : 2) + (facets.some((name) => differing.has(name)) ? 4 : 0);
  });
  return scores.indexOf(Math.max(...scores));
}
