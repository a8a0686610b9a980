/** Holds launch, guest_memfd, RMP faults and the end of a VM to what the executed kernel functions did. */
import { expect, test, vi } from 'vitest';
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
