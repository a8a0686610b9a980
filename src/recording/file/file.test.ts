import { expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { profile } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { readRecording, writeRecording, type ReadRecording } from './file';
import { replay } from './replay';
import { Timeline } from '../timeline/timeline';

const scenario = `ghcb-scenario 1
title   a launch, one page made shared, one AP created
vm      vcpus=2 memory=4M
guest   manual
host    qemu
launch  standard
v0      psc entries=shared:0x104,private:0x100+3
v0      make-vmsa gpa=0x121000
v0      ap-create target=1 vmsa=0x121000
v1      hlt
end ghcb-scenario
`;

function recorded(): { text: string; timeline: Timeline } {
  const parsed = parseScenario(scenario);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const { timeline } = runScenario(parsed.scenario, profile('linux-7.2'), (world) => new Timeline(world));
  const header = { engine: '0.1.0', profile: 'linux-7.2', scenario };
  return { text: finish(writeRecording(timeline, header)), timeline };
}

const { text, timeline } = recorded();
const lines = text.trimEnd().split('\n');
const read = (file: string): ReadRecording => {
  const result = readRecording(file);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};
const replayed = (file: string) => {
  const result = replay(read(file).recording);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};

test('a recording has a header, a line for each act, a line for each step, and the digest', () => {
  expect(lines).toHaveLength(1 + timeline.acts.length + timeline.stepCount + 1);
  expect(JSON.parse(lines[0] as string)).toMatchObject({ format: 'vmgexit-recording', version: 1, scenario });
  expect(JSON.parse(lines.at(-1) as string)).toEqual({
    digest: timeline.digest(),
    steps: timeline.stepCount,
  });
});

test('what is read is what was written, 64-bit words and all', () => {
  const { recording, problem } = read(text);
  expect(problem).toBeUndefined();
  expect(recording.acts.map(({ act }) => act)).toEqual(timeline.acts.map(({ act }) => act));
  expect(recording.digest).toBe(timeline.digest());
});

test('a recording replays to the same steps and the same digest', () => {
  const { difference, timeline: again } = replayed(text);
  expect(difference).toBeUndefined();
  expect(again.digest()).toBe(timeline.digest());
});

test('an act that was changed by hand is found at the first step that differs', () => {
  const changed = text.replace('"operation":2,"gfn":260', '"operation":2,"gfn":261');
  expect(changed).not.toBe(text);
  const { difference } = replayed(changed);
  expect(difference?.recorded).not.toBe(difference?.now);
  expect(difference?.step).toBeGreaterThan(0);
});

test.each([
  ['', 'line 1', /not JSON/],
  ['{"format":"other"}', 'line 1', /not a header: format/],
  [lines[0]?.replace('"version":1', '"version":9') ?? '', 'line 1', /newer than 1/],
])('without its header nothing of a recording can be used: %#', (file, place, message) => {
  const result = readRecording(file);
  expect(result).toMatchObject({ ok: false, error: { place } });
  if (!result.ok) expect(result.error.message).toMatch(message);
});

const withLine = (number: number, line: string): string =>
  [...lines.slice(0, number - 1), line, ...lines.slice(number)].join('\n');

test.each([
  ['{"act":', /no JSON object/],
  ['{"act":{"actor":"vmm","verb":"fly","args":{}},"origin":"user"}', /no vmm act is called 'fly'/],
  ['{"act":{"actor":"vmm","verb":"run","args":{"vcpu":-1}},"origin":"user"}', /run: vcpu/],
  ['{"act":{"actor":"guest","verb":"hlt","args":{}},"origin":"user"}', /names its vCPU/],
  ['{"step":9999}', /step 9999 is not the next/],
  ['{"digest":"0123456789abcdef","steps":0}', /its end says 0/],
  ['{"hello":1}', /neither act, step nor digest/],
])('a damaged line is named, and what stands before it is kept: %s', (line, message) => {
  const { recording, problem } = read(withLine(20, line));
  expect(problem?.place).toBe('line 20');
  expect(problem?.message).toMatch(message);
  expect(recording.acts.length + recording.steps.length).toBe(18);
  expect(recording.digest).toBeUndefined();
});

test('a file that was cut short keeps its whole lines and replays as far as they go', () => {
  const { recording, problem } = read(lines.slice(0, -7).join('\n'));
  expect(problem).toEqual({
    message: 'the recording ends without its digest',
    place: `line ${lines.length - 7}`,
  });
  const result = replay(recording);
  expect(result).toMatchObject({ ok: true });
  if (result.ok) expect(result.value.difference).toBeUndefined();
});

test('nothing may follow the digest', () => {
  expect(read(`${text}${lines[1] as string}\n`).problem).toEqual({
    message: 'nothing follows the digest',
    place: `line ${lines.length + 1}`,
  });
});
