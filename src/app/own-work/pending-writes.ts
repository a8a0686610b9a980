/**
 * Works that were not written when the page was closed or reloaded: the browser aborts open transactions of its database
 * then. They wait in the session storage of the tab until the page is loaded again. Nothing in it is trusted.
 */
import { readWork, type Work } from './work';

const KEY = 'vmgexit-work-pending';

/** A work whose last change may not be in the store. */
export interface PendingWork {
  readonly work: Work;
  /** The stored version that the change was made to. */
  readonly from: number;
  /** When the state of the work changed that was being written: the store may hold it or not. */
  readonly writing?: number | undefined;
}

/** Keeps pending works over a reload; empty where the browser refuses. */
export interface PendingStore {
  put(left: readonly PendingWork[]): void;
  /** @returns the pending works, and removes them */
  take(): readonly PendingWork[];
}

function readPending(value: unknown): PendingWork | undefined {
  const { work: record, from, writing } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const read = readWork(record);
  if (read.kind !== 'work' || !Number.isSafeInteger(from)) return undefined;
  return {
    work: read.work,
    from: Number(from),
    writing: Number.isSafeInteger(writing) ? Number(writing) : undefined,
  };
}

export const sessionPending: PendingStore = {
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
      return Array.isArray(list) ? list.flatMap((one) => readPending(one) ?? []) : [];
    } catch {
      return [];
    }
  },
};
