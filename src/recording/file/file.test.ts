import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import { compare } from '../comparison/comparison';
import { profile } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { FileLines } from './file-lines';
import { stepText, writeRecording } from './file';
import { playRecording, RecordingPlayer, type PlayedRecording } from './player';
import { recordedRun } from './recorded-run';
import { isSameStep } from './recorded-step';
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

function run() {
  const parsed = parseScenario(scenario);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return runScenario(parsed.scenario, profile('linux-7.2'), (world) => new Timeline(world));
}

function recorded(): { text: string; timeline: Timeline } {
  const { timeline } = run();
  const header = { engine: '0.1.0', profile: 'linux-7.2', scenario };
  return { text: finish(writeRecording(timeline, header)), timeline };
}

const { text, timeline } = recorded();
const lines = text.trimEnd().split('\n');
const play = (file: string): PlayedRecording => {
  const { played, problem } = playRecording(file);
  if (!played) throw new Error(problem?.message);
  return played;
};

test('a recording has a header, a line for each act, a line for each step, and the digest', () => {
  expect(lines).toHaveLength(1 + timeline.acts.length + timeline.stepCount + 1);
  expect(JSON.parse(lines[0] as string)).toMatchObject({ format: 'vmgexit-recording', version: 1, scenario });
  expect(JSON.parse(lines.at(-1) as string)).toEqual({
    digest: timeline.digest(),
    steps: timeline.stepCount,
  });
});

test('a recording plays to the same acts, steps and digest', () => {
  const played = play(text);
  expect(played).toMatchObject({ problem: undefined, difference: undefined, digest: timeline.digest() });
  expect(played.timeline.acts).toEqual(timeline.acts);
  expect(played.timeline.digest()).toBe(timeline.digest());
  expect(played.stepCount).toBe(timeline.stepCount);
});

/** The file as a build would have written it in which one thing was otherwise. */
const withLine = (number: number, line: string): string =>
  [...lines.slice(0, number - 1), line, ...lines.slice(number), ''].join('\n');
const lineOfStep = (step: number): number =>
  lines.findIndex((line) => line.startsWith(`{"step":${step},`)) + 1;

describe('where this build does something else, what was recorded is played', () => {
  const answered = lines.findIndex((line) => line.includes('"move":"pscAnswer"')) + 1;
  const step = Number(/"step":(\d+)/.exec(lines[answered - 1] ?? '')?.[1]);
  const other = withLine(answered, (lines[answered - 1] ?? '').replace('"result":"0x0"', '"result":"0x123"'));

  test('the recorded argument of a move, at its step, with the same number of steps', () => {
    expect(other).not.toBe(text);
    const played = play(other);
    expect(played.timeline.step(step).move?.args['result']).toBe(0x123n);
    expect(timeline.step(step).move?.args['result']).not.toBe(0x123n);
    expect(played.timeline.stepCount).toBe(timeline.stepCount);
    expect(played.difference?.step).toBe(step);
    expect(played.difference?.recorded).not.toBe(played.difference?.now);
  });

  test('acts that come after it are performed, and each state is that of this build', () => {
    const { timeline: played } = play(other);
    expect(played.digest()).toBe(timeline.digest());
    expect(played.acts.map(({ act }) => act)).toEqual(timeline.acts.map(({ act }) => act));
  });

  test('as recorded and as this build runs it are compared by the lines of the scenario', () => {
    const now = run();
    const comparison = compare([now, finish(recordedRun(play(other), now))], ['now', 'as recorded']);
    expect(comparison.divergences.map((row) => comparison.rows[row]?.steps)).toEqual([[step, step]]);
  });

  test('an act that was refused then and is taken now does nothing, and what follows stands at its place', () => {
    const at = lines.findIndex((line) => line.includes('"verb":"make-vmsa"')) + 1;
    const next = lines.findIndex((line, index) => index >= at && !line.startsWith('{"step"'));
    const first = Number(/"step":(\d+)/.exec(lines[at] ?? '')?.[1]);
    const refused = (lines[at - 1] ?? '').replace(/}$/, ',"refused":"it did not exist then"}');
    let count = 0;
    const renumbered = [...lines.slice(0, at - 1), refused, ...lines.slice(next, -1)].map((line) =>
      line.replace(/^{"step":\d+/, () => `{"step":${count++}`),
    );
    const {
      timeline: played,
      difference,
      problem,
    } = play([...renumbered, JSON.stringify({ digest: timeline.digest(), steps: count }), ''].join('\n'));
    expect(problem).toBeUndefined();
    expect(played.acts.find(({ act }) => act.verb === 'make-vmsa')).toMatchObject({
      refused: 'it did not exist then',
      stepCount: 0,
    });
    expect(played.stepCount).toBe(count);
    expect(stepText(played.step(count - 1))).toBe(renumbered.findLast((line) => line.startsWith('{"step"')));
    expect(difference).toMatchObject({ step: first, recorded: 'no such step' });
  });

  test('a step that is made no more, and an act that is refused for another reason', () => {
    const at = lines.findLastIndex((line) => line.startsWith('{"step"'));
    const last = Number(/^{"step":(\d+)/.exec(lines[at] ?? '')?.[1]);
    const more = [
      ...lines.slice(0, at + 1),
      (lines[at] ?? '').replace(/^{"step":\d+/, `{"step":${last + 1}`),
      ...lines.slice(at + 1, -1),
      JSON.stringify({ digest: timeline.digest(), steps: last + 2 }),
      '',
    ].join('\n');
    expect(play(more)).toMatchObject({
      problem: undefined,
      stepCount: last + 2,
      difference: { step: last + 1, now: 'no such step' },
    });
    const act = lines.findLastIndex((line) => line.startsWith('{"act"'));
    const { refused, ...rest } = JSON.parse(lines[act] ?? '') as { readonly refused?: string };
    const { difference } = play(withLine(act + 1, JSON.stringify({ ...rest, refused: 'not then' })));
    expect(difference).toMatchObject({
      step: timeline.stepCount,
      recorded: 'the act is refused: not then',
      now: refused === undefined ? 'the act is taken' : `the act is refused: ${refused}`,
    });
  });

  test('a recording plays the same to itself, whatever was changed in it', () => {
    const words = /"(move|rule|type|chart|kind)":"(\w+)"|"info2":"0x[0-9a-f]+"|"vcpu":\d/;
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: lines.length - 1 }),
        fc.constantFrom('"hlt"', '7', '{}', ''),
        (number, by) => {
          const line = lines[number - 1] ?? '';
          const { played } = playRecording(withLine(number, line.replace(words, by)));
          if (!played || played.problem || played.timeline.stepCount !== played.stepCount) return;
          for (let index = 0; index < played.stepCount; index++) played.timeline.step(index);
        },
      ),
      { numRuns: 30 },
    );
  });
});

test.each([
  ['', 'line 1', /ends without its digest/],
  ['x', 'line 1', /not JSON/],
  ['{"format":"other"}', 'line 1', /not a header: format/],
  [lines[0]?.replace('"version":1', '"version":9') ?? '', 'line 1', /newer than 1/],
  [lines[0]?.replace('"profile":"linux-7.2"', '"profile":"x"') ?? '', 'profile of the header', /no profile/],
])('without its header nothing of a recording can be played: %#', (file, place, message) => {
  const { played, problem } = playRecording(file);
  expect(played).toBeUndefined();
  expect(problem?.place).toBe(place);
  expect(problem?.message).toMatch(message);
});

test('of a newer version the scenario and the profile are known', () => {
  const { header } = playRecording(text.replace('"version":1', '"version":9'));
  expect(header).toMatchObject({ version: 9, scenario, profile: 'linux-7.2' });
});

test.each([
  ['{"act":', /no JSON object/],
  ['{"act":{"actor":"vmm","verb":"fly","args":{}},"origin":"user"}', /no vmm act is called 'fly'/],
  ['{"act":{"actor":"vmm","verb":"run","args":{"vcpu":-1}},"origin":"user"}', /run: vcpu/],
  ['{"act":{"actor":"guest","verb":"hlt","args":{}},"origin":"user"}', /names its vCPU/],
  ['{"step":9999}', /step 9999 is not the next, \d+: lines are missing/],
  ['{"step":0}', /step 0 is not the next, \d+: lines are doubled/],
  ['{"digest":"0123456789abcdef","steps":0}', /its end says 0/],
  ['{"hello":1}', /neither act, step nor digest/],
])('a damaged line is named, and what stands before it is kept: %s', (line, message) => {
  const number = lineOfStep(12);
  const { timeline: played, problem, stepCount, digest } = play(withLine(number, line));
  expect(problem?.place).toBe(`line ${number}`);
  expect(problem?.message).toMatch(message);
  expect(stepCount).toBe(12);
  expect(played.step(11)).toMatchObject({ index: 11 });
  expect(digest).toBeUndefined();
});

test('steps in another order are named at the first that is out of place', () => {
  const [a, b] = [lineOfStep(12), lineOfStep(13)];
  const swapped = [...lines];
  [swapped[a - 1], swapped[b - 1]] = [lines[b - 1] ?? '', lines[a - 1] ?? ''];
  expect(play(swapped.join('\n')).problem).toEqual({
    message: 'step 13 is not the next, 12: lines are missing or in another order',
    place: `line ${a}`,
  });
});

test('a file that was cut between two lines keeps its whole lines', () => {
  const { problem, difference, stepCount } = play(`${lines.slice(0, -7).join('\n')}\n`);
  expect(problem).toEqual({
    message: 'the recording ends without its digest',
    place: `line ${lines.length - 7}`,
  });
  expect(difference).toBeUndefined();
  expect(stepCount).toBeGreaterThan(0);
});

test('a file that was cut anywhere says where it ends, and every whole step before it is played', () => {
  fc.assert(
    fc.property(fc.integer({ min: (lines[0]?.length ?? 0) + 2, max: text.length - 2 }), (length) => {
      const part = text.slice(0, length);
      const whole = part.split('\n').length;
      const { problem, difference, timeline: played } = play(part);
      expect(problem?.place).toBe(`line ${part.endsWith('\n') ? whole - 1 : whole}`);
      expect(problem?.message).toMatch(/cut off in this line|without its digest/);
      expect(difference).toBeUndefined();
      const steps = part
        .split('\n')
        .slice(0, -1)
        .filter((line) => line.startsWith('{"step"')).length;
      expect(played.stepCount).toBeGreaterThanOrEqual(steps);
    }),
    { numRuns: 40 },
  );
});

test('nothing may follow the digest', () => {
  expect(play(`${text}${lines[1] as string}\n`).problem).toEqual({
    message: 'nothing follows the digest',
    place: `line ${lines.length + 1}`,
  });
});

describe('lines of a file in chunks', () => {
  test('are the same however the chunks are cut and the lines end', () => {
    const bytes = (ends: readonly string[]): Uint8Array =>
      new TextEncoder().encode(lines.map((line, at) => line + (ends[at % ends.length] ?? '\n')).join(''));
    fc.assert(
      fc.property(
        fc.constantFrom(['\n'], ['\r\n'], ['\r'], ['\n', '\r\n', '\r', '\r\n']),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 9 }),
        (ends, sizes) => {
          const file = bytes(ends);
          const reader = new FileLines();
          const found: string[] = [];
          for (let at = 0, part = 0; at < file.length; part++) {
            const size = sizes[part % sizes.length] ?? 1;
            found.push(...reader.push(file.subarray(at, at + size)));
            at += size;
          }
          const last = reader.end();
          expect([...found, ...(last === undefined ? [] : [last])].filter((line) => line !== '')).toEqual(
            lines,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a recording with mixed line ends plays', () => {
    const mixed = lines.map((line, at) => line + ['\n', '\r\n', '\r'][at % 3]).join('');
    expect(play(mixed)).toMatchObject({ problem: undefined, difference: undefined });
  });

  test('no step is held once its act is over', () => {
    const player = new RecordingPlayer();
    for (const line of lines) player.take(line);
    expect(JSON.stringify(Object.keys(player))).not.toContain('steps');
    expect(player.finish()?.stepCount).toBe(timeline.stepCount);
  });
});

describe('a step that an earlier build recorded', () => {
  const at = lines.findIndex((line) => line.includes('"SNP_ACTIVATE"'));
  const line = lines[at] ?? '';
  const without = (fact: string): string => line.replace(new RegExp(`,"${fact}":(true|false)`), '');

  test('before a fact of its event was declared, or with the facts in another order, is the same step', () => {
    expect(without('guestInactive')).not.toBe(line);
    expect(isSameStep(without('guestInactive'), line)).toBe(true);
    const first = line.replace(',"asidClean":true', '').replace('{"type"', '{"asidClean":true,"type"');
    expect(isSameStep(first, line)).toBe(true);
    const file = lines.map((one, index) => (index === at ? without('guestInactive') : one)).join('\n');
    expect(play(`${file}\n`)).toMatchObject({ problem: undefined, difference: undefined });
  });

  test.each([
    ['another value of a fact', line.replace('"asidClean":true', '"asidClean":false')],
    ['a fact that this build does not know', line.replace('"asidClean"', '"asidFlushed"')],
    ['another argument', line.replace('"status":0', '"status":1')],
    ['another step', line.replace(/"step":\d+/, '"step":9999')],
    ['no JSON', line.slice(1)],
  ])('%s is a difference', (_, recordedLine) => {
    expect(recordedLine).not.toBe(line);
    expect(isSameStep(recordedLine, line)).toBe(false);
  });
});
