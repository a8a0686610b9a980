/** The facets that cause the differences between runs. */
import type { Resumable } from '../base/resumable';
import { decidingFacets } from '../explorer/deciding';
import type { FacetDifference } from '../profiles/compare';
import { isLaunchRow } from '../recording/comparison/lines';
import type { Comparison } from '../recording/comparison/model';

/** Steps that are tried under other facet values. */
const MOST_TRIED = 40;

/**
 * Of the facets that unequal steps consulted and in which the profiles differ, those that decided one of the steps.
 * @param within rows that are looked at: where they differ, but of `launch standard` only where nothing else does
 */
export function* decidingDifferences(
  comparison: Comparison,
  within: (row: number) => boolean = () => true,
): Resumable<FacetDifference[]> {
  const { runs, rows, divergences, firstDivergence, facetsOf } = comparison;
  const found = new Map<string, FacetDifference>();
  let tried = 0;
  for (const row of divergences.filter(within)) {
    if (row !== firstDivergence && isLaunchRow(comparison, row)) continue;
    for (const [run, { timeline }] of runs.entries()) {
      const open = facetsOf(row).filter(({ name }) => !found.has(name));
      const step = rows[row]?.steps[run];
      if (open.length === 0 || step === undefined || tried++ >= MOST_TRIED) continue;
      const deciding = yield* decidingFacets(timeline, step);
      for (const facet of open) if (deciding.includes(facet.name)) found.set(facet.name, facet);
    }
  }
  return [...found.values()];
}
