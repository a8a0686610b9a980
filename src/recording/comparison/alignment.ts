/**
 * Aligns several sequences, such as the steps of every run of a scenario, so that similar items are in one row. Equal
 * parts cost one comparison for each item; where the sequences differ, the best pairing within a window is taken, so that
 * the cost of a long difference is bounded by the window.
 */

import { finish, type Resumable } from '../../base/resumable';

/** Three codes by which items are compared. Equal codes are similar; 0 is similar to nothing. */
export interface AlignedItem {
  /** The whole content of the item. */
  readonly content: number;
  /** The kind of the item. */
  readonly kind: number;
  /** The role by which items of different kinds are paired: an answer with another answer. */
  readonly role: number;
}

/** Index of the item of each sequence, or nothing where a sequence has no such item. */
export type AlignedRow = readonly (number | undefined)[];

/** The score of a pairing; an unpaired item scores nothing. */
const SAME_CONTENT = 8;
const SAME_KIND = 5;
const SAME_ROLE = 1;

/** Items of each side in one window: at first, and at most when a smaller window has no pair. */
const WINDOW = 192;
const WIDEST_WINDOW = 4 * WINDOW;
/** Rows that are joined without a window in one part of the work. */
const ROWS_IN_PART = 1024;

interface Row<I> {
  readonly at: (number | undefined)[];
  /** The different items in the row. */
  readonly items: I[];
}

/**
 * Aligns sequences one after the other: each is merged into the rows of those before it. The order of the sequences
 * therefore decides between two results of equal score.
 */
export const align = (sequences: readonly (readonly AlignedItem[])[]): AlignedRow[] =>
  finish(alignInParts(sequences));

/** As {@link align}; a part is one window, or many rows that need none. */
export function* alignInParts(sequences: readonly (readonly AlignedItem[])[]): Resumable<AlignedRow[]> {
  let rows: Row<AlignedItem>[] = [];
  for (const [sequence, items] of sequences.entries()) rows = yield* joined(rows, items, sequence);
  return rows.map(({ at }) => sequences.map((_, i) => at[i]));
}

function* joined(
  rows: readonly Row<AlignedItem>[],
  items: readonly AlignedItem[],
  sequence: number,
): Resumable<Row<AlignedItem>[]> {
  const out: Row<AlignedItem>[] = [];
  let row = 0;
  let item = 0;
  const take = (pair: Pairing): void => {
    const one = pair === 'item' ? { at: [], items: [] } : (rows[row++] as Row<AlignedItem>);
    if (pair !== 'row') addTo(one, items[item] as AlignedItem, sequence, item++);
    out.push(one);
  };
  while (row < rows.length && item < items.length) {
    const next = rows[row] as Row<AlignedItem>;
    if (worth(next, items[item] as AlignedItem) === SAME_CONTENT) {
      next.at[sequence] = item++;
      row++;
      out.push(next);
    } else {
      for (const pair of yield* nextPairings(rows, row, items, item)) take(pair);
    }
    if (out.length % ROWS_IN_PART === 0) yield;
  }
  while (row < rows.length) take('row');
  while (item < items.length) take('item');
  return out;
}

function addTo({ at, items }: Row<AlignedItem>, item: AlignedItem, sequence: number, index: number): void {
  at[sequence] = index;
  if (!items.some(({ content }) => content === item.content)) items.push(item);
}

function worth({ items }: Row<AlignedItem>, { content, kind, role }: AlignedItem): number {
  let most = 0;
  for (const other of items) {
    if (other.content === content) return SAME_CONTENT;
    if (other.kind === kind) most = SAME_KIND;
    else if (most === 0 && role !== 0 && other.role === role) most = SAME_ROLE;
  }
  return most;
}

/** The next row is paired with the next item, or one of them is left unpaired. */
type Pairing = 'both' | 'row' | 'item';

/** The best pairing of the next rows with the next items; in a wider window when a narrow one has no pair. */
function* nextPairings(
  rows: readonly Row<AlignedItem>[],
  row: number,
  items: readonly AlignedItem[],
  item: number,
): Resumable<Pairing[]> {
  for (let window = WINDOW; ; window *= 2) {
    const found = pairings(rows, row, items, item, window);
    yield;
    const isAll = row + window >= rows.length && item + window >= items.length;
    if (isAll || window >= WIDEST_WINDOW || found.includes('both')) return found;
  }
}

/** The best pairing inside one window, as far as it is final: of a window that goes on, the first half up to a pair. */
function pairings(
  rows: readonly Row<AlignedItem>[],
  firstRow: number,
  items: readonly AlignedItem[],
  firstItem: number,
  window: number,
): Pairing[] {
  const rowCount = Math.min(window, rows.length - firstRow);
  const itemCount = Math.min(window, items.length - firstItem);
  const width = itemCount + 1;
  const values = new Uint8Array(rowCount * itemCount);
  // best[r, i]: the highest score of the rows from r and the items from i on.
  const best = new Int32Array((rowCount + 1) * width);
  for (let r = rowCount - 1; r >= 0; r--) {
    for (let i = itemCount - 1; i >= 0; i--) {
      const value = worth(rows[firstRow + r] as Row<AlignedItem>, items[firstItem + i] as AlignedItem);
      values[r * itemCount + i] = value;
      const both = value === 0 ? 0 : value + (best[(r + 1) * width + i + 1] as number);
      const alone = Math.max(best[(r + 1) * width + i] as number, best[r * width + i + 1] as number);
      best[r * width + i] = Math.max(both, alone);
    }
  }
  const isLast = firstRow + rowCount === rows.length && firstItem + itemCount === items.length;
  const limit = isLast ? Infinity : window / 2;
  const found: Pairing[] = [];
  for (let r = 0, i = 0; r < rowCount && i < itemCount && Math.max(r, i) < limit;) {
    const value = values[r * itemCount + i] as number;
    const here = best[r * width + i] as number;
    // Early pairs first: of three exits against one, the first is the one they share.
    if (value > 0 && value + (best[(r + 1) * width + i + 1] as number) === here) {
      found.push('both');
      r++;
      i++;
    } else if ((best[(r + 1) * width + i] as number) === here) {
      found.push('row');
      r++;
    } else {
      found.push('item');
      i++;
    }
  }
  // Items after the last pair may be paired in the next window.
  const pairs = found.lastIndexOf('both') + 1;
  return isLast || pairs === 0 ? found : found.slice(0, pairs);
}
