/** What is expected of each generation, under the names of the generations: rows for unit tests. */
import { assert } from '../../base/assert';
import { columnIds } from '../../profiles/facet';
import { derivationOf, isProfileId, profileIds, type ProfileId } from '../../profiles/generations';
import type { ProfileName } from '../../profiles/resolve';

/**
 * An expectation for every generation. A key is one name or several with blanks between, and `linux-*` stands for the
 * columns whose name begins so. A generation that is declared by its differences is as its base unless a key names it.
 */
export type ByGeneration<T> = Readonly<Record<string, T>>;

const meant = (word: string): readonly string[] =>
  word.endsWith('*') ? columnIds.filter((id) => id.startsWith(word.slice(0, -1))) : [word];

/** Each generation that a key names, with what is expected of it. */
export function named<T>(row: ByGeneration<T>): ReadonlyMap<ProfileId, T> {
  const found = new Map<ProfileId, T>();
  for (const [key, expected] of Object.entries(row)) {
    for (const id of key.split(' ').flatMap(meant)) {
      assert(isProfileId(id), `'${id}' is a generation`);
      assert(!found.has(id), `one key names ${id}`);
      found.set(id, expected);
    }
  }
  return found;
}

/** What is expected of every generation, oldest first. */
export function expectations<T>(row: ByGeneration<T>): readonly (readonly [ProfileId, T])[] {
  const found = named(row);
  const expectedOf = (id: ProfileId): T => {
    if (found.has(id)) return found.get(id) as T;
    const base = derivationOf(id)?.base ?? '';
    assert(isProfileId(base), `a key names ${id}`);
    return expectedOf(base);
  };
  return profileIds.map((id) => [id, expectedOf(id)]);
}

/** Profiles that have something in common; `-linux-7.9` takes one out. */
export type Listed = readonly (ProfileName | `-${ProfileName}`)[];

/** Whether a list holds a profile. A generation that is declared by its differences is in it with its base. */
export function isListed(listed: Listed, id: ProfileName): boolean {
  if (listed.includes(id)) return true;
  const base = isProfileId(id) && !listed.includes(`-${id}`) ? (derivationOf(id)?.base ?? '') : '';
  return isProfileId(base) && isListed(listed, base);
}
