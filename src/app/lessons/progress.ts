/** How far a person came in a lesson: kept in IndexedDB, or while the page is open where the browser refuses it. */
import { openDB, type DBSchema } from 'idb';

const DATABASE = 'vmgexit-lessons';
const LAYOUT = 1;
/** Answers of one lesson that are read back; no lesson has more questions. */
const MAX_ANSWERS = 500;

export interface ProgressState {
  /** The furthest screen, from 0. */
  readonly furthest: number;
  /** The value that was chosen, by question. */
  readonly answers: Readonly<Record<string, string>>;
  readonly solved: readonly string[];
}

export interface Progress {
  readonly state: ProgressState;
  /** Why nothing outlives this page; empty when it does. */
  readonly refusal: string;
  save(state: ProgressState): void;
}

interface Layout extends DBSchema {
  progress: { key: string; value: unknown };
}

const nothing: ProgressState = { furthest: 0, answers: {}, solved: [] };

/** What was kept, as far as it is sound: another version of the page may have written it. */
export function readProgress(value: unknown): ProgressState {
  if (typeof value !== 'object' || value === null) return nothing;
  const { furthest, answers, solved } = value as Readonly<Record<string, unknown>>;
  const texts = Object.entries(typeof answers === 'object' && answers !== null ? answers : {})
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1].length < 500)
    .slice(0, MAX_ANSWERS);
  return {
    furthest: Number.isSafeInteger(furthest) && (furthest as number) >= 0 ? (furthest as number) : 0,
    answers: Object.fromEntries(texts),
    solved: Array.isArray(solved)
      ? solved.filter((one): one is string => typeof one === 'string').slice(0, MAX_ANSWERS)
      : [],
  };
}

export async function openProgress(key: string): Promise<Progress> {
  const refused = (refusal: string): Progress => ({ state: nothing, refusal, save: () => {} });
  try {
    if (typeof indexedDB === 'undefined') return refused('This browser keeps no data for pages.');
    const database = await openDB<Layout>(DATABASE, LAYOUT, {
      upgrade: (db) => void db.createObjectStore('progress'),
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return {
      state: readProgress(await database.get('progress', key)),
      refusal: '',
      // Full storage takes nothing from the lesson: the answers stand on the page.
      save: (state) => void database.put('progress', state, key).catch(() => undefined),
    };
  } catch {
    return refused('The browser refuses to keep data for this page: progress ends with it.');
  }
}
