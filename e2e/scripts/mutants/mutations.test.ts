import { expect, test } from 'vitest';
import { mutationsOf } from './mutations';
import { withSwitches } from './switches';

const changes = (text: string): string[] =>
  mutationsOf('a.ts', text).map(
    ({ was, becomes, isStatement }) => `${was} => ${isStatement ? 'gone' : becomes}`,
  );

const named = "MOST => (MOST + (typeof MOST === 'bigint' ? 1n : 1))";
test.each([
  ['const f = (a, b) => a < b;', ['a < b => a <= b', 'a < b => a >= b']],
  ['const f = (a) => a + 1;', ['a + 1 => a - 1', '1 => 2']],
  ['const f = (a) => `${a}` + "x";', []],
  ['const f = (a) => !a;', ['!a => (a)']],
  ['const f = (a) => a ?? 0n;', ['a ?? 0n => (a)', '0n => 1n']],
  ['function f(a) { a.push(); }', ['a.push(); => gone']],
  ['function f(a) { assert(a > 1, "no"); }', []],
  ['const f = (a) => a.some(g);', ['a.some(g) => a.every(g)']],
  ['const table = { a: 1, b: true };', []],
  ['const MOST = 5;\nconst f = (a) => a === MOST;', ['a === MOST => a !== MOST', named]],
])('%s', (text, expected) => expect(changes(text)).toEqual(expected));

/** What a changed function gives with one change on. */
function run(text: string, call: string, on: number): unknown {
  const mutations = mutationsOf('a.js', text).map((mutation, id) => ({ ...mutation, id }));
  const code = withSwitches('a.js', text, mutations);
  let rounds = 0;
  const round = () => {
    if (++rounds > 1000) throw new Error('endless');
  };
  // The code is text of this test.
  // oxlint-disable-next-line typescript/no-implied-eval
  const made = new Function('$mutant', '$round', `${code}; return ${call};`) as (
    $mutant: (id: number) => boolean,
    $round: () => void,
  ) => unknown;
  return made((id) => id === on, round);
}

const sum = `function sum(n) {
  let all = 0;
  for (let i = 0; i < n; i++) if (i % 2 === 0) all += 3; else all -= 1;
  return all;
}`;

test('with no change on, code does what it did; with any on, it does something else or has no end', () => {
  expect(run(sum, 'sum(5)', -1)).toBe(7);
  const count = mutationsOf('a.js', sum).length;
  expect(count).toBeGreaterThan(10);
  for (let on = 0; on < count; on++) {
    let result: unknown;
    try {
      result = run(sum, 'sum(5)', on);
    } catch (error) {
      result = String(error);
    }
    expect(result, mutationsOf('a.js', sum)[on]?.becomes).not.toBe(7);
  }
});
