/**
 * Finds what was asked for: words that only make a sentence are left out, each other word counts under all its names, and
 * an entry that meets more of them stands first. Whole words count more than beginnings.
 */
import MiniSearch from 'minisearch';
import { askKinds, type AskEntry, type AskKind } from './entry';
import { wantedBy } from './intent';
import { formsOf, isOrderWord, isStopWord, namesOf, withPhrases } from './words';

/** Names of the field are cut at signs and humps, so that `ap-create`, `AP_CREATE` and `apCreate` are one; `vCPU` is a word. */
const tokenize = (text: string): string[] =>
  text
    .replace(/([A-Za-z0-9][a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/** The words of a question that count. A question of stop words alone is about these. */
function wordsOf(text: string): readonly string[] {
  const all = tokenize(withPhrases(text)).map((word) => word.toLowerCase());
  const telling = all.filter((word) => !isStopWord(word));
  return telling.length > 0 ? telling : all;
}

/** A scenario's number in its series: `AP-6:`. */
const seriesNumber = /^[A-Z]{2}-\d+[a-z]?: /;

/** Whether a title begins with all words of the question, stop words too, and these are two or more. */
function titleBeginsWith(title: string, text: string): boolean {
  const typed = tokenize(text.toLowerCase());
  const words = tokenize(title.replace(seriesNumber, '').toLowerCase());
  return typed.length > 1 && typed.every((word, at) => words[at]?.startsWith(word));
}

/** A word that was asked for, under all its names. */
type Asked = readonly string[];

interface Fit {
  /** How well a title meets what was asked for, 0 to 1. */
  readonly fit: number;
  /** Each word of the title was asked for. */
  readonly isWhole: boolean;
  /** What was asked for and is not in the title. */
  readonly left: readonly Asked[];
}

/**
 * Which part of a title was asked for, since a title that says more is another thing; and how close together these words
 * stand. A word that was asked for once meets one word.
 */
function fitting(title: string, query: readonly Asked[]): Fit {
  const words = tokenize(title.replace(seriesNumber, '')).map((word) => word.toLowerCase());
  const isAsked = (word: string): boolean => query.some(([own]) => own === word);
  const telling = words.filter((word) => !isStopWord(word) && (!isOrderWord(word) || isAsked(word)));
  const left = [...query];
  /** What each word of the title is worth: 1 as it was asked for, less in another form or under another name. */
  const worth = telling.map(() => 0);
  for (const [value, named] of [
    [1, ([own = '']: Asked, word: string) => word.startsWith(own)],
    [MET_BY_OTHER_FORM, ([own = '']: Asked, word: string) => formsOf(own).includes(word)],
    [MET_BY_OTHER_NAME, (names: Asked, word: string) => names.some((name) => word.startsWith(name))],
  ] as const)
    for (const [place, word] of telling.entries()) {
      const at = worth[place] === 0 ? left.findIndex((asked) => named(asked, word)) : -1;
      if (at < 0) continue;
      left.splice(at, 1);
      worth[place] = value;
    }
  const met = worth.flatMap((value, place) => (value > 0 ? [place] : []));
  if (met.length === 0) return { fit: 0, isWhole: false, left };
  const span = (met.at(-1) ?? 0) - (met[0] ?? 0) + 1;
  const sum = worth.reduce((all, value) => all + value, 0);
  return {
    fit: (sum / telling.length) * ((1 + met.length / span) / 2),
    isWhole: met.length === telling.length,
    left,
  };
}

const fit = (title: string, query: readonly Asked[]): number => fitting(title, query).fit;

/** A what-if is the question that people come with; a command is found by its key. */
const weights: Readonly<Record<AskKind, number>> = {
  value: 2,
  compare: 1.3,
  cell: 1.6,
  scenario: 1.3,
  lesson: 1.3,
  work: 1.3,
  profile: 1.2,
  facet: 1,
  invariant: 1,
  layout: 1,
  field: 1,
  constant: 1.2,
  command: 1,
};

/** Words as short as this must be met as they stand: a slip in them is another word. */
const SHORT_WORD = 4;
/** What a title that was not asked for at all counts, against 1 for one that was asked for whole. */
const UNASKED = 0.2;
/** What a sentence that was asked for whole counts, against 1 for a title. */
const SENTENCE = 0.8;
/** What a cell counts whose state was not asked for: the usual state of its chart, any other. */
const UNASKED_USUAL = 0.8;
const UNASKED_STATE = 0.6;
/** What a word of a title counts that was asked for in another form. */
const MET_BY_OTHER_FORM = 0.9;
/** What a word of a title counts that was asked for under another name. */
const MET_BY_OTHER_NAME = 0.5;
/** What a cell counts whose event was not asked for. */
const UNASKED_EVENT = 0.5;
/** What a cell counts whose event and state were asked for whole: no sentence names a cell by accident. */
const NAMED_WHOLE = 2;
/** The factor of a title that begins with the words of the question. */
const BEGINS = 2;
/** The weights of words are added in the order in which each entry meets them. */
const ROUNDING = 1e-6;
/** What another name of a word counts, against 1 for the word itself. */
const OTHER_NAME = 0.4;

/** How well an entry is what the question is about, by its title, or by its sentence where the title is a name. */
function placing({ kind, title, words, usual }: AskEntry, query: readonly Asked[], hasAll: boolean): number {
  const { fit: named, isWhole } = fitting(title, query);
  if (kind === 'facet' || kind === 'invariant') {
    const [sentence = ''] = words.split('. ');
    return UNASKED + Math.max(named, SENTENCE * fit(sentence, query));
  }
  if (kind !== 'cell') return UNASKED + named;
  const [event = '', state = ''] = title.split(' / ');
  const asEvent = fitting(event, query);
  const ofEvent = UNASKED_EVENT + (1 - UNASKED_EVENT) * asEvent.fit;
  const ofState = fit(state, asEvent.left) > 0 ? 1 : usual === true ? UNASKED_USUAL : UNASKED_STATE;
  return (UNASKED + named) * ofState * ofEvent * (isWhole && hasAll ? NAMED_WHOLE : 1);
}

export interface Ask {
  /** The best entries first; the first `limit` of all when nothing was typed. */
  find(text: string, limit: number): readonly AskEntry[];
  /** What is called most like it, for a question that nothing answers. */
  nearest(text: string, limit: number): readonly AskEntry[];
}

/** Pairs of neighbouring letters, each once. */
function pairsOf(text: string): ReadonlySet<string> {
  const letters = tokenize(text).join(' ').toLowerCase();
  const pairs = new Set<string>();
  for (let at = 1; at < letters.length; at++) pairs.add(letters.slice(at - 1, at + 1));
  return pairs;
}

/** Dice's coefficient of the letter pairs of two texts: 1 when they have the same pairs, 0 when they have none in common. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const pair of a) if (b.has(pair)) common++;
  return a.size + b.size === 0 ? 0 : (2 * common) / (a.size + b.size);
}

/** Makes an index of the entries. */
export function askIndex(entries: readonly AskEntry[]): Ask {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const index = new MiniSearch<AskEntry>({ fields: ['title', 'about', 'words'], tokenize });
  index.addAll(entries);

  /** Entries that have a word under any of its names, with what that is worth. */
  function hitsOf(word: string): ReadonlyMap<string, number> {
    const [own = word, ...other] = namesOf(word);
    const found = new Map<string, number>();
    const take = (asked: string, worth: number, isFuzzy: boolean): void => {
      const hits = index.search(asked, {
        prefix: asked.length > 2,
        fuzzy: isFuzzy && asked.length > SHORT_WORD ? 0.2 : false,
        boost: { title: 3 },
        weights: { prefix: 0.5, fuzzy: 0.1 },
      });
      for (const { id, score } of hits)
        found.set(String(id), Math.max(found.get(String(id)) ?? 0, score * worth));
    };
    take(own, 1, true);
    const forms = formsOf(word);
    for (const name of other) take(name, forms.includes(name) ? MET_BY_OTHER_FORM : OTHER_NAME, false);
    return found;
  }

  return {
    nearest(text, limit) {
      const asked = pairsOf(text);
      return entries
        .map((entry) => ({ entry, like: likeness(asked, pairsOf(entry.title)) }))
        .sort((a, b) => b.like - a.like)
        .slice(0, limit)
        .map(({ entry }) => entry);
    },
    find(text, limit) {
      const query = wordsOf(text);
      const wanted = wantedBy(text);
      if (query.length === 0) return entries.slice(0, limit);
      // A word that nothing is called says nothing about what is meant.
      const asked = query.map(namesOf);
      const known = [...new Set(query)].map(hitsOf).filter(({ size }) => size > 0);
      const scores = new Map<string, { score: number; met: number }>();
      let all = 0;
      for (const hits of known) {
        const rarity = Math.log(1 + entries.length / hits.size);
        all += rarity;
        for (const [id, score] of hits) {
          const so = scores.get(id) ?? { score: 0, met: 0 };
          scores.set(id, { score: so.score + score, met: so.met + rarity });
        }
      }
      const ranked = [...scores].flatMap(([id, { score, met }]) => {
        const entry = byId.get(id);
        if (!entry) return [];
        const worth =
          weights[entry.kind] *
          (wanted[entry.kind] ?? 1) *
          (met / all) ** 3 *
          placing(entry, asked, met > all - ROUNDING) *
          (titleBeginsWith(entry.title, text) ? BEGINS : 1);
        return [{ entry, score: score * worth }];
      });
      // Equal scores in the order of the kinds, then as given.
      ranked.sort(
        (a, b) => b.score - a.score || askKinds.indexOf(a.entry.kind) - askKinds.indexOf(b.entry.kind),
      );
      return ranked.slice(0, limit).map(({ entry }) => entry);
    },
  };
}
