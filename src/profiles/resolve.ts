/**
 * From the way people write a profile to the values the engine runs on.
 *
 * `linux-7.2:ap.doubleCreate=reject:psc.retInit=stale` is a generation with two facets overridden; commas part several
 * profiles. Scenario text, command line and links all write it alike.
 */
import type { Source } from '../abi/source';
import { type Problem, type Result, ok, problem } from '../base/result';
import { didYouMean } from '../base/text';
import { facetNames, isFacetName, isValueOf, valuesOf, type FacetName, type Facets } from './facets';
import {
  bundles,
  defaultProfileId,
  profileIds,
  profileTexts,
  sourceIn,
  valueIn,
  type ProfileId,
} from './profiles';

/** A generation with the overrides of one run. */
export interface ResolvedProfile {
  /** The generation. */
  readonly id: ProfileId;
  /** How this profile is written: overrides that change something, in the order of the facets. Parses back to itself. */
  readonly spec: string;
  readonly title: string;
  readonly facets: Facets;
  /** Names of the facets that differ from the generation's own. */
  readonly overridden: readonly FacetName[];
  /** Where the value of a facet is known from; an override is known from the person who made it. */
  sourceOf(name: FacetName): Source;
}

/** The source of a value that a person set. */
export const overrideSource: Source = {
  confidence: 'unconfirmed',
  document: 'set by hand',
  place: 'an override of this run',
};

const isProfileId = (word: string): word is ProfileId => (profileIds as readonly string[]).includes(word);

function resolved(id: ProfileId, values: Facets): ResolvedProfile {
  const overridden = facetNames.filter((name) => values[name] !== valueIn(id, name));
  const changes = overridden.map((name) => `:${name}=${values[name]}`).join('');
  const title =
    overridden.length === 0
      ? profileTexts[id].title
      : `${profileTexts[id].title}, ${overridden.length} changed`;
  return {
    id,
    spec: `${id}${changes}`,
    title,
    facets: values,
    overridden,
    sourceOf: (name) => (overridden.includes(name) ? overrideSource : sourceIn(id, name)),
  };
}

/** A generation as it is. */
export const profile = (id: ProfileId): ResolvedProfile => resolved(id, bundles[id]);

/** What a run uses when nobody names a profile. */
export const defaultProfile = (): ResolvedProfile => profile(defaultProfileId);

function parseOverride(text: string): Result<readonly [FacetName, string], Problem> {
  const [name = '', ...rest] = text.split('=');
  const value = rest.join('=');
  if (!isFacetName(name)) return problem(`no facet is called '${name}'${didYouMean(name, facetNames)}`, text);
  if (rest.length === 0) return problem(`'${name}' needs a value: ${name}=${valuesOf(name)[0] ?? ''}`, text);
  if (isValueOf(name, value)) return ok([name, value]);
  const known = valuesOf(name);
  return problem(
    `'${name}' has no value '${value}'${didYouMean(value, known)} (it has ${known.join(', ')})`,
    text,
  );
}

/** Reads one profile with its overrides. The later of two overrides of one facet wins. */
export function parseProfileSpec(text: string): Result<ResolvedProfile, Problem> {
  const [id = '', ...overrides] = text.trim().split(':');
  if (!isProfileId(id)) return problem(`no profile is called '${id}'${didYouMean(id, profileIds)}`, text);
  const values: Record<string, string> = { ...bundles[id] };
  for (const override of overrides) {
    const parsed = parseOverride(override);
    if (!parsed.ok) return parsed;
    const [name, value] = parsed.value;
    values[name] = value;
  }
  return ok(resolved(id, values as unknown as Facets));
}

/** Reads several profiles parted by commas. */
export function parseProfileList(text: string): Result<readonly ResolvedProfile[], Problem> {
  const profiles: ResolvedProfile[] = [];
  for (const part of text.split(',')) {
    const parsed = parseProfileSpec(part);
    if (!parsed.ok) return parsed;
    profiles.push(parsed.value);
  }
  return ok(profiles);
}
