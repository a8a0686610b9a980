/** Facets that no source decides: the model says so and goes on with the nearest kernel that is known. */
import type { FacetName, FacetValue } from '../../profiles/facets';
import type { World } from '../world';

/** The value of a facet; where nothing is known, a finding, once in an act, and the value given here. */
export function facetOr<N extends FacetName>(
  world: World,
  name: N,
  nearest: Exclude<FacetValue<N>, 'unspecified'>,
): Exclude<FacetValue<N>, 'unspecified'> {
  const value = world.maybeFacet(name) as FacetValue<N>;
  if (value !== 'unspecified') return value as Exclude<FacetValue<N>, 'unspecified'>;
  if (world.untold(name))
    world.finding('ambiguity', `${name}: no source says what this kernel does; shown as ${nearest}`);
  return nearest;
}
