import { expect, test } from 'vitest';
import { mutationsOf } from './mutations';
import { Switches } from './rounds';
import { withSwitches, type Switchboard } from './switches';

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
  ['const f = (a) => a ?? 0n;', ['a ?? 0n => (0n)', '0n => 1n']],
  ['function f(a) { a.push(); }', ['a.push(); => gone']],
  ['function f(a) { assert(a > 1, "no"); }', []],
  ['const f = (a) => a.some(g);', ['a.some(g) => a.every(g)']],
  ['function* f(a) { if (a % 16 === 0) yield; }', []],
  ['function f(a) { a.reserve(64); }', ['a.reserve(64); => gone']],
  ['const table = { a: 1, b: true };', []],
  ['const MOST = 5;\nconst f = (a) => a === MOST;', ['a === MOST => a !== MOST', named]],
])('%s', (text, expected) => expect(changes(text)).toEqual(expected));

/** What a changed function gives with one change on. */
function run(text: string, call: string, on: number): unknown {
  const mutations = mutationsOf('a.js', text).map((mutation, id) => ({ ...mutation, id }));
  const code = withSwitches('a.js', text, mutations);
  const switches = new Switches();
  switches.active = on;
  let rounds = 0;
  const round = () => {
    if (++rounds > 1000) throw new Error('endless');
  };
  // The code is text of this test.
  // oxlint-disable-next-line typescript/no-implied-eval
  const made = new Function('{ $mutant, $differs, $unlike, $round }', `${code}; return ${call};`) as (
    switches: Switchboard,
  ) => unknown;
  const { $mutant, $differs, $unlike } = switches;
  const result = made({ $mutant, $differs, $unlike, $round: round });
  return on < 0 ? { result, reached: [...switches.reached] } : result;
}

const sum = `function sum(n) {
  let all = 0;
  for (let i = 0; i < n; i++) if (i % 2 === 0) all += 3; else all -= 1;
  return all;
}`;

test('with no change on, code does what it did; with any on, it does something else or has no end', () => {
  const count = mutationsOf('a.js', sum).length;
  expect(run(sum, 'sum(5)', -1)).toMatchObject({ result: 7, reached: { length: count } });
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

test.each([
  ['const f = (a, b) => a < b;', 'f(1, 2)', ['a < b => a >= b']],
  ['const f = (a, b) => a < b;', 'f(2, 2)', ['a < b => a <= b', 'a < b => a >= b']],
  ['const f = (a) => a ?? 1;', 'f(0)', ['a ?? 1 => (1)']],
  ['const f = (a) => (a ? "x" : "y");', 'f({})', ['a => false']],
])('of %s, %s notices what gives another value', (text, call, expected) => {
  const { reached } = run(text, call, -1) as { readonly reached: readonly number[] };
  expect(reached.map((id) => changes(text)[id])).toEqual(expected);
});
