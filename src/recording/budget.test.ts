/** A budget ends a run inside an act too: what was done until then stays, is sound, and replays. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { tryActs } from '../engine/enabled-acts';
import { digestText } from '../engine/memory/digest';
import type { World } from '../engine/world';
import { profileIds } from '../profiles/profiles';
import { profile } from '../profiles/resolve';
import { memoryTape } from '../scenarios/memory-tape';
import { parseScenario, problemText } from '../scenarios/parse';
import { runScenario, type Run, type RunOptions } from '../scenarios/run';
import { actLine, type Line, type Scenario } from '../scenarios/scenario';
import { runs } from '../testing/effort';
import { anyAct } from '../testing/scenarios/any-act';
import { writeRecording } from './file/file';
import { playRecording } from './file/player';
import { Timeline } from './timeline/timeline';

const textOf = (...lines: string[]): string =>
  ['ghcb-scenario 1', ...lines, 'end ghcb-scenario', ''].join('\n');
function read(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}
const runOf = (
  text: string,
  options: RunOptions,
  id: (typeof profileIds)[number] = 'linux-7.2',
): Run<Timeline> => runScenario(read(text), profile(id), (world) => new Timeline(world), options);
const digestOf = (world: World): string => digestText(world.digest());

/** The timeline tells the same at each place as a fresh one, undoes to it, and its recording replays to its digest. */
function expectSound(timeline: Timeline, text: string, id: (typeof profileIds)[number]): void {
  const file = finish(writeRecording(timeline, { engine: '0', profile: id, scenario: text }));
  const { played: again, problem } = playRecording(file);
  if (!again) throw new Error(problem?.message);
  expect(problem).toBeUndefined();
  expect(again.difference).toBeUndefined();
  expect(again.timeline.acts).toEqual(timeline.acts);
  const places = [0, timeline.stepCount >> 1, Math.max(0, timeline.stepCount - 1)];
  for (const place of places) {
    expect(digestOf(timeline.at(place).world)).toBe(digestOf(again.timeline.at(place).world));
  }
  const last = timeline.acts.length - 1;
  const before = digestOf(timeline.at(timeline.acts[last]?.firstStep ?? 0).world);
  timeline.truncate(last);
  expect(timeline.digest()).toBe(before);
}

/** A launch up to LAUNCH_UPDATE; the digest of a guest of 1 TiB takes seconds, so most tests take 1 GiB. */
const startedWith = (memory: string, pages: string): readonly string[] => [
  `vm vcpus=2 memory=${memory}`,
  'host manual',
  ...['create-vm', 'init2', `memslot gfn=0 n=${pages}`, 'create-vcpu', 'launch-start'].map(
    (act) => `vmm ${act}`,
  ),
  `vmm set-attributes gfn=0 n=${pages} private=yes`,
];
const started = startedWith('1G', '0x40000');
const startedLarge = startedWith('1T', '0x80000');
const huge = textOf(...started, 'vmm launch-update gfn=0 n=0x40000 type=normal');

/** Says yes so many times. */
function times(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

describe('a launch of 2^18 pages in one act stops inside the act', () => {
  test.each([
    ['steps', { maxSteps: 5_000 }, 'the run has 5000 steps, its budget of steps'],
    ['writes', { maxWrites: 50_000 }, 'the run has written 50000 words, its budget of writes'],
    ['memory', { maxBytes: 2 ** 20 }, 'the run has 1 MiB, its budget of memory'],
    ['time', { mayGoOn: times(40) }, 'the run has no time left'],
  ] as const)('when the budget of %s is spent', (budget, options, says) => {
    const run = runOf(huge, options);
    const { timeline, problems, stoppedBy } = run;
    expect(stoppedBy).toBe(budget);
    expect(problems).toEqual([{ line: 8, budget, message: `${says}: vmm launch-update stops there` }]);
    const act = timeline.acts.at(-1);
    expect(act?.stopped?.budget).toBe(budget);
    expect(act?.stepCount).toBeGreaterThan(1000);
    const text = `launch-update stops here: the budget of ${budget} is spent`;
    expect(timeline.findings()).toEqual([{ step: timeline.stepCount - 1, finding: { kind: 'note', text } }]);
    expectSound(timeline, huge, 'linux-7.2');
  });

  test('and goes on where it is given more', () => {
    const less = runOf(huge, { maxSteps: 5_000 }).timeline;
    const more = runOf(huge, { maxSteps: 9_000 }).timeline;
    expect([less.stepCount, more.stepCount]).toEqual([5_000, 9_000]);
    expect(less.step(4_998)).toMatchObject({ move: more.step(4_998).move });
    expect(digestOf(more.at(5_000).world)).toBe(less.digest());
  });
});

test('nothing more is performed after the budget is spent, and expectations still look at what was reached', () => {
  const run = runOf(textOf('launch standard', 'v0 hlt', '? vm.exists == yes'), { maxSteps: 10 });
  expect(run.timeline.acts.at(-1)?.stopped).toEqual({ budget: 'steps', moves: expect.any(Number) as number });
  expect(run.lines[1]).toMatchObject({
    firstAct: run.timeline.acts.length,
    endAct: run.timeline.acts.length,
  });
  expect(run.expectations.map(({ ok }) => ok)).toEqual([true]);
});

test('an expectation is not looked at when there is no time for it', () => {
  const run = runOf(textOf('launch standard', '? vm.exists == yes'), { mayGoOn: times(3) });
  expect(run.stoppedBy).toBe('time');
  expect(run.expectations).toMatchObject([{ ok: false, actual: 'not looked at: no time was left' }]);
});

describe('no act takes more work than its budget', () => {
  const acts = [
    'vmm launch-update gfn=0 n=0x10000000 type=normal',
    'vmm launch-update gfn=0 len=0xfffffffffffff000 uaddr=0x7f0000000000 type=zero',
    'vmm launch-update gfn=0 len=0xfffffffffffff000 uaddr=0x5000 type=normal',
    'vmm pre-fault gfn=0 n=0xfffffffffffff',
    'vmm punch-hole gfn=0 n=0xfffffffffffff',
    'vmm set-attributes gfn=0 n=0xfffffffffffff private=yes',
    'vmm register-region gfn=0 n=0xfffffffffffff',
    'kvm reclaim gfn=0',
    'v0 pvalidate gpa=0 n=0xfffffffffffff',
    'v0 pvalidate gpa=0 n=0xfffffffffffff size=2M',
    'v0 io-string direction=out port=0x3f8 size=1 n=0xfffffffffffff',
    'v0 mmio-read gpa=0 len=0xfffffffffffff',
    'v0 mmio-write gpa=0 len=0xfffffffffffff value=1',
    'v0 ext-guest-request request=0 response=0x1000 certs=0x2000 pages=0xffffffffffffffff',
    'v0 vmmcall nr=12 a0=0 a1=0xfffffffffffff a2=1',
    'v0 nae code=0x80000010 info1=0xffffffffffffffff info2=0xffffffffffffffff',
    'v0 psc entries=private:0x0/2M+253',
  ];
  test.each(acts)('%s', (act) => {
    for (const id of profileIds) {
      const head = act.startsWith('v0') ? ['vm vcpus=2 memory=1T', 'launch standard'] : startedLarge;
      const text = textOf(...head, act, act);
      let asked = 0;
      const run = runOf(text, { maxSteps: 3_000, maxWrites: 400_000, mayGoOn: () => ++asked < 200 }, id);
      expect(run.timeline.stepCount).toBeLessThanOrEqual(3_000);
      for (const { message, budget } of run.problems) expect(budget, `${id}: ${message}`).toBeDefined();
      expect(asked).toBeLessThan(200);
    }
  });
});

test('wherever a budget ends, the run is sound and both tapes tell the same', () => {
  const lists = fc.array(anyAct, { minLength: 1, maxLength: 6 });
  const budgets = fc.oneof(
    fc.record({ maxSteps: fc.integer({ min: 1, max: 150 }) }),
    fc.record({ maxWrites: fc.integer({ min: 0, max: 3_000 }) }),
    fc.integer({ min: 0, max: 30 }).map((count) => ({ count })),
  );
  fc.assert(
    fc.property(
      lists,
      budgets,
      fc.constantFrom(...profileIds),
      fc.boolean(),
      (acts, budget, id, launched) => {
        const launch: Line[] = launched ? [{ kind: 'launch' }] : [];
        const scenario = { lines: [...launch, ...acts.map(actLine)] };
        const options = (): RunOptions => ('count' in budget ? { mayGoOn: times(budget.count) } : budget);
        const kept = runScenario(scenario, profile(id), (world) => new Timeline(world), options());
        const told = runScenario(scenario, profile(id), memoryTape, options());
        expect(told.problems).toEqual(kept.problems);
        expect(told.timeline.stepCount).toBe(kept.timeline.stepCount);
        expect(told.timeline.findings()).toEqual(kept.timeline.findings());
        expect(digestOf(told.timeline.world)).toBe(kept.timeline.digest());
        if (kept.timeline.acts.length > 0) expectSound(kept.timeline, textOf(), id);
      },
    ),
    { numRuns: runs(60) },
  );
});

describe('a machine of 1 TiB and 64 vCPUs', () => {
  const text = textOf('vm vcpus=64 memory=1T', 'launch standard', 'v0 hlt');
  const MIB = 2 ** 20;

  test.each(profileIds)('opens under %s, in less than 64 MiB', (id) => {
    const { timeline, problems, stoppedBy, lines } = runOf(text, { maxBytes: 64 * MIB }, id);
    expect({ problems, stoppedBy }).toEqual({ problems: [], stoppedBy: undefined });
    expect(timeline.world.vcpus.filter(({ exists }) => exists).length).toBe(64);
    expect(timeline.world.byteLength).toBeLessThan(64 * MIB);
    expect(lines[2]?.refused).toBeUndefined();
  });

  test('says the act that does not fit, and the budget', () => {
    const { problems, stoppedBy } = runOf(text, { maxBytes: MIB });
    expect(stoppedBy).toBe('memory');
    expect(problems).toEqual([
      {
        line: 1,
        budget: 'memory',
        message: expect.stringMatching(
          /^the run has 1 MiB, its budget of memory: vmm [a-z-]+ stops there$/,
        ) as string,
      },
    ]);
  });
});

test('the menu tries a huge act within a budget of its own, and takes it back', () => {
  const { world } = runOf(textOf(...started), {}).timeline;
  const before = digestOf(world);
  const act = { actor: 'vmm', verb: 'launch-update', args: { gfn: 0, n: 2 ** 18, type: 'normal' } } as const;
  const [tried] = tryActs(world, [act]);
  expect(tried?.refused).toContain('the budget of writes is spent');
  expect(digestOf(world)).toBe(before);
});
