/** Splits a query into the words to look for and the profiles that it names. */
import { overlayIds } from '../../profiles/overlays';
import { profileIds } from '../../profiles/profiles';

export interface AskQuery {
  /** The words to look for. */
  readonly words: string;
  /** Profiles named in the query, in its order, each once. */
  readonly profiles: readonly string[];
}

/** Short forms that the list uses: `v4` is the posting of 2021, `7.2` a kernel. */
const shortForms = new Map<string, string>([
  ['v4', 'part2-v4'],
  ['v5', 'part2-v5'],
  ['reviewed', 'as-reviewed'],
  ...profileIds.map((id) => [id, id] as const),
  ...overlayIds.map((id) => [id, id] as const),
  ...profileIds.filter((id) => id.startsWith('linux-')).map((id) => [id.replace('linux-', ''), id] as const),
]);

/** Words that only join the profiles: `v4 against 7.2`. */
const joining = new Set(['against', 'vs', 'versus', 'under', 'and', 'on', 'a']);

/** Takes profile names out of a query. A query of nothing else looks for the profile by its name. */
export function parseQuery(text: string): AskQuery {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const named = (word: string): string | undefined => shortForms.get(word.toLowerCase());
  const rest = words.filter((word) => named(word) === undefined);
  if (rest.every((word) => joining.has(word.toLowerCase()))) return { words: text, profiles: [] };
  const profiles = [...new Set(words.flatMap((word) => named(word) ?? []))];
  return { words: rest.join(' '), profiles };
}

/** A link of the page that is shown under the profiles. */
export const linkUnder = (link: string, profiles: readonly string[]): string =>
  profiles.length === 0 ? link : `${link}?r=${profiles.join(',')}`;
