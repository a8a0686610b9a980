/** Where works are kept: IndexedDB, or this page's memory where the browser refuses it. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { newWorkId, readWork, type Work } from './work';

const DATABASE = 'vmgexit';
const LAYOUT = 1;

/** One record as it lies in the store. */
interface Row {
  readonly id: string;
  /** How often it was saved. */
  readonly version: number;
  /** Checked when it is read: another version of the page may have written it. */
  readonly work: unknown;
}

interface Layout extends DBSchema {
  works: { key: string; value: Row };
}

export interface StoredWork {
  readonly work: Work;
  readonly version: number;
}

export interface AllWorks {
  readonly works: readonly StoredWork[];
  /** Records of a newer version of the page, and records that cannot be read; both stay as they are. */
  readonly newer: number;
  readonly damaged: number;
}

export interface Saved extends StoredWork {
  /** Somebody else saved the same work in between: this one was saved beside it, under an id of its own. */
  readonly beside: boolean;
}

export interface WorkStore {
  /** Why nothing outlives this page; empty when it does. */
  readonly refusal: string;
  all(): Promise<AllWorks>;
  get(id: string): Promise<StoredWork | undefined>;
  /**
   * Saves a work if the store still holds the version that it was made from, and beside that one if not.
   * @param from the version that the change was made to; 0 for a new work
   * @throws what the browser throws when it is full or refuses
   */
  save(work: Work, from: number): Promise<Saved>;
  remove(id: string): Promise<void>;
}

/** @returns the browser's store, or one in memory that says why */
export async function openWorkStore(): Promise<WorkStore> {
  try {
    if (typeof indexedDB === 'undefined') return new MemoryStore('This browser keeps no data for pages.');
    const database = await openDB<Layout>(DATABASE, LAYOUT, {
      upgrade: (db) => void db.createObjectStore('works', { keyPath: 'id' }),
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return new DatabaseStore(database);
  } catch (error) {
    const newer = error instanceof DOMException && error.name === 'VersionError';
    return new MemoryStore(
      newer
        ? 'A newer version of this page keeps its data here; this version leaves them alone.'
        : 'The browser refuses to keep data for this page.',
    );
  }
}

/** @returns where a work is to be saved when the store holds `stored` of that id: itself, or beside it */
function placeOf(work: Work, from: number, stored: Row | undefined): Row & { work: Work; beside: boolean } {
  if (stored === undefined || stored.version === from)
    return { id: work.id, version: from + 1, work, beside: false };
  const id = newWorkId();
  return { id, version: 1, work: { ...work, id }, beside: true };
}

function readAll(rows: readonly Row[]): AllWorks {
  const works: StoredWork[] = [];
  let newer = 0;
  let damaged = 0;
  for (const row of rows) {
    const read = readWork(row.work);
    if (read.kind === 'work' && Number.isSafeInteger(row.version))
      works.push({ work: read.work, version: row.version });
    else if (read.kind === 'newer') newer++;
    else damaged++;
  }
  return { works, newer, damaged };
}

class DatabaseStore implements WorkStore {
  readonly refusal = '';
  constructor(private readonly database: IDBPDatabase<Layout>) {}

  async all(): Promise<AllWorks> {
    return readAll(await this.database.getAll('works'));
  }

  async get(id: string): Promise<StoredWork | undefined> {
    const row = await this.database.get('works', id);
    return row && readAll([row]).works[0];
  }

  /** Read and write are one transaction: no other tab comes in between. */
  async save(work: Work, from: number): Promise<Saved> {
    const transaction = this.database.transaction('works', 'readwrite');
    const place = placeOf(work, from, await transaction.store.get(work.id));
    await transaction.store.put({ id: place.id, version: place.version, work: place.work });
    await transaction.done;
    return place;
  }

  async remove(id: string): Promise<void> {
    await this.database.delete('works', id);
  }
}

/** Keeps works while the page is open. */
export class MemoryStore implements WorkStore {
  private readonly rows = new Map<string, Row>();
  constructor(readonly refusal: string) {}

  all(): Promise<AllWorks> {
    return Promise.resolve(readAll([...this.rows.values()]));
  }

  get(id: string): Promise<StoredWork | undefined> {
    const row = this.rows.get(id);
    return Promise.resolve(row && readAll([row]).works[0]);
  }

  save(work: Work, from: number): Promise<Saved> {
    const place = placeOf(work, from, this.rows.get(work.id));
    this.rows.set(place.id, { id: place.id, version: place.version, work: place.work });
    return Promise.resolve(place);
  }

  remove(id: string): Promise<void> {
    this.rows.delete(id);
    return Promise.resolve();
  }
}
