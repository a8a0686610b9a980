/**
 * What searches found, kept over a reload: in IndexedDB, by a digest of scope, profiles and build, so that no result of
 * another engine is shown. Where the browser refuses or is full, searches are simply made again.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { MAX_KEPT_SEARCH_CHARACTERS, MAX_KEPT_SEARCHES } from '../../base/limits';
import type { ShownMap, ShownSearch } from './messages';

/** What a search found, or knew when it was stopped. */
export interface Found {
  readonly searches: readonly ShownSearch[];
  readonly stopped: boolean;
  /** Comes after the rest. */
  readonly map: ShownMap | undefined;
}

/** A result as it is kept. */
export interface KeptRow {
  /** Digest of what was asked. */
  readonly key: string;
  /** The engine that found it. */
  readonly build: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The result as JSON. */
  readonly text: string;
}

/** Where rows lie. */
export interface KeptStore {
  get(key: string): Promise<KeptRow | undefined>;
  put(row: KeptRow): Promise<void>;
  remove(key: string): Promise<void>;
  /** Without their texts. */
  all(): Promise<readonly KeptSize[]>;
}
interface KeptSize extends Omit<KeptRow, 'text'> {
  readonly characters: number;
}

export interface KeptResult {
  readonly found: Found;
  readonly at: number;
}

const sizeOf = ({ text, ...row }: KeptRow): KeptSize => ({ ...row, characters: text.length });

/** @returns the keys that go, so that those that stay keep within the limits: those of other builds, then the oldest */
export function surplus(rows: readonly KeptSize[], build: string): readonly string[] {
  let [count, characters] = [0, 0];
  return [...rows]
    .sort((a, b) => b.at - a.at)
    .filter((row) => {
      const fits =
        row.build === build &&
        count < MAX_KEPT_SEARCHES &&
        characters + row.characters <= MAX_KEPT_SEARCH_CHARACTERS;
      if (fits) [count, characters] = [count + 1, characters + row.characters];
      return !fits;
    })
    .map(({ key }) => key);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The rows are written by this build, so that their form is known; what was cut or changed meanwhile is none. */
function readFound(text: string): Found | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !Array.isArray(value['searches']) || value['stopped'] !== false) return undefined;
    const searches: readonly unknown[] = value['searches'];
    const isWhole = searches.every(
      (search) =>
        isRecord(search) &&
        Array.isArray(search['profiles']) &&
        Array.isArray(search['answers']) &&
        isRecord(search['counts']),
    );
    // As this build wrote it.
    return isWhole ? (value as unknown as Found) : undefined;
  } catch {
    return undefined;
  }
}

async function digestOf(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Results of one build of the engine. */
export class Kept {
  private opened: Promise<KeptStore | undefined> | undefined;
  /** What searches of this page found, and what was read: an engine finds it each time. */
  private readonly known = new Map<string, KeptResult>();

  /**
   * @param build which engine; without a name nothing is kept
   * @param open the store; rejects where the browser refuses
   */
  constructor(
    private readonly build: string | undefined,
    private readonly open: () => Promise<KeptStore> = openKeptStore,
    private readonly now: () => number = Date.now,
  ) {}

  /** What is there at once. @param asked scope and profiles as one text */
  inMemory(asked: string): KeptResult | undefined {
    return this.known.get(asked);
  }

  async get(asked: string): Promise<KeptResult | undefined> {
    try {
      const store = await this.store();
      const row = await store?.get(await this.keyOf(asked));
      const found = row?.build === this.build ? row && readFound(row.text) : undefined;
      if (!row || !found) return undefined;
      const result = { found, at: row.at };
      this.remember(asked, result);
      return result;
    } catch {
      return undefined; // searched again
    }
  }

  /** Keeps a whole result, and lets go what is too much. */
  async put(asked: string, found: Found): Promise<void> {
    const { build } = this;
    if (found.stopped) return;
    const at = this.now();
    this.remember(asked, { found, at });
    const text = JSON.stringify(found);
    if (build === undefined || text.length > MAX_KEPT_SEARCH_CHARACTERS) return;
    try {
      const store = await this.store();
      if (!store) return;
      await store.put({ key: await this.keyOf(asked), build, at, text });
      for (const key of surplus(await store.all(), build)) await store.remove(key);
    } catch {
      // Full or refused: it is searched again after a reload.
    }
  }

  private remember(asked: string, result: KeptResult): void {
    this.known.delete(asked);
    this.known.set(asked, result);
    const [oldest] = this.known.keys();
    if (this.known.size > MAX_KEPT_SEARCHES && oldest !== undefined) this.known.delete(oldest);
  }

  private keyOf(asked: string): Promise<string> {
    return digestOf(JSON.stringify([this.build, asked]));
  }

  private store(): Promise<KeptStore | undefined> {
    if (this.build === undefined) return Promise.resolve(undefined);
    this.opened ??= this.open().catch(() => undefined);
    return this.opened;
  }
}

/** A store in memory. */
export class MemoryKeptStore implements KeptStore {
  private readonly rows = new Map<string, KeptRow>();
  get(key: string): Promise<KeptRow | undefined> {
    return Promise.resolve(this.rows.get(key));
  }
  put(row: KeptRow): Promise<void> {
    this.rows.set(row.key, row);
    return Promise.resolve();
  }
  remove(key: string): Promise<void> {
    this.rows.delete(key);
    return Promise.resolve();
  }
  all(): Promise<readonly KeptSize[]> {
    return Promise.resolve([...this.rows.values()].map(sizeOf));
  }
}

interface Layout extends DBSchema {
  results: { key: string; value: { readonly key: string; readonly text: string } };
  sizes: { key: string; value: KeptSize };
}

/** The text lies beside what is known of it: what is too much is found without reading texts. */
class DatabaseStore implements KeptStore {
  constructor(private readonly database: IDBPDatabase<Layout>) {}

  async get(key: string): Promise<KeptRow | undefined> {
    const [size, result] = await Promise.all([
      this.database.get('sizes', key),
      this.database.get('results', key),
    ]);
    return size && result && { key, build: size.build, at: size.at, text: result.text };
  }
  async put(row: KeptRow): Promise<void> {
    const transaction = this.database.transaction(['results', 'sizes'], 'readwrite');
    await Promise.all([
      transaction.objectStore('results').put({ key: row.key, text: row.text }),
      transaction.objectStore('sizes').put(sizeOf(row)),
      transaction.done,
    ]);
  }
  async remove(key: string): Promise<void> {
    const transaction = this.database.transaction(['results', 'sizes'], 'readwrite');
    await Promise.all([
      transaction.objectStore('results').delete(key),
      transaction.objectStore('sizes').delete(key),
      transaction.done,
    ]);
  }
  all(): Promise<readonly KeptSize[]> {
    return this.database.getAll('sizes');
  }
}

async function openKeptStore(): Promise<KeptStore> {
  const database = await openDB<Layout>('vmgexit-searches', 1, {
    upgrade(db) {
      db.createObjectStore('results', { keyPath: 'key' });
      db.createObjectStore('sizes', { keyPath: 'key' });
    },
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
  return new DatabaseStore(database);
}
