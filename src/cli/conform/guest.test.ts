/** Holds a running guest's page state changes, MSR protocol, NAE events and AP creation to what the executed kernel functions did. */
import { expect, test, vi } from 'vitest';
import { conform, readVectors } from './main';

// Thousands of requests: slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const vectors = (name: string): string =>
  readVectors(new URL(`./vectors/${name}.jsonl.br`, import.meta.url).pathname);

const linesOf = (name: string): string[] => vectors(name).trimEnd().split('\n');

/** The line of a case, which must be there. */
function lineOf(name: string, id: string): string {
  const line = linesOf(name).find((candidate) => candidate.includes(`"id":"${id}"`));
  if (line === undefined) throw new Error(`${name} has no ${id}`);
  return line;
}

/** A copy of a line in which one text is another. */
function changed(line: string, from: string, to: string): string {
  const wrong = line.replace(from, to);
  expect(wrong).not.toBe(line);
  return wrong;
}

test.each([
  ['psc', { 'psc 6.12': 859, 'psc 7.2': 856 }],
  ['psc-6.17', { 'psc 6.17': 593 }],
  ['psc-6.11', { 'psc 6.11': 563 }],
  ['psc-5.19-snp', { 'psc 5.19-snp': 564 }],
  ['msr', { 'msr 6.12': 359, 'msr 7.2': 359, 'msrSweep 6.12': 202, 'msrSweep 7.2': 202 }],
  ['msr-6.17', { 'msr 6.17': 217, 'msrSweep 6.17': 119 }],
  ['msr-6.11', { 'msr 6.11': 209, 'msrSweep 6.11': 119 }],
  ['msr-5.19-snp', { 'msr 5.19-snp': 243, 'msrSweep 5.19-snp': 119 }],
  ['ap', { 'ap 6.12': 507, 'ap 7.2': 507 }],
  ['ap-6.17', { 'ap 6.17': 307 }],
  ['ap-6.11', { 'ap 6.11': 396 }],
  ['ap-5.19-snp', { 'ap 5.19-snp': 274 }],
  ['aprun', { 'apRun 6.12': 139, 'apRun 7.2': 139 }],
  ['aprun-6.17', { 'apRun 6.17': 85 }],
  ['aprun-6.11', { 'apRun 6.11': 88 }],
  ['aprun-5.19-snp', { 'apRun 5.19-snp': 139 }],
  ['nae', { 'nae 6.12': 837, 'nae 7.2': 837 }],
  ['nae-6.17', { 'nae 6.17': 533 }],
  ['nae-6.11', { 'nae 6.11': 533 }],
  ['psc-7.3', { 'psc 7.3': 481 }],
  ['msr-7.3', { 'msr 7.3': 212, 'msrSweep 7.3': 202 }],
  ['ap-7.3', { 'ap 7.3': 506 }],
  ['aprun-7.3', { 'apRun 7.3': 139 }],
  ['nae-7.3', { 'nae 7.3': 517 }],
  ['runloop', { 'runLoop 6.12': 196, 'runLoop 7.2': 196, 'runLoop 7.3': 196 }],
  // The other 297 lines have steps that the model has no words for: they are unsupported, each with its reason.
  ['fault', { 'fault 6.12': 197, 'fault 7.2': 197, 'fault 7.3': 197 }],
  ['vmmcall', { 'vmmcall 6.12': 67, 'vmmcall 7.2': 67 }],
  ['vmmcall-6.17', { 'vmmcall 6.17': 39 }],
  ['vmmcall-6.11', { 'vmmcall 6.11': 39 }],
  [
    'more',
    {
      'ap 5.19-snp': 1,
      'ap 6.11': 1,
      'ap 6.12': 2,
      'ap 6.17': 1,
      'ap 7.2': 2,
      'apRun 5.19-snp': 1,
      'apRun 6.11': 1,
      'apRun 6.12': 1,
      'apRun 6.17': 1,
      'apRun 7.2': 1,
      'init2 6.12': 1,
      'init2 7.2': 1,
      'launch 6.12': 2,
      'launch 7.2': 2,
      'msr 6.12': 1,
      'msr 7.2': 1,
      'nae 6.11': 2,
      'nae 6.12': 2,
      'nae 6.17': 1,
      'nae 7.2': 2,
      'psc 5.19-snp': 3,
      'psc 6.11': 1,
      'psc 6.12': 1,
      'psc 6.17': 1,
      'psc 7.2': 1,
    },
  ],
])('every %s vector agrees', (name, counts) => {
  const { failures, tallies } = conform([vectors(name)]);
  expect(failures).toEqual([]);
  const passed = tallies.map((tally) => [`${tally.kind} ${tally.kernel}`, tally.passed] as const);
  expect(Object.fromEntries(passed)).toEqual(counts);
});

test.each(['psc-6.11', 'psc-6.17'])(
  'in %s a batch that reaches beyond the GHCB page or the scratch copy is out of bounds in exactly six cases',
  (name) => {
    const beyond = linesOf(name).filter((line) => line.includes('"output":{"outOfBounds":true}'));
    expect(beyond).toHaveLength(6);
    expect(conform(beyond).failures).toEqual([]);
    // The same requests, said to stay inside: the model must object to every one.
    const inside = beyond.map((line) => changed(line, '{"outOfBounds":true}', '{}'));
    expect(conform(inside).failures.map(({ path }) => path)).toEqual(beyond.map(() => 'outOfBounds'));
  },
);

test.each([
  ['psc', 'psc-00529@7.2', '"swExitInfo2":"0x3"', '"swExitInfo2":"0x4"', 'swExitInfo2'],
  ['psc-5.19-snp', 'pscw-00015@5.19-snp', '"private 0x400000 1 2M"', '"private 0x400000 512 4K"', 'rmp[0]'],
  ['msr', 'msr-00113@6.12', '"ghcbMsr":"0x13"', '"ghcbMsr":"0x12"', 'ghcbMsr'],
  ['ap', 'ap-00008@6.12', '"pend":"none"', '"pend":"0x200000"', 'steps[0].t.pend'],
  ['more', 'nae-00435@6.11', '"requests":0', '"requests":2', 'targets[0].requests'],
  ['more', 'pscw-00022@5.19-snp', '"psmash 0x400000 1 4K"', '"psmash 0x401000 1 4K"', 'rmp[0]'],
  ['runloop', 'rl-00051@7.2', '"ret":-11', '"ret":-4', 'steps[2].ret'],
  ['fault', 'fault-0050@7.2', '"exit":39', '"exit":3', 'steps[0].exit'],
  ['aprun', 'aprun-00085@7.2', '"run":"sleeps"', '"run":"entered"', 'steps[1].run'],
])('a falsified %s line is found: %s', (name, id, from, to, path) => {
  const valueOf = (field: string): string => field.slice(field.indexOf(':') + 1);
  // Inputs have the same names: only the output is made wrong.
  const [input, output] = lineOf(name, id).split('"output":') as [string, string];
  const { failures } = conform([`${input}"output":${changed(output, from, to)}`]);
  expect(failures).toMatchObject([{ id, path, expected: valueOf(to), actual: valueOf(from) }]);
});

test('one word of a sweep that is made wrong is found by its index', () => {
  const sweep = linesOf('msr').find((line) => line.includes('"kind":"msrSweep"')) ?? '';
  const { failures } = conform([changed(sweep, '"result":["', '"result":["exit99')]);
  expect(failures.map(({ kind, path }) => [kind, path])).toEqual([['msrSweep', 'result[0]']]);
});

test.each(['psc', 'ap'])('the %s outputs of Linux 6.12 do not pass for Linux 7.2', (name) => {
  const relabelled = linesOf(name)
    .filter((line) => line.includes('"kernel":"6.12"'))
    .map((line) => changed(line, '"kernel":"6.12"', '"kernel":"7.2"'));
  expect(conform(relabelled).failures.length).toBeGreaterThan(10);
});
