/**
 * What was not written yet when the page went away: a browser ends the writes of its store with the page. It lies in the
 * session storage of the tab until the page is loaded again. Nothing in it is trusted.
 */
import { readWork, type Work } from './work';

const KEY = 'vmgexit-work-left';

/** A work whose last change may not be in the store. */
export interface LeftWork {
  readonly work: Work;
  /** The stored version that the change was made to. */
  readonly from: number;
  /** When the state of the work changed that was being written: the store may hold it or not. */
  readonly writing?: number | undefined;
}

/** Where it lies; a page of a browser that refuses leaves nothing behind. */
export interface LeftBehind {
  put(left: readonly LeftWork[]): void;
  /** @returns what lies there; it lies there no longer */
  take(): readonly LeftWork[];
}

function readLeft(value: unknown): LeftWork | undefined {
  const { work: record, from, writing } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const read = readWork(record);
  if (read.kind !== 'work' || !Number.isSafeInteger(from)) return undefined;
  return {
    work: read.work,
    from: Number(from),
    writing: Number.isSafeInteger(writing) ? Number(writing) : undefined,
  };
}

export const sessionLeftBehind: LeftBehind = {
  put(left) {
    try {
      if (left.length === 0) sessionStorage.removeItem(KEY);
      else sessionStorage.setItem(KEY, JSON.stringify(left));
    } catch {
      // The browser refuses or is full: the address still holds the text.
    }
  },
  take() {
    try {
      const list: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
      sessionStorage.removeItem(KEY);
      return Array.isArray(list) ? list.flatMap((one) => readLeft(one) ?? []) : [];
    } catch {
      return [];
    }
  },
};
