import fc from 'fast-check';
import { expect, test } from 'vitest';
import { align, type AlignedItem } from './alignment';

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
