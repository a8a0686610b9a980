/** Holds launch, guest_memfd, RMP faults and the end of a VM to what the executed kernel functions did. */
import { readdirSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { conform, readVectors } from './main';

// Hundreds of launches each: slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const vectors = (name: string): string =>
  readVectors(new URL(`./vectors/${name}.jsonl.br`, import.meta.url).pathname);

test.each([
  ['launch', 1528],
  ['init2', 320],
  ['gmem', 320],
  ['rmpfault', 114],
  ['teardown', 290],
  ['launch-7.3', 506],
  ['init2-7.3', 135],
  ['gmem-7.3', 47],
  ['teardown-7.3', 145],
])('every %s vector agrees', (name, lines) => {
  const report = conform([vectors(name)]);
  expect(report.failures.map(({ id, path, expected, actual }) => ({ id, path, expected, actual }))).toEqual(
    [],
  );
  expect(report.tallies.reduce((sum, { passed }) => sum + passed, 0)).toBe(lines);
});

test('a vector that is made wrong is found, with the field that differs', () => {
  const [line = ''] = vectors('launch').split('\n');
  const wrong = line.replace('"gstate":"launch"', '"gstate":"running"');
  expect(wrong).not.toBe(line);
  const { failures } = conform([wrong]);
  expect(failures).toMatchObject([{ path: 'steps[2].vm.gstate', expected: '"running"', actual: '"launch"' }]);
});

test('the outputs of one kernel do not pass for another', () => {
  const relabelled = vectors('launch')
    .split('\n')
    .filter((line) => line.includes('"kernel":"6.12"'))
    .map((line) => line.replace('"kernel":"6.12"', '"kernel":"7.2"'));
  const { tallies } = conform(relabelled);
  expect(tallies[0]?.failed).toBeGreaterThan(20);
});

test('a kind without a driver and a kernel without a profile are unsupported, not passed', () => {
  const { tallies } = conform([
    '{"id":"a","kind":"nothing","kernel":"7.2","input":{},"output":{}}',
    '{"id":"b","kind":"launch","kernel":"2.6","input":{"steps":[]},"output":{}}',
  ]);
  expect(tallies.map(({ passed, unsupported }) => [passed, unsupported])).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

const corpus = new URL('../../testing/corpus/vector/', import.meta.url).pathname;
test.each(readdirSync(corpus))('%s of the corpus ends, and does not pass', (file) => {
  const { tallies } = conform([readVectors(corpus + file)]);
  expect(tallies.map(({ passed }) => passed)).toEqual([0]);
});

describe('a line cannot pass for what no driver runs', () => {
  const inherited = ['constructor', 'toString', '__proto__', 'valueOf', 'hasOwnProperty'];
  const line = (fields: Record<string, unknown>): string =>
    JSON.stringify({ id: 'a', kind: 'launch', kernel: '7.2', input: { steps: [] }, output: {}, ...fields });
  const tallyOf = (text: string) => {
    const [tally] = conform([text]).tallies;
    return tally && [tally.passed, tally.failed, tally.unsupported];
  };

  test.each([
    ...inherited.map((word) => ['kind', word, line({ kind: word })]),
    ...inherited.map((word) => ['kernel', word, line({ kernel: word })]),
    ['kernel', '2.6', line({ kernel: '2.6' })],
    ['field of a vector', 'xpect', line({ xpect: {} })],
    ['field of the input', 'vmTyp', line({ input: { steps: [], vmTyp: 4 } })],
    ['field of a step', 'gfm', line({ input: { steps: [{ op: 'attr', gfm: 0 }] } })],
    // Written by hand: an object literal would take the name for its prototype.
    ['field of the input', '__proto__', line({}).replace('"steps":[]', '"steps":[],"__proto__":{"a":1}')],
  ])('an unknown %s %s is unsupported', (_, __, text) => expect(tallyOf(text)).toEqual([0, 0, 1]));

  test.each([
    ['a step', { input: { steps: [{ op: 'constructor' }] } }],
    ['a variable of the host', { input: { steps: [], host: { code: 1 } } }],
    ['what is allocated', { input: { steps: [{ op: 'vcpu', inject: { alloc: { what: 'toString' } } }] } }],
    ['an AP operation', { kind: 'ap', input: { ops: [{ op: 'valueOf' }] } }],
    ['an output', { output: { constructor: 1 } }],
  ])('%s that nobody knows fails', (_, fields) => expect(tallyOf(line(fields))).toEqual([0, 1, 0]));

  test.each([
    ['rounds', { kind: 'psc', input: { rounds: 2147483648 } }],
    ['rounds below zero', { kind: 'psc', input: { rounds: -1 } }],
    ['noGmem', { kind: 'ap', input: { noGmem: ['0xffffffffffffffff'] } }],
    ['gmemGone', { kind: 'ap', input: { ops: [{ op: 'gmemGone', gpa: '0x100000000000' }] } }],
    ['poisoned', { input: { steps: [], poisoned: [4294967297] } }],
    ['private', { input: { steps: [], private: [['0x0', 2147483648]] } }],
    ['attr', { input: { steps: [{ op: 'attr', gfn: '0x0', n: 1099511627776, private: true }] } }],
    ['invalidate', { input: { steps: [{ op: 'invalidate', from: 0, to: 1099511627776 }] } }],
    ['prepare', { input: { steps: [{ op: 'prepare', gmem: 0, gfn: '0x0', order: 40 }] } }],
    ['mp', { kind: 'ap', input: { initial: { mp: 77 } } }],
  ])('a number without bounds fails at once: %s', (_, fields) =>
    expect(tallyOf(line(fields))).toEqual([0, 1, 0]),
  );
});
