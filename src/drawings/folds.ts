/** Parts of a ladder that are drawn as one row. The ladder is laid out whole, and what is folded is taken out of it. */

/** Steps or rows that are one row while nobody looks into them. */
export interface Fold {
  /** Index of the first one; those from `end` on are not folded. */
  readonly first: number;
  readonly end: number;
  readonly text: string;
  /** It is a `launch standard` line. */
  readonly isLaunch: boolean;
}

interface Window {
  readonly top: number;
  readonly height: number;
}

/** Pixels of a folded part. */
export const FOLD_HEIGHT = 26;

export interface FoldedGround {
  readonly height: number;
  /** Where something stands that stands at `top` while nothing is folded. */
  readonly placeOf: (top: number) => number;
  /** The window that shows the same while nothing is folded. */
  readonly unfolded: (window: Window) => Window;
  /** Whether a step or row is folded away. */
  readonly isFolded: (index: number) => boolean;
  /** The rows of the folded parts that a window shows. */
  readonly rowsIn: (window: Window) => readonly { readonly fold: Fold; readonly top: number }[];
}

interface Placed {
  readonly fold: Fold;
  /** While nothing is folded. */
  readonly from: number;
  readonly to: number;
  /** With everything above it folded. */
  readonly top: number;
}

/**
 * @param folds in order, none inside another
 * @param topOf where a step or row with its act begins while nothing is folded; that of their number is the whole height
 */
export function foldedGround(
  folds: readonly Fold[],
  topOf: (index: number) => number,
  height: number,
): FoldedGround {
  const placed: Placed[] = [];
  let saved = 0;
  for (const fold of folds) {
    const [from, to] = [topOf(fold.first), topOf(fold.end)];
    if (to - from <= FOLD_HEIGHT) continue;
    placed.push({ fold, from, to, top: from - saved });
    saved += to - from - FOLD_HEIGHT;
  }
  const total = height - saved;

  /** The last part that begins at or above a place. */
  const lastBefore = (place: number, topIn: (part: Placed) => number): Placed | undefined => {
    let [low, high] = [-1, placed.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (topIn(placed[middle] as Placed) <= place) low = middle;
      else high = middle - 1;
    }
    return placed[low];
  };
  const placeOf = (top: number): number => {
    const part = lastBefore(top, ({ from }) => from);
    if (!part) return top;
    return top < part.to ? part.top : part.top + FOLD_HEIGHT + (top - part.to);
  };
  const unfoldedPlace = (top: number): number => {
    const part = lastBefore(top, (one) => one.top);
    if (!part) return top;
    return top < part.top + FOLD_HEIGHT ? part.from : part.to + (top - part.top - FOLD_HEIGHT);
  };
  return {
    height: total,
    placeOf,
    unfolded: ({ top, height: tall }) => {
      const first = unfoldedPlace(top);
      return { top: first, height: unfoldedPlace(top + tall) - first };
    },
    isFolded: (index) => {
      const part = lastBefore(index, ({ fold }) => fold.first);
      return part !== undefined && index < part.fold.end;
    },
    rowsIn: ({ top, height: tall }) =>
      placed.filter((one) => one.top + FOLD_HEIGHT >= top && one.top <= top + tall),
  };
}
