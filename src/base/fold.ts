/** Long repetitions in a list of steps, such as the same three moves for each of 512 pages. */

/** Places `first` to `first + period * times` repeat one pattern. */
export interface Repetition {
  readonly first: number;
  readonly period: number;
  readonly times: number;
}

const LONGEST_PERIOD = 4;
const FEWEST_TIMES = 5;

function timesAt(keys: readonly string[], first: number, period: number): number {
  let at = first + period;
  while (at < keys.length && keys[at] === keys[at - period]) at++;
  return Math.floor((at - first) / period);
}

/** The repetition that starts at `first`, or nothing when there is none worth folding. */
export function repetitionAt(keys: readonly string[], first: number): Repetition | undefined {
  for (let period = 1; period <= LONGEST_PERIOD; period++) {
    const times = timesAt(keys, first, period);
    if (times >= FEWEST_TIMES) return { first, period, times };
  }
  return undefined;
}

/** Shows items one by one; of a repetition the first and a line that counts the rest. */
export function folded<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  show: (item: T) => readonly string[],
  rest: (repetition: Repetition, last: T) => string,
): string[] {
  const keys = items.map(keyOf);
  const lines: string[] = [];
  for (let at = 0; at < items.length;) {
    const repetition = repetitionAt(keys, at);
    const shown = items.slice(at, at + (repetition?.period ?? 1));
    lines.push(...shown.flatMap(show));
    if (!repetition) {
      at++;
      continue;
    }
    at += repetition.period * repetition.times;
    lines.push(rest(repetition, items[at - 1] as T));
  }
  return lines;
}
