/** What decided the rows in which runs differ, and the findings of a comparison grouped by it. */
import type { Resumable } from '../base/resumable';
import { letterRanges } from '../drawings/compared-rows';
import { decidingFacets } from '../explorer/deciding';
import { decisiveRow, isTold } from '../exports/decisive-row';
import type { FacetDifference } from '../profiles/compare';
import { facetDoc, type FacetName } from '../profiles/facets';
import type { Comparison } from '../recording/comparison/model';
import {
  foundGroup,
  launchGroup,
  withoutEmpty,
  type FindingGroup,
  type ListedFinding,
} from '../views/outline/finding-groups';

/** Acts that are performed again to find what decided them: after so many the rest is not asked. */
const MOST_TRIED = 200;

/** Findings that one facet decided, and how much they matter: lower is more. */
interface Decided {
  readonly facet: FacetDifference;
  readonly findings: ListedFinding[];
  rank: number;
}

/**
 * The findings of a comparison under the facets that decided them. The facet of the act that answers the question comes
 * first, then those of rows that tell a guest or a VMM another thing, then the others, each in the order of the run.
 */
export function* groupedFindings(
  comparison: Comparison,
  findings: readonly ListedFinding[],
): Resumable<readonly FindingGroup[]> {
  const own = findings.filter(({ inLaunch }) => !inLaunch);
  const lineOf = (row: number | undefined): number => comparison.rows[row ?? -1]?.line ?? -1;
  const answered = lineOf(decisiveRow(comparison));
  const decided = new Map<FacetName, Decided>();
  const followed: ListedFinding[] = [];
  const budget = { left: MOST_TRIED };
  for (const finding of own.filter(({ isSplit }) => isSplit)) {
    const row = finding.place - 1;
    const facets = yield* decidersOf(comparison, row, budget);
    if (facets.length === 0) followed.push(finding);
    const rank = lineOf(row) === answered ? 0 : isTold(comparison, row) ? 1 : 2;
    for (const facet of facets) {
      const group = decided.get(facet.name) ?? { facet, findings: [], rank };
      group.findings.push(finding);
      group.rank = Math.min(group.rank, rank);
      decided.set(facet.name, group);
    }
  }
  const byRank = [...decided.values()].sort((a, b) => a.rank - b.rank);
  return withoutEmpty([
    ...byRank.map((group, at) => facetGroup(group, at === 0)),
    {
      id: 'followed',
      kind: 'words',
      title: 'What follows',
      values: [],
      says: 'No facet decides these steps: they differ because an earlier one left another state.',
      findings: followed,
      isOpen: byRank.length === 0,
    },
    foundGroup(own),
    launchGroup(findings, own.length === 0),
  ]);
}

/** The facets that decided a row, in any of its runs. */
function* decidersOf(
  comparison: Comparison,
  row: number,
  budget: { left: number },
): Resumable<readonly FacetDifference[]> {
  const found = new Map<FacetName, FacetDifference>();
  for (const [run, { timeline }] of comparison.runs.entries()) {
    const open = comparison.facetsOf(row).filter(({ name }) => !found.has(name));
    const step = comparison.rows[row]?.steps[run];
    if (open.length === 0 || step === undefined || budget.left-- <= 0) continue;
    const deciding = yield* decidingFacets(timeline, step);
    for (const facet of open) if (deciding.includes(facet.name)) found.set(facet.name, facet);
    yield;
  }
  return [...found.values()];
}

function facetGroup({ facet, findings }: Decided, isOpen: boolean): FindingGroup {
  const { name, values } = facet;
  const byValue = [...new Set(values)].map((value) => {
    const runs = values.flatMap((other, run) => (other === value ? [run] : []));
    return `${letterRanges(runs)} ${value}`;
  });
  return { id: name, kind: 'facet', title: name, values: byValue, says: facetDoc(name), findings, isOpen };
}
