/** The facets of several profiles as a list to choose from: by topic, narrowed to what somebody looks for. */
import type { Source } from '../../abi/source';
import { sharedValues, type SharedValue } from '../../drawings/compared-rows';
import {
  facetDoc,
  facetTopics,
  valueDoc,
  valuesOf,
  type FacetName,
  type FacetValue,
} from '../../profiles/facets';
import type { ResolvedProfile } from '../../profiles/resolve';

/** One value of a facet and who has it. */
export interface ValueRow {
  readonly value: FacetValue;
  /** What happens under it. */
  readonly doc: string;
  /** Profiles that have it, by index, with where that is known from. */
  readonly held: readonly { readonly run: number; readonly source: Source }[];
}

export interface FacetRow {
  readonly name: FacetName;
  readonly doc: string;
  readonly values: readonly ValueRow[];
  /** What each profile has, equal ones together. */
  readonly shared: readonly SharedValue[];
  readonly differs: boolean;
  /** Profiles in which a person set it, by index. */
  readonly overridden: readonly number[];
}

export interface TopicRows {
  readonly title: string;
  readonly rows: readonly FacetRow[];
}

/** What to leave out. */
export interface Narrowing {
  /** Words that must all occur in a name, a value or a sentence. */
  readonly text: string;
  /** Only facets in which the profiles differ. */
  readonly differing: boolean;
  /** Only facets that a person set. */
  readonly overridden: boolean;
}

/** The facets that remain, by topic; topics without any are left out. */
export function facetRows(profiles: readonly ResolvedProfile[], narrowing: Narrowing): readonly TopicRows[] {
  const words = narrowing.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return facetTopics.flatMap(({ title, names }): TopicRows[] => {
    const rows = names
      .map((name) => facetRow(profiles, name))
      .filter((row) => isWanted(row, title, words, narrowing));
    return rows.length === 0 ? [] : [{ title, rows }];
  });
}

function facetRow(profiles: readonly ResolvedProfile[], name: FacetName): FacetRow {
  const shared = sharedValues(profiles.map(({ facets }) => facets[name]));
  return {
    name,
    doc: facetDoc(name),
    values: valuesOf(name).map((value) => ({
      value,
      doc: valueDoc(name, value),
      held: profiles.flatMap((profile, run) =>
        profile.facets[name] === value ? [{ run, source: profile.sourceOf(name) }] : [],
      ),
    })),
    shared,
    differs: shared.length > 1,
    overridden: profiles.flatMap((profile, run) => (profile.overridden.includes(name) ? [run] : [])),
  };
}

function isWanted(row: FacetRow, title: string, words: readonly string[], narrowing: Narrowing): boolean {
  if (narrowing.differing && !row.differs) return false;
  if (narrowing.overridden && row.overridden.length === 0) return false;
  const said = [title, row.name, row.doc, ...row.values.flatMap(({ value, doc }) => [value, doc])];
  const text = said.join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}
