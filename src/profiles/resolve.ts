/**
 * From the way people write a profile to the values the engine runs on.
 *
 * `linux-7.2:ap.doubleCreate=reject:psc.retInit=stale` is a generation with two facets overridden; commas separate several
 * profiles, and an overlay may be named instead of a generation. Scenario text, command line and
 * links all write it alike.
 */
import type { Source } from '../abi/source';
import { MAX_PROFILES } from '../base/limits';
import { type Problem, type Result, ok, problem } from '../base/result';
import { didYouMean } from '../base/text';
import { carriedOver } from './facet';
import {
  facetNames,
  isFacetName,
  isValueOf,
  valueDoc,
  valuesOf,
  type FacetName,
  type Facets,
} from './facets';
import { overlay, overlayIds, type Overlay, type OverlayId } from './overlays';
import {
  bundles,
  defaultProfileId,
  isProfileId,
  profileIds,
  profileTexts,
  sourceIn,
  type ProfileId,
} from './profiles';

/** What may stand before the first colon: a generation or an overlay. */
export type ProfileName = ProfileId | OverlayId;

/** A generation or overlay with the overrides of one run. */
export interface ResolvedProfile {
  /** The generation or overlay. */
  readonly id: ProfileName;
  /** How this profile is written: overrides that change something, in the order of the facets. Parses back to itself. */
  readonly spec: string;
  readonly title: string;
  readonly facets: Facets;
  /** Names of the facets that a person set to another value. */
  readonly overridden: readonly FacetName[];
  /** Set for a wish list that nobody ever ran. */
  readonly neverExistedAsCode: boolean;
  /** Where the value of a facet is known from; an override is known from the person who made it. */
  sourceOf(name: FacetName): Source;
}

/** A generation or overlay as it is, before any override. */
interface Named {
  readonly id: ProfileName;
  readonly title: string;
  readonly facets: Facets;
  readonly neverExistedAsCode: boolean;
  sourceOf(name: FacetName): Source;
}

/** The source of a value that a person set. */
export const overrideSource: Source = {
  confidence: 'unconfirmed',
  document: 'set by hand',
  place: 'an override of this run',
};

const isOverlayId = (word: string): word is OverlayId => (overlayIds as readonly string[]).includes(word);

const ofGeneration = (id: ProfileId): Named => ({
  id,
  title: profileTexts[id].title,
  facets: bundles[id],
  neverExistedAsCode: profileTexts[id].neverExistedAsCode ?? false,
  sourceOf: (name) => sourceIn(id, name),
});

/** What an overlay does not change is its base's, and so is the source; where the tree is another one, only carried over. */
function sourceBelow(over: Overlay, name: FacetName): Source {
  if (over.restCarriedOver !== true) return sourceIn(over.base, name);
  return carriedOver(bundles[over.base][name], over.base).source;
}

function ofOverlay(id: OverlayId): Named {
  const over = overlay(id);
  const values: Record<string, string> = { ...bundles[over.base] };
  for (const [name, fact] of Object.entries(over.changes)) values[name] = fact.value;
  return {
    id,
    title: over.title,
    facets: values as unknown as Facets,
    neverExistedAsCode: profileTexts[over.base].neverExistedAsCode ?? false,
    sourceOf: (name) => over.changes[name]?.source ?? sourceBelow(over, name),
  };
}

function named(word: string): Named | undefined {
  if (isProfileId(word)) return ofGeneration(word);
  return isOverlayId(word) ? ofOverlay(word) : undefined;
}

function withValues(base: Named, values: Facets): ResolvedProfile {
  const overridden = facetNames.filter((name) => values[name] !== base.facets[name]);
  const changes = overridden.map((name) => `:${name}=${values[name]}`).join('');
  return {
    id: base.id,
    spec: `${base.id}${changes}`,
    title: overridden.length === 0 ? base.title : `${base.title}, ${overridden.length} changed`,
    facets: values,
    overridden,
    neverExistedAsCode: base.neverExistedAsCode,
    sourceOf: (name) => (overridden.includes(name) ? overrideSource : base.sourceOf(name)),
  };
}

/** A generation or overlay as it is. */
export function profile(id: ProfileName): ResolvedProfile {
  const base = isOverlayId(id) ? ofOverlay(id) : ofGeneration(id);
  return withValues(base, base.facets);
}

/** What a run uses when nobody names a profile. */
export const defaultProfile = (): ResolvedProfile => profile(defaultProfileId);

/** The name that was probably meant, or else the names there are. */
const orElse = (word: string, known: readonly string[], there: readonly string[]): string =>
  didYouMean(word, known) || (there.length === 0 ? '' : `; there are ${there.join(', ')}`);

/** Facets of the same kind: all that share the first word. */
const relativesOf = (name: string): readonly FacetName[] =>
  facetNames.filter((other) => other.startsWith(`${name.split('.')[0]}.`));

function parseOverride(text: string): Result<readonly [FacetName, string], Problem> {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (!isFacetName(name)) {
    const instead = orElse(name, facetNames, relativesOf(name));
    return problem(`no facet is called '${name}'${instead}`, text);
  }
  const known = valuesOf(name);
  if (equals < 0) return problem(`'${name}' needs a value, one of ${known.join(', ')}`, text);
  const value = text.slice(equals + 1);
  if (isValueOf(name, value)) return ok([name, value]);
  return problem(`'${name}' is one of ${known.join(', ')}, not '${value}'${didYouMean(value, known)}`, text);
}

/** Reads one profile with its overrides. The later of two overrides of one facet wins. */
export function parseProfileSpec(text: string): Result<ResolvedProfile, Problem> {
  const [word = '', ...overrides] = text.trim().split(':');
  const base = named(word);
  if (base === undefined) {
    const instead = orElse(word, [...profileIds, ...overlayIds], profileIds);
    return problem(`no profile is called '${word}'${instead}`, text.trim());
  }
  const values: Record<string, string> = { ...base.facets };
  for (const override of overrides) {
    const parsed = parseOverride(override);
    if (!parsed.ok) return parsed;
    const [name, value] = parsed.value;
    values[name] = value;
  }
  return ok(withValues(base, values as unknown as Facets));
}

/** Reads several profiles separated by commas. */
export function parseProfileList(text: string): Result<readonly ResolvedProfile[], Problem> {
  const specs = text.split(',', MAX_PROFILES + 1);
  if (specs.length > MAX_PROFILES)
    return problem(`a list has at most ${MAX_PROFILES} profiles, and this one has more`);
  const profiles: ResolvedProfile[] = [];
  for (const part of specs) {
    const parsed = parseProfileSpec(part);
    if (!parsed.ok) return parsed;
    profiles.push(parsed.value);
  }
  return ok(profiles);
}

/** Several profiles as they are written. */
export const printProfileList = (profiles: readonly ResolvedProfile[]): string =>
  profiles.map((one) => one.spec).join(',');

/** A profile made by setting one facet of another to a value. */
export function override<N extends FacetName>(
  from: ResolvedProfile,
  name: N,
  value: Facets[N],
): ResolvedProfile {
  const base = isOverlayId(from.id) ? ofOverlay(from.id) : ofGeneration(from.id);
  return withValues(base, { ...from.facets, [name]: value });
}

/** The sentence that tells what the profile does about one facet. */
export const whatItDoes = (from: ResolvedProfile, name: FacetName): string =>
  valueDoc(name, from.facets[name]);
