/** Finds what was asked for from a few words: every word must be met, whole words count more than beginnings. */
import MiniSearch from 'minisearch';
import { askKinds, type AskEntry, type AskKind } from './entry';

/** Names of the field are cut at signs and humps, so that `ap-create`, `AP_CREATE` and `apCreate` are one. */
const tokenize = (text: string): string[] =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/**
 * How well a title meets what was asked for, 0 to 1: which part of it was asked for, each word as often as it was, since
 * a title that says more is another thing; and how close together these words stand.
 */
function fit(title: string, query: readonly string[]): number {
  const words = tokenize(title.toLowerCase());
  const left = [...query];
  const met = words.flatMap((word, place) => {
    const at = left.findIndex((asked) => word.startsWith(asked));
    if (at >= 0) left.splice(at, 1);
    return at >= 0 ? [place] : [];
  });
  if (met.length === 0) return 0;
  const span = (met.at(-1) ?? 0) - (met[0] ?? 0) + 1;
  return (met.length / words.length) * ((1 + met.length / span) / 2);
}

/** A what-if is the question that people come with; a command is found by its key. */
const weights: Readonly<Record<AskKind, number>> = {
  cell: 1.6,
  scenario: 1.3,
  work: 1.3,
  profile: 1.2,
  facet: 1,
  invariant: 1,
  layout: 1,
  field: 1,
  command: 1,
};

/** Words as short as this must be met as they stand: a slip in them is another word. */
const SHORT_WORD = 4;

/** What a title that was not asked for at all counts, against 1 for one that was asked for whole. */
const UNASKED = 0.2;

export interface Ask {
  /** The best entries first; the first `limit` of all when nothing was typed. */
  find(text: string, limit: number): readonly AskEntry[];
}

/** Makes an index of the entries. */
export function askIndex(entries: readonly AskEntry[]): Ask {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const index = new MiniSearch<AskEntry>({
    fields: ['title', 'words'],
    tokenize,
    searchOptions: {
      combineWith: 'AND',
      prefix: true,
      fuzzy: (word) => (word.length > SHORT_WORD ? 0.2 : false),
      boost: { title: 3 },
      weights: { prefix: 0.5, fuzzy: 0.1 },
      boostDocument: (id) => weights[byId.get(String(id))?.kind ?? 'field'],
    },
  });
  index.addAll(entries);
  return {
    find(text, limit) {
      const query = tokenize(text.toLowerCase());
      if (query.length === 0) return entries.slice(0, limit);
      const hits = index.search(text).flatMap(({ id, score }) => {
        const entry = byId.get(String(id));
        return entry ? [{ entry, score: score * (UNASKED + fit(entry.title, query)) }] : [];
      });
      // Equal scores in the order of the kinds, then as given.
      hits.sort(
        (a, b) => b.score - a.score || askKinds.indexOf(a.entry.kind) - askKinds.indexOf(b.entry.kind),
      );
      return hits.slice(0, limit).map(({ entry }) => entry);
    },
  };
}
