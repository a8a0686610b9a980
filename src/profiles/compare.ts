/** Where two or more profiles differ. */
import type { Source } from '../abi/source';
import { facetNames, type FacetName, type FacetValue } from './facets';
import type { ResolvedProfile } from './resolve';

/** One facet in which profiles differ: each profile's value and its source, in the order of the profiles. */
export interface FacetDifference {
  readonly name: FacetName;
  readonly values: readonly FacetValue[];
  readonly sources: readonly Source[];
}

/** The facets in which at least two of the profiles differ, in the order of the facets. */
export function compareProfiles(profiles: readonly ResolvedProfile[]): readonly FacetDifference[] {
  const differences: FacetDifference[] = [];
  for (const name of facetNames) {
    const values = profiles.map((one) => one.facets[name]);
    if (new Set(values).size < 2) continue;
    differences.push({ name, values, sources: profiles.map((one) => one.sourceOf(name)) });
  }
  return differences;
}
