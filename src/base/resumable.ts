/**
 * Work that can be left between two of its parts and gone on with later. Each function that may take long has one body,
 * a generator that yields between its parts. Whoever has nothing else to do calls {@link finish}; the page does some
 * parts, lets the browser draw, and does the next ones.
 */

/** Yields between its parts and returns the result. Between two parts whatever it works on is consistent. */
export type Resumable<T> = Generator<void, T, void>;

/** Does all parts that are left, one after the other. @returns the result */
export function finish<T>(work: Resumable<T>): T {
  for (;;) {
    const part = work.next();
    if (part.done) return part.value;
  }
}

/** As `list.flatMap(of)`, with a yield after each item. */
export function* joined<I, O>(
  list: readonly I[],
  of: (item: I, index: number) => Resumable<readonly O[]>,
): Resumable<O[]> {
  const out: O[] = [];
  for (const [index, item] of list.entries()) {
    for (const one of yield* of(item, index)) out.push(one);
    yield;
  }
  return out;
}

/** As `list.map(of)`, with a yield after so many items. */
export function* mapped<I, O>(
  list: readonly I[],
  of: (item: I, index: number) => O,
  itemsInPart: number,
): Resumable<O[]> {
  const out: O[] = [];
  for (let index = 0; index < list.length; index++) {
    out.push(of(list[index] as I, index));
    if ((index + 1) % itemsInPart === 0) yield;
  }
  return out;
}
