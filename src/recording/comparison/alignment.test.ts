import fc from 'fast-check';
import { expect, test } from 'vitest';
import { align, type AlignedItem, type AlignedRow } from './alignment';

/** Items from words: `exit:1` is an exit with content 1; an answer of any kind may stand beside another answer. */
const items = (text: string): AlignedItem[] =>
  text.split(' ').map((word) => {
    const [kind = ''] = word.split(':');
    return { content: code(word), kind: code(kind), role: kind.endsWith('Answer') ? 1 : 0 };
  });
const codes = new Map<string, number>();
function code(word: string): number {
  if (!codes.has(word)) codes.set(word, codes.size + 1);
  return codes.get(word) as number;
}
/** Rows as they would be read: the words of each sequence, `-` where there is none. */
const aligned = (...texts: string[]): string[] =>
  align(texts.map(items)).map((row) =>
    row.map((at, i) => (at === undefined ? '-' : texts[i]?.split(' ')[at])).join(' | '),
  );

test('one exit stands beside the first of three, and the answers beside each other', () => {
  const three = 'request exit:1 run done exit:2 run done exit:3 run done answer:0 enter';
  const one = 'request exit:9 run done answer:1 enter';
  expect(aligned(three, one).filter((row) => !row.includes('-'))).toEqual([
    'request | request',
    'exit:1 | exit:9',
    'run | run',
    'done | done',
    'answer:0 | answer:1',
    'enter | enter',
  ]);
});

test('an answer stands beside a refusal, nothing else beside what it is not', () => {
  expect(aligned('request okAnswer enter', 'request badAnswer enter')).toEqual([
    'request | request',
    'okAnswer | badAnswer',
    'enter | enter',
  ]);
  expect(aligned('request change enter', 'request wake enter')).toHaveLength(4);
});

test('equal content is preferred to a like kind further up', () => {
  expect(aligned('a:1 x a:2', 'a:2')).toEqual(['a:1 | -', 'x | -', 'a:2 | a:2']);
});

test('two exits of like kinds are worth more than one equal one that would part them', () => {
  expect(aligned('x:1 a:1 b:1', 'a:2 b:2 x:1')).toEqual(['x:1 | -', 'a:1 | a:2', 'b:1 | b:2', '- | x:1']);
  expect(aligned('x:1 a:1', 'a:2 x:1')).toEqual(['- | a:2', 'x:1 | x:1', 'a:1 | -']);
});

/** What a row of two is worth: equal content, a like kind, a like role. */
function worth(a: AlignedItem, b: AlignedItem): number {
  if (a.content === b.content) return 8;
  if (a.kind === b.kind) return 5;
  return a.role !== 0 && a.role === b.role ? 1 : 0;
}
/** What two sequences are worth beside each other at best. */
function best(a: readonly AlignedItem[], b: readonly AlignedItem[]): number {
  let below = b.map(() => 0).concat(0);
  for (const one of [...a].reverse()) {
    const row = below.map(() => 0);
    for (let i = b.length - 1; i >= 0; i--) {
      const pair = worth(one, b[i] as AlignedItem);
      const both = pair === 0 ? 0 : pair + (below[i + 1] as number);
      row[i] = Math.max(both, below[i] as number, row[i + 1] as number);
    }
    below = row;
  }
  return below[0] as number;
}
/** What rows of two sequences are worth. */
const worthOf = (rows: readonly AlignedRow[], a: readonly AlignedItem[], b: readonly AlignedItem[]): number =>
  rows.reduce((sum, [i, j]) => {
    const [one, other] = [a[i ?? -1], b[j ?? -1]];
    return one && other ? sum + worth(one, other) : sum;
  }, 0);

const someWords = fc.array(
  fc.constantFrom('a:1', 'a:2', 'b:1', 'b:2', 'c', 'okAnswer', 'badAnswer', 'longAnswer:1', 'longAnswer:2'),
  { minLength: 1, maxLength: 12 },
);

test('no other rows of two sequences are worth more', () => {
  fc.assert(
    fc.property(someWords, someWords, (left, right) => {
      const [a, b] = [items(left.join(' ')), items(right.join(' '))];
      expect(worthOf(align([a, b]), a, b)).toBe(best(a, b));
    }),
    { numRuns: 200 },
  );
});

test('nor of two long ones that differ here and there', () => {
  const edit = fc.record({ keep: fc.nat(70), drop: fc.nat(40), add: someWords });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 9, size: 'max' }), (edits) => {
      const left: string[] = [];
      const right: string[] = [];
      edits.forEach(({ keep, drop, add }, n) => {
        const kept = Array.from({ length: keep }, (_, i) => `k${i % 7}:${n * 100 + i}`);
        left.push(...kept, ...Array.from({ length: drop }, (_, i) => `d${i % 5}:${n * 100 + i}`));
        right.push(...kept, ...add);
      });
      const [a, b] = [items(left.join(' ')), items(right.join(' '))];
      expect(worthOf(align([a, b]), a, b)).toBe(best(a, b));
    }),
    { numRuns: 20 },
  );
});

test.each([100, 191, 192, 300, 600, 767])(
  'what is equal behind %i items that only one sequence has stands in one row',
  (count) => {
    const only = Array.from({ length: count }, (_, i) => `only:${i}`);
    const rows = aligned(['a', ...only, 'z:1', 'z:2'].join(' '), 'a z:1 z:2');
    expect(rows).toHaveLength(count + 3);
    expect([rows[0], ...rows.slice(-2)]).toEqual(['a | a', 'z:1 | z:1', 'z:2 | z:2']);
    const turned = aligned('a z:1 z:2', ['a', ...only, 'z:1', 'z:2'].join(' '));
    expect([turned[0], ...turned.slice(-2)]).toEqual(['a | a', 'z:1 | z:1', 'z:2 | z:2']);
  },
);

test('a third sequence is held to each of the items in a row', () => {
  expect(aligned('a:1 x', 'a:2 x', 'a:2 x')).toEqual(['a:1 | a:2 | a:2', 'x | x | x']);
  expect(aligned('okAnswer', 'badAnswer', 'p badAnswer', 'okAnswer')).toEqual([
    '- | - | p | -',
    'okAnswer | badAnswer | badAnswer | okAnswer',
  ]);
});

const words = fc.array(fc.constantFrom('a:1', 'a:2', 'b:1', 'b:2', 'okAnswer', 'badAnswer', 'c'), {
  minLength: 1,
  maxLength: 600,
});

test('whatever the sequences, each item stands in one row, in order, beside its like', () => {
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 4 }), (lists) => {
      const sequences = lists.map((list) => items(list.join(' ')));
      const rows = align(sequences);
      sequences.forEach((sequence, i) => {
        expect(rows.flatMap((row) => row[i] ?? [])).toEqual(sequence.map((_, at) => at));
      });
      for (const row of rows) expect(row.some((at) => at !== undefined)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('a sequence beside itself has no gap', () => {
  fc.assert(
    fc.property(words, (list) => {
      const own = items(list.join(' '));
      expect(align([own, own, own])).toEqual(own.map((_, at) => [at, at, at]));
    }),
  );
});

test('sequences that share nothing cost their windows, not their square', () => {
  const long = (kind: string): AlignedItem[] =>
    items(Array.from({ length: 20_000 }, (_, i) => `${kind}:${i}`).join(' '));
  expect(align([long('a'), long('b')])).toHaveLength(40_000);
});
