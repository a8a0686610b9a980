/** How large a search gets that stopped, or still runs: what the last levels say of the next ones. An estimate, and said as one. */

/** What a search met by number of acts. */
export interface Levels {
  /** States by the number of acts on the shortest way to them, as far as all of a level are known. */
  readonly sizes: readonly number[];
  /** States of the last of these levels that were expanded. */
  readonly expanded: number;
  /** States of the level behind it that were met by then. */
  readonly ahead: number;
}

/** Levels that an estimate looks ahead. */
const LOOK_AHEAD = 5;
/** A level of which less was expanded says nothing of the next one. */
const LEAST_PART = 0.1;

/** States that a level has for each of the level before it; nothing when too little is known. */
export function growthOf({ sizes, expanded, ahead }: Levels): number | undefined {
  const [before, last] = [sizes.at(-2), sizes.at(-1)];
  if (last === undefined) return undefined;
  if (expanded >= LEAST_PART * last && expanded > 0) return ahead / expanded;
  return before === undefined ? undefined : last / before;
}

/** What is to be expected behind the bound of a search, as a sentence; empty when too little is known or nothing is left. */
export function estimateText(levels: Levels): string {
  const growth = growthOf(levels);
  const last = levels.sizes.at(-1);
  if (growth === undefined || last === undefined || growth === 0) return '';
  const known = levels.sizes.reduce((sum, size) => sum + size, 0);
  const next = Array.from({ length: LOOK_AHEAD }, (_, at) => last * growth ** (at + 1));
  const rest = growth < 1 ? (last * growth) / (1 - growth) : next.reduce((sum, size) => sum + size, 0);
  const rate = `A level has about ${growth.toFixed(2)} times the states of the one before it`;
  const total = rounded(known + rest);
  return growth < 1
    ? `${rate}; if that goes on there are about ${total} states in all (an estimate).`
    : `${rate}; if that goes on there are about ${total} states within depth ${levels.sizes.length - 1 + LOOK_AHEAD} (an estimate).`;
}

/** Two digits: more would say more than is known. */
const rounded = (count: number): string => Number(count.toPrecision(2)).toLocaleString('en');
