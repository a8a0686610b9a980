import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { finish } from '../../base/resumable';
import type { Act } from '../../engine/acts';
import { columnIds } from '../../profiles/facet';
import { profile, type ProfileName } from '../../profiles/resolve';
import { memoryTape } from '../../scenarios/memory-tape';
import { parseScenario, problemText } from '../../scenarios/parse';
import { printScenario } from '../../scenarios/print';
import { runScenario } from '../../scenarios/run';
import { actLine, type Scenario } from '../../scenarios/scenario';
import { isLong, sampled } from '../../testing/effort';
import { scenarioOfWay } from './counterexample';
import { attemptSize, expand, ownMemory, type Expanders } from './expanding';
import { explore, verdictOf } from './exploration';
import { reductionNames } from './reductions';
import { scopeOf } from './scope';
import type { Searched, SearchLimits } from './search';

function scenarioOf(lines: string): Scenario {
  const parsed = parseScenario(`ghcb-scenario 1\n${lines}\nend ghcb-scenario\n`);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}

function preset(name: string): Scenario {
  const parsed = parseScenario(
    readFileSync(new URL(`../../../public/scenarios/${name}.ghcb`, import.meta.url), 'utf8'),
  );
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}

function searched(scenario: Scenario, id: ProfileName, limits: SearchLimits = {}): Searched {
  const exploration = explore(scenario, [profile(id)], limits);
  if (!exploration.ok) throw new Error(exploration.error.message);
  const [first] = finish(exploration.value.parts);
  if (!first) throw new Error('nothing was searched');
  return first.searched;
}

/** Length of the shortest way to each question that has one. */
const lengths = ({ answers }: Searched): Record<string, number> =>
  Object.fromEntries(answers.flatMap(({ question, way }) => (way ? [[question.name, way.length]] : [])));

const ap = `vm vcpus=2 memory=4M
guest manual
host manual
launch standard
v0 make-vmsa gpa=0x121000
explore threads
explore v0 ap-create target=1 vmsa=0x121000
explore v0 ap-create-on-init target=1 vmsa=0x121000
explore v0 ap-destroy target=1
explore v0 init target=1
explore v0 sipi target=1
explore v1 hlt
explore vmm run vcpu=1`;

/** The violations of the last act of a run, and whether the run changed nothing in it. */
function violationsOf(
  scenario: Scenario,
  id: ProfileName,
  way: readonly Act[],
): { names: string[]; digest: string } {
  const lines = [
    ...scenario.lines.filter(({ kind }) => kind !== 'explore'),
    ...way.map(actLine),
    ...scenario.lines.filter((line) => line.kind === 'explore' && line.clause.what === 'threads'),
  ];
  const { timeline } = runScenario({ lines }, profile(id), memoryTape);
  const last = timeline.acts.findLast(({ origin }) => origin === 'scenario');
  const names = timeline
    .findings()
    .filter(({ step, finding }) => step >= (last?.firstStep ?? 0) && finding.kind === 'violation')
    .map(({ finding }) => finding.invariant ?? 'NoOtherViolation');
  const { low, high } = timeline.world.digest();
  return { names, digest: `${low} ${high}` };
}

/** Breadth first with whole runs of scenarios: no memo, no packed state, every cell of the world told apart. */
function plainSearch(scenario: Scenario, id: ProfileName, depth: number): Record<string, number> {
  const scope = scopeOf(scenario);
  if (!scope.ok) throw new Error(scope.error.message);
  const found: Record<string, number> = {};
  const seen = new Set<string>();
  let level: Act[][] = [[]];
  for (let length = 1; length <= depth; length++) {
    const next: Act[][] = [];
    for (const way of level)
      for (const { act } of scope.value.acts) {
        const longer = [...way, act];
        const { names, digest } = violationsOf(scenario, id, longer);
        for (const name of names) found[name] ??= length;
        if (!seen.has(digest)) next.push(longer);
        seen.add(digest);
      }
    level = next;
  }
  return found;
}

describe.each(sampled(['linux-7.2', 'linux-6.12', 'part2-v4', 'v14'] as const, 2))('under %s', (id) => {
  test('the shortest violations are those of a plain search with whole runs', () => {
    const scenario = scenarioOf(ap);
    const depth = isLong ? 4 : 3;
    expect(lengths(searched(scenario, id, { maxDepth: depth }))).toEqual(plainSearch(scenario, id, depth));
  });

  test.each(['explore-ap', 'explore-launch'])(
    'every way that is found in %s runs to its violation',
    (name) => {
      const scenario = preset(name);
      const { answers } = searched(scenario, id, { maxStates: 20_000 });
      for (const { question, way } of answers) {
        if (!way) continue;
        const parsed = parseScenario(printScenario(scenarioOfWay(scenario, [id], { question, way })));
        if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
        const run = runScenario(parsed.scenario, profile(id), memoryTape);
        expect(run.problems).toEqual([]);
        expect(run.expectations.map(({ ok, actual }) => ({ name: question.name, ok, actual }))).toEqual([
          { name: question.name, ok: true, actual: expect.anything() as unknown },
        ]);
      }
    },
  );
});

test('no act of a way can be left out', () => {
  const scenario = preset('explore-ap');
  const { answers } = searched(scenario, 'linux-7.2');
  for (const { question, way } of answers) {
    if (!way) continue;
    expect(violationsOf(scenario, 'linux-7.2', way).names).toContain(question.name);
    way.forEach((_, left) => {
      const shorter = way.filter((__, at) => at !== left);
      expect(violationsOf(scenario, 'linux-7.2', shorter).names).not.toContain(question.name);
    });
  }
});

test('LAUNCH_FINISH behind an AP in KVM_RUN waits for ever from 7.2 on: found without being asked for', () => {
  expect(lengths(searched(preset('explore-launch'), 'linux-7.2'))).toMatchObject({ WaitEnds: 2 });
  expect(lengths(searched(preset('explore-launch'), 'linux-6.12'))).not.toHaveProperty('WaitEnds');
});

test('DESTROY on the launch VMSA does not last before 7.3', () => {
  expect(lengths(searched(preset('explore-ap'), 'linux-7.2'))).toHaveProperty('DestroySticky');
  expect(lengths(searched(preset('explore-ap'), 'linux-7.3'))).not.toHaveProperty('DestroySticky');
});

test('states are the same and fewer than when every cell counts: same verdicts, same shortest ways', () => {
  const lines = ap.replace('explore v1 hlt\n', '').replace('explore v0 init target=1\n', '');
  const reduced = searched(scenarioOf(lines), 'linux-7.2', { whole: true });
  const full = searched(scenarioOf(lines), 'linux-7.2', { whole: true, without: ['live cells'] });
  expect([reduced.end, full.end]).toEqual(['exhausted', 'exhausted']);
  expect(lengths(reduced)).toEqual(lengths(full));
  expect(reduced.depth).toBeLessThanOrEqual(full.depth);
  expect(full.states).toBeGreaterThan(reduced.states);
});

// Symmetry needs vCPUs that are alike, and has tests of its own.
describe.each(reductionNames.filter((name) => name !== 'live cells' && name !== 'symmetry'))('%s', (name) => {
  const scopes = [
    'explore-launch',
    'explore-psc',
    'explore-termination',
    'explore-threads',
    'explore-update',
  ];
  test.each(sampled([...scopes, 'ap'], 2))(
    'left off in %s: same verdicts, same shortest lengths, no fewer states',
    (scope) => {
      const scenario = scope === 'ap' ? scenarioOf(ap) : preset(scope);
      const ids = isLong ? columnIds : (['linux-6.12'] as const);
      for (const id of ids) {
        const reduced = searched(scenario, id, { whole: true });
        const full = searched(scenario, id, { whole: true, without: [name] });
        expect([reduced.end, full.end]).toEqual(['exhausted', 'exhausted']);
        expect(lengths(reduced)).toEqual(lengths(full));
        expect(reduced.depth).toBeLessThanOrEqual(full.depth);
        expect(full.states).toBeGreaterThanOrEqual(reduced.states);
        expect(reduced.reductions).toContain(name);
        expect(full.reductions).not.toContain(name);
      }
    },
  );

  test('leaves fewer states of the AP life cycle', () => {
    const reduced = searched(scenarioOf(ap), 'linux-7.2', { whole: true });
    const full = searched(scenarioOf(ap), 'linux-7.2', { whole: true, without: [name] });
    expect(full.states).toBeGreaterThan(reduced.states);
  });
});

test('a search says the same each time', () => {
  const counts = Array.from({ length: 3 }, () => searched(scenarioOf(ap), 'linux-7.2'));
  for (const other of counts) expect(other).toEqual(counts[0]);
});

describe('what is looked for', () => {
  const small = ap.replace('explore v1 hlt\n', '');
  const verdictsOf = (lines: string, limits: SearchLimits = {}): string[] => {
    const found = searched(scenarioOf(`${small}\n${lines}`), 'linux-7.2', limits);
    return found.answers.map((answer) => `${verdictOf(answer, found)} ${answer.way?.length ?? '-'}`);
  };

  test.each([
    ['never v1.mpState == RUNNABLE', 'fails 3'],
    ['never v1.mpState == STOPPED', 'holds -'],
    ['some v1.run == inGuest', 'holds 4'],
    ['some v1.mpState == STOPPED', 'fails -'],
    ['some act ~ ap-destroy then v1.run == inGuest', 'holds 5'],
    ['some v1.run == inGuest then v1.mpState == UNINITIALIZED', 'fails -'],
    ['never guest.result == error', 'holds -'],
    ['invariants NoDoubleCreate', 'fails 2'],
  ])('explore %s', (line, expected) => {
    expect(verdictsOf(`explore ${line}`)).toEqual([expected]);
  });

  test('where a bound ended the search, no way found is no verdict', () => {
    expect(verdictsOf('explore never v1.mpState == STOPPED\nexplore limit states=20')).toEqual(['open -']);
    expect(verdictsOf('explore never v1.mpState == STOPPED\nexplore limit depth=2')).toEqual(['open -']);
  });

  test('two kernels are told apart by the shortest way that guest or VMM see, and a kernel never from itself', () => {
    const exploration = explore(scenarioOf(`${small}\nexplore alike linux-7.2 as-reviewed linux-7.2`), [
      profile('linux-7.2'),
    ]);
    if (!exploration.ok) throw new Error(exploration.error.message);
    const found = finish(exploration.value.parts).map(({ profiles, searched: one }) => [
      profiles.join(' '),
      one.answers[0]?.way?.length,
      one.end,
    ]);
    expect(found).toEqual([
      ['linux-7.2 as-reviewed', expect.any(Number), 'answered'],
      ['linux-7.2 linux-7.2', undefined, 'exhausted'],
      ['as-reviewed linux-7.2', expect.any(Number), 'answered'],
    ]);
  });

  test('an act that may be taken twice is taken twice on no longer way', () => {
    const lines = ap.split('\n').filter((line) => !/v1 hlt|vmm run|threads/.test(line));
    const once = scenarioOf(
      [
        ...lines,
        'explore 1x v0 make-vmsa gpa=0x122000|0x123000',
        'explore some act ~ make-vmsa then act ~ make-vmsa',
      ].join('\n'),
    );
    const twice = scenarioOf(
      [
        ...lines,
        'explore 2x v0 make-vmsa gpa=0x122000|0x123000',
        'explore some act ~ make-vmsa then act ~ make-vmsa',
      ].join('\n'),
    );
    expect(lengths(searched(once, 'linux-7.2'))).toEqual({});
    expect(Object.values(lengths(searched(twice, 'linux-7.2')))).toEqual([2]);
  });
});

test.each([
  ['host qemu\nlaunch standard\nexplore vmm run vcpu=1', "what the personality of 'host qemu' does"],
  ['launch standard\nexplore limit states=3', 'no line says what may be done'],
])('%j says why nothing can be searched', (lines, message) => {
  const exploration = explore(scenarioOf(lines), [profile('linux-7.2')]);
  expect(exploration.ok ? '' : exploration.error.message).toContain(message);
});

test('a search whose states are expanded ahead by others says the same', () => {
  const another = ap
    .split('\n')
    .filter((line) => /^explore .*target=1/.test(line))
    .map((line) => line.replace('target=1', 'target=2'));
  const scenario = scenarioOf([ap.replace('vcpus=2', 'vcpus=3'), ...another].join('\n'));
  let expanded = 0;
  const expanders: Expanders = {
    threads: 2,
    allocate: ownMemory,
    expand: (known, from, to) => {
      const out = new Int32Array((to - from) * known.acts * attemptSize(known.words));
      const middle = (from + to) >> 1;
      const half = (middle - from) * known.acts * attemptSize(known.words);
      expand(known, middle, to, out.subarray(half));
      expand(known, from, middle, out);
      expanded += to - from;
      return out;
    },
  };
  const limits: SearchLimits = { whole: true, maxStates: 10_000 };
  expect(searched(scenario, 'linux-6.12', { ...limits, expanders })).toEqual(
    searched(scenario, 'linux-6.12', limits),
  );
  expect(expanded).toBeGreaterThan(1_000);
});

test('each run of a search gives the same counts and the same ways', () => {
  const scenario = preset('explore-ap');
  const run = (): Searched => searched(scenario, 'linux-7.3', { maxStates: 5_000, whole: true });
  const first = run();
  for (let more = isLong ? 19 : 1; more > 0; more--) expect(run()).toEqual(first);
});
