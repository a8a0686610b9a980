import { describe, expect, test } from 'vitest';
import { DeadCells } from './dead-cells';
import { LiveCells } from './live-cells';
import type { Taken } from './taking';

/** Cells of an imagined state. */
const MODE = 0;
const DATA = 1;

const lists = (given: Readonly<Record<number, number>>) => {
  const entries = Object.entries(given).map(([cell, value]) => [Number(cell), value] as const);
  return {
    cells: Int32Array.from(entries, ([cell]) => cell),
    values: Int32Array.from(entries, ([, value]) => value),
  };
};
const does = (
  reads: Readonly<Record<number, number>>,
  writes: Readonly<Record<number, number>>,
): { taken: Taken } => ({
  taken: { outcome: 'taken', reads: lists(reads), writes: lists(writes), hits: [], idle: [], needed: [] },
});

/** What is left of a state, by cell. */
function leftOf(
  acts: readonly { taken: Taken }[],
  state: Readonly<Record<number, number>>,
  kept: readonly number[] = [],
) {
  const live = new LiveCells(2, () => 0, false);
  for (const { taken } of acts) {
    live.noteReads(taken.reads.cells);
    live.noteWrites(taken.writes);
  }
  live.pack();
  const dead = new DeadCells(live, (cell) => kept.includes(cell));
  dead.analyse(acts);
  const words = new Int32Array(live.words);
  for (const [cell, value] of Object.entries(state)) {
    const at = Number(cell);
    words[live.word[at] as number] =
      (words[live.word[at] as number] as number) | (live.indexOf(at, value) << (live.shift[at] as number));
  }
  dead.mask(words);
  return { dead, live, left: [MODE, DATA].map((cell) => live.valueIn(cell, words)) };
}

describe('data that is read in mode 1 and written on the way there', () => {
  const enter = does({ [MODE]: 0 }, { [MODE]: 1, [DATA]: 5 });
  const use = does({ [MODE]: 1, [DATA]: 5 }, { [MODE]: 0 });
  const reset = does({ [MODE]: 1 }, { [MODE]: 0, [DATA]: 0 });

  test('is dead in mode 0 and alive in mode 1', () => {
    expect(leftOf([enter, use, reset], { [MODE]: 0, [DATA]: 5 }).left).toEqual([0, 0]);
    expect(leftOf([enter, use, reset], { [MODE]: 1, [DATA]: 5 }).left).toEqual([1, 5]);
  });

  test('stays where it is kept', () => {
    expect(leftOf([enter, use, reset], { [MODE]: 0, [DATA]: 5 }, [DATA]).left).toEqual([0, 5]);
  });

  test('is alive in mode 0 once a way leads to mode 1 that does not write it', () => {
    const enterOnly = does({ [MODE]: 0 }, { [MODE]: 1 });
    expect(leftOf([enter, use, reset, enterOnly], { [MODE]: 0, [DATA]: 5 }).left).toEqual([0, 5]);
  });

  test('is alive in every mode once an act reads it that does not ask for the mode', () => {
    expect(leftOf([enter, use, reset, does({ [DATA]: 0 }, {})], { [MODE]: 0, [DATA]: 5 }).left).toEqual([
      0, 5,
    ]);
  });

  test('an act that adds something says so, and one that does not says nothing', () => {
    const { dead } = leftOf([enter, use, reset], {});
    expect(dead.add(use.taken)).toBe(false);
    expect(dead.add(does({ [MODE]: 0 }, { [MODE]: 1 }).taken)).toBe(true);
  });
});

test('a cell says nothing of itself: that no act was seen to read a value is no proof while it is taken for another', () => {
  const one = does({ [MODE]: 0 }, { [MODE]: 1 });
  expect(leftOf([one], { [MODE]: 1 }).left[0]).toBe(1);
});
