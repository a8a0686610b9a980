import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { explore } from './explore';
import { run } from './run';

const folder = mkdtempSync(join(tmpdir(), 'explore-'));
const file = (name: string, lines: string): string => {
  const path = join(folder, `${name}.ghcb`);
  writeFileSync(path, lines.startsWith('ghcb') ? lines : `ghcb-scenario 1\n${lines}\nend ghcb-scenario\n`);
  return path;
};

const scope = `vm vcpus=2 memory=4M
guest manual
host manual
launch standard
v0 make-vmsa gpa=0x121000
explore threads
explore v0 ap-create target=1 vmsa=0x121000
explore v0 ap-destroy target=1
explore v0 sipi target=1
explore vmm run vcpu=1`;

test('a violation ends with status 1 and a scenario that runs to it', () => {
  const { text, status } = explore([file('twice', scope), '--property', 'NoDoubleCreate']);
  expect(status).toBe(1);
  expect(text).toContain('NoDoubleCreate  violated in 2 acts');
  const [, scenario = ''] = /(ghcb-scenario 1[^]*)$/.exec(text) ?? [];
  const again = run([file('found', scenario)]);
  expect(again.text).toContain('violations.NoDoubleCreate > 0');
  expect(again.status).toBe(0);
});

test('when every state was looked at and all holds the status is 0', () => {
  const { text, status } = explore([file('none', scope), '--property', 'never v1.mpState == STOPPED']);
  expect(status).toBe(0);
  expect(text).toContain('hold: never v1.mpState == STOPPED');
  expect(text).toContain('every state was looked at');
});

test('a bound that ends the search is status 3, and nothing is said to hold', () => {
  const words = [file('bound', scope), '--property', 'never v1.mpState == STOPPED', '--max-states', '10'];
  const { text, status, complaint } = explore(words);
  expect(status).toBe(3);
  expect(complaint).toContain('a bound');
  expect(text).toContain('not decided');
  expect(text).not.toContain('hold:');
});

test('the reductions in force are named, and where every cell counts there are more states and the same verdict', () => {
  const words = [file('every', scope), '--property', 'NoDoubleCreate', '--whole', '--json'];
  type Printed = [{ states: number; reductions: string[]; answers: [{ verdict: string; length: number }] }];
  const [reduced] = JSON.parse(explore(words).text) as Printed;
  const [full] = JSON.parse(explore([...words, '--every-cell']).text) as Printed;
  expect(reduced.reductions).toEqual(['live cells', 'idle reads', 'dead cells', 'canonical byte images']);
  expect(full.reductions).toEqual(['canonical byte images']);
  const [undead] = JSON.parse(explore([...words, '--without', 'dead-cells']).text) as Printed;
  expect(undead.reductions).toEqual(['live cells', 'idle reads', 'canonical byte images']);
  expect(() => explore([...words, '--without', 'dead'])).toThrow(
    "--without: 'dead' is no reduction; there are live-cells, idle-reads, dead-cells",
  );
  expect(full.states).toBeGreaterThan(reduced.states);
  expect(full.answers[0]).toMatchObject({ verdict: 'fails', length: reduced.answers[0].length });
  expect(explore(words.slice(0, 3)).text).toMatch(
    /Reductions\s+in\s+force:\s+live\s+cells,\s+idle\s+reads,\s+dead\s+cells,\s+canonical\s+byte\s+images\./,
  );
  // A filter asks for steps, whose words stand in parts of handlers.
  const asked = [words[0] as string, '--property', 'never v1.mpState == STOPPED', '--whole', '--json'];
  const [steps] = JSON.parse(explore(asked).text) as Printed;
  expect(steps.reductions).toEqual(['live cells', 'dead cells', 'canonical byte images']);
});

test('as JSON the search says what it did', () => {
  const { text } = explore([file('json', scope), '--profile', 'linux-7.2,linux-6.12', '--json']);
  const printed = JSON.parse(text) as {
    profiles: string[];
    states: number;
    answers: { verdict: string; scenario?: string }[];
  }[];
  expect(printed.map(({ profiles }) => profiles)).toEqual([['linux-7.2'], ['linux-6.12']]);
  for (const { states, answers } of printed) {
    expect(states).toBeGreaterThan(10);
    for (const { verdict, scenario } of answers) expect(scenario !== undefined).toBe(verdict === 'fails');
  }
});

test.each([
  [[], 'explore takes one FILE'],
  [[file('plain', 'launch standard')], "it has no line 'explore'"],
  [[file('bad', scope), '--property', 'NoDoubleCreat'], "did you mean 'NoDoubleCreate'?"],
  [[file('bad', scope), '--property', 'never v1.mpStat == HALTED'], "did you mean 'mpState'?"],
  [[file('bad', scope), '--max-states', 'many'], "needs a number above 0, not 'many'"],
  [[file('bad', scope), '--profile', 'linux-9'], "no profile is called 'linux-9'"],
])('%j is bad usage', (words, message) => {
  expect(() => explore(words)).toThrow(message);
});
