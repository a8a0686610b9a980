/** The kernel generations with their value of every facet, and where each value is known from. */
import type { Source } from '../abi/source';
import { assert } from '../base/assert';
import { factIn } from './difference';
import { unspecified as unspecifiedDoc, type Fact } from './facet';
import { facetNames, facets, type FacetName, type Facets, type FacetValue } from './facets';
import {
  derivationOf,
  generations,
  isProfileId,
  profileIds,
  type ProfileId,
  type ProfileText,
} from './generations';

export { defaultProfileId } from './default-profile';
export { isProfileId, profileIds, unspecifiedDoc, type ProfileId, type ProfileText };

function textOf(id: ProfileId): ProfileText {
  const { title, date, description, neverExistedAsCode }: ProfileText = generations[id];
  return { title, date, description, ...(neverExistedAsCode ? { neverExistedAsCode } : {}) };
}

/** Every generation in one paragraph. */
export const profileTexts: Readonly<Record<ProfileId, ProfileText>> = Object.fromEntries(
  profileIds.map((id) => [id, textOf(id)]),
) as Record<ProfileId, ProfileText>;

/** What a generation does about a facet, with its source. */
function factOf<N extends FacetName>(id: ProfileId, name: N): Fact<FacetValue<N>> {
  const derivation = derivationOf(id);
  if (derivation) {
    return factIn(derivation, name, (base) => {
      assert(
        isProfileId(base) && profileIds.indexOf(base) < profileIds.indexOf(id),
        `${id} has an earlier base`,
      );
      return factOf(base, name);
    });
  }
  const stated: Readonly<Partial<Record<ProfileId, Fact<string>>>> = facets[name].facts;
  const fact = stated[id];
  assert(fact, `${name} states a fact of ${id}`);
  // The declaration of each facet holds its facts to its own values; the index access alone forgets that.
  return fact as Fact<FacetValue<N>>;
}

/** A generation's value of a facet. */
export const valueIn = <N extends FacetName>(profile: ProfileId, name: N): FacetValue<N> =>
  factOf(profile, name).value;

/** Where a generation's value of a facet is known from, and how surely. */
export const sourceIn = (profile: ProfileId, name: FacetName): Source => factOf(profile, name).source;

const bundle = (profile: ProfileId): Facets =>
  Object.fromEntries(facetNames.map((name) => [name, valueIn(profile, name)])) as Facets;

/** Every generation as a bundle of facet values. */
export const bundles: Readonly<Record<ProfileId, Facets>> = Object.fromEntries(
  profileIds.map((profile) => [profile, bundle(profile)]),
) as Record<ProfileId, Facets>;
