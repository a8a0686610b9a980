/** Finds what was asked for from a few words: every word must be met, whole words count more than beginnings. */
import MiniSearch from 'minisearch';
import { askKinds, type AskEntry, type AskKind } from './entry';

/** Names of the field are cut at signs and humps, so that `ap-create`, `AP_CREATE` and `apCreate` are one. */
const tokenize = (text: string): string[] =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/** Which part of a title was asked for, each word as often as it was: a title that says more is another thing. */
function coverage(title: string, query: readonly string[]): number {
  const words = tokenize(title.toLowerCase());
  const left = [...query];
  const met = words.filter((word) => {
    const at = left.findIndex((asked) => word.startsWith(asked));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return words.length === 0 ? 0 : met.length / words.length;
}

/** A what-if is the question that people come with; a command is found by its key. */
const weights: Readonly<Record<AskKind, number>> = {
  cell: 1.6,
  scenario: 1.3,
  profile: 1.2,
  facet: 1,
  invariant: 1,
  layout: 1,
  field: 1,
  command: 1,
};

/** Words as short as this must be met as they stand: a slip in them is another word. */
const SHORT_WORD = 4;

/** How little a title that was not asked for at all counts against one that was asked for whole. */
const COVERED = 0.2;

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
        return entry ? [{ entry, score: score * (COVERED + coverage(entry.title, query)) }] : [];
      });
      // Equal scores in the order of the kinds, then as given.
      hits.sort(
        (a, b) => b.score - a.score || askKinds.indexOf(a.entry.kind) - askKinds.indexOf(b.entry.kind),
      );
      return hits.slice(0, limit).map(({ entry }) => entry);
    },
  };
}
