/**
 * Puts several sequences beside each other so that like stands beside like: what every run of a scenario did, for
 * example. Equal stretches cost one look an item; where sequences part, the best pairing within a window is taken, so
 * that a long difference costs the window and not its square.
 */

/** What an item can be told to be like. Equal numbers mean alike; 0 is like nothing. */
export interface AlignedItem {
  /** Everything about the item. */
  readonly content: number;
  /** What sort of thing it is. */
  readonly kind: number;
  /** What it may stand in for when the sorts differ: an answer for another answer. */
  readonly role: number;
}

/** Index of the item of each sequence, or nothing where a sequence has no such item. */
export type AlignedRow = readonly (number | undefined)[];

/** How much a pairing is worth; a row of its own is worth nothing. */
const SAME_CONTENT = 8;
const SAME_KIND = 5;
const SAME_ROLE = 1;

/** Items of each side that are looked at together, at first; and at most, where fewer show nothing alike. */
const WINDOW = 192;
const WIDEST_WINDOW = 4 * WINDOW;

interface Row<I> {
  readonly at: (number | undefined)[];
  /** The different items that stand in the row. */
  readonly items: I[];
}

/**
 * Lines up sequences one after the other: each joins the rows that those before it made. The order of the sequences
 * therefore decides which of two equally good results is taken.
 */
export function align(sequences: readonly (readonly AlignedItem[])[]): AlignedRow[] {
  let rows: Row<AlignedItem>[] = [];
  sequences.forEach((items, sequence) => (rows = joined(rows, items, sequence)));
  return rows.map(({ at }) => sequences.map((_, i) => at[i]));
}

function joined(
  rows: readonly Row<AlignedItem>[],
  items: readonly AlignedItem[],
  sequence: number,
): Row<AlignedItem>[] {
  const out: Row<AlignedItem>[] = [];
  let row = 0;
  let item = 0;
  const take = (pair: Pairing): void => {
    const one = pair === 'item' ? { at: [], items: [] } : (rows[row++] as Row<AlignedItem>);
    if (pair !== 'row') addTo(one, items[item] as AlignedItem, sequence, item++);
    out.push(one);
  };
  while (row < rows.length && item < items.length) {
    if (worth(rows[row] as Row<AlignedItem>, items[item] as AlignedItem) === SAME_CONTENT) take('both');
    else for (const pair of nextPairings(rows, row, items, item)) take(pair);
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

/** The next row stands with the next item, or one of them alone. */
type Pairing = 'both' | 'row' | 'item';

/** The best pairing of the next rows with the next items; wider where a narrow look finds nothing alike. */
function nextPairings(
  rows: readonly Row<AlignedItem>[],
  row: number,
  items: readonly AlignedItem[],
  item: number,
): Pairing[] {
  for (let window = WINDOW; ; window *= 2) {
    const found = pairings(rows, row, items, item, window);
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
  // best[r, i]: most that the rows from r and the items from i on can be worth together.
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
  // What stands alone behind the last pair may find its like in the next window.
  const pairs = found.lastIndexOf('both') + 1;
  return isLast || pairs === 0 ? found : found.slice(0, pairs);
}
