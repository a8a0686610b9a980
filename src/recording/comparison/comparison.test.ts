import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { profileIds } from '../../profiles/profiles';
import { parseProfileSpec } from '../../profiles/resolve';
import { parseScenario, problemText } from '../../scenarios/parse';
import { runScenario, type Run } from '../../scenarios/run';
import type { Scenario } from '../../scenarios/scenario';
import { runs as runsOf, sampled } from '../../testing/effort';
import { lineText } from '../../scenarios/print';
import { actLine } from '../../scenarios/scenario';
import { compare } from './comparison';
import { comparedLineText, isActing } from './lines';
import { type ComparedRow, type Comparison, type FieldDifference } from './model';
import { Timeline } from '../timeline/timeline';

const folder = join(import.meta.dirname, '../../../public/scenarios');
const read = (text: string): Scenario => {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
};
const shipped = (slug: string): Scenario => read(readFileSync(join(folder, `${slug}.ghcb`), 'utf8'));

function run(scenario: Scenario, spec: string): Run<Timeline> {
  const profile = parseProfileSpec(spec);
  if (!profile.ok) throw new Error(profile.error.message);
  return runScenario(scenario, profile.value, (world) => new Timeline(world));
}
const compared = (scenario: Scenario, ...specs: string[]): Comparison =>
  compare(specs.map((spec) => run(scenario, spec)));

const doubleCreate = 'linux-7.2:ap.doubleCreate=reject';

/** What must hold of every comparison. */
function checkSound({ runs, rows, divergences, rowOf, positionsAfter }: Comparison): void {
  const made = runs.map(() => 0);
  expect(positionsAfter(-1)).toEqual(made);
  rows.forEach(({ steps }, row) => {
    steps.forEach((step, of) => {
      if (step === undefined) return;
      expect([step, rowOf(of, step)]).toEqual([made[of], row]);
      made[of] = step + 1;
    });
    expect(positionsAfter(row)).toEqual(made);
  });
  expect(made).toEqual(runs.map(({ timeline }) => timeline.stepCount));
  for (const { groups } of rows) {
    expect(groups.flat().sort((a, b) => a - b)).toEqual(runs.map((_, index) => index));
  }
  expect(divergences).toEqual(rows.flatMap(({ groups }, row) => (groups.length > 1 ? [row] : [])));
}

const files = readdirSync(folder).filter((file) => file.endsWith('.ghcb'));
test.each(sampled(files, 12))(
  '%s: under all profiles each step of each run stands in one row, in order, and no run parts from itself',
  (file) => {
    const scenario = shipped(file.replace('.ghcb', ''));
    const runs = profileIds.map((id) => run(scenario, id));
    checkSound(compare(runs));
    for (const one of runs.slice(-2)) {
      const same = compare([one, one, one]);
      expect(same.divergences).toEqual([]);
      expect(same.stateAfter(same.rows.length - 1)).toEqual([]);
    }
  },
);

/** A comparison with the runs' numbers exchanged. */
const permuted = (
  { line, steps, refused, groups, uncertain, differences }: ComparedRow,
  order: readonly number[],
) => ({
  line,
  steps: order.map((of) => steps[of]),
  refused: order.map((of) => refused[of]),
  uncertain: order.flatMap((of, at) => (uncertain.includes(of) ? [at] : [])),
  groups: groups
    .map((group) => group.map((of) => order.indexOf(of)).sort((a, b) => a - b))
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)),
  differences: differences
    .map(({ name, values }) => ({ name, values: order.map((of) => values[of]) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
});

test('profiles in another order give the same rows with the runs in that order', () => {
  const specs = [...profileIds, doubleCreate];
  const scenarios = ['ap-create-on-init-then-create', 'psc-batch', 'launch-finish-fails'].map((slug) => {
    const scenario = shipped(slug);
    return { scenario, runs: specs.map((spec) => run(scenario, spec)) };
  });
  const orders = fc.shuffledSubarray(
    specs.map((_, i) => i),
    { minLength: 2 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...scenarios), orders, ({ runs }, order) => {
      const sorted = [...order].sort((a, b) => a - b);
      const straight = compare(sorted.map((i) => runs[i] as Run<Timeline>));
      const shuffled = compare(order.map((i) => runs[i] as Run<Timeline>));
      const places = order.map((i) => sorted.indexOf(i));
      const identity = order.map((_, i) => i);
      expect(shuffled.rows.map((row) => permuted(row, identity))).toEqual(
        straight.rows.map((row) => permuted(row, places)),
      );
    }),
    { numRuns: runsOf(12) },
  );
});

const written = (body: string): Scenario => read(`ghcb-scenario 1\n${body}\nend ghcb-scenario\n`);
const valuesOf = (differences: readonly FieldDifference[], name: string) =>
  differences.find((difference) => difference.name === name)?.values;
/** What each run does in a row. */
const movesOf = ({ runs, rows }: Comparison, row: number): string[] =>
  runs.map(({ timeline }, of) => {
    const step = rows[row]?.steps[of];
    return step === undefined ? '-' : (timeline.step(step).move?.kind ?? 'no move');
  });

const armed =
  'vm memory=8M\nlaunch standard\nv0 init-sipi target=1\nv1 hold form=msr\nv0 make-vmsa gpa=0x121000\nv0 make-vmsa gpa=0x122000\nv0 ap-create-on-init target=1 vmsa=0x121000';

describe('where one kernel refuses a second CREATE and the other takes it', () => {
  const body = `${armed}\nv0 ap-create target=1 vmsa=0x122000\nv1 hv-features form=msr\nv0 hv-features form=msr`;
  const comparison = compared(written(body), 'linux-7.2', doubleCreate);
  const { rows, divergences, firstDivergence = -1 } = comparison;

  test('the runs part at the act that is answered differently, with the facet that says why', () => {
    expect(firstDivergence).toBe(divergences[0]);
    expect(rows[firstDivergence]?.line).toBe(7);
    expect(movesOf(comparison, firstDivergence - 1)).toEqual(['naeRequest', 'naeRequest']);
    expect(comparison.facetsOf(divergences[2] ?? -1).map(({ name }) => name)).toEqual(['ap.doubleCreate']);
  });

  test('the two answers stand beside each other, and what both do next is equal again', () => {
    const answer = rows.findIndex((_, row) => movesOf(comparison, row).includes('malformedInput'));
    expect(movesOf(comparison, answer)).toEqual(['naeAnswer', 'malformedInput']);
    expect(valuesOf(rows[answer]?.differences ?? [], 'move')).toEqual(['naeAnswer', 'malformedInput']);
    expect(movesOf(comparison, answer + 1)).toEqual(['enter', 'enter']);
  });

  test('a run that cannot take an act says so in the row of those that can, and the comparison goes on', () => {
    const row = rows.findIndex(({ line }) => line === 8);
    expect(movesOf(comparison, row)).toEqual(['msrRequest', '-']);
    expect(rows[row]?.refused).toEqual([undefined, expect.any(String)]);
    expect(rows[row]?.groups).toEqual([[0], [1]]);
    const last = rows.filter(({ line }) => line === 9);
    expect(last.map(({ groups }) => groups.length)).toEqual(last.map(() => 1));
    expect(last.length).toBeGreaterThan(1);
  });

  test('the state that differs is told by the names of observations', () => {
    const after = comparison.stateAfter(rows.length - 1);
    expect(valuesOf(after, 'v1.guestVmsaGpa')).toEqual(['0x122000', 'none']);
    expect(valuesOf(after, 'v1.mpState')).toEqual(['RUNNABLE', 'AP_RESET_HOLD']);
    expect(comparison.stateAfter(firstDivergence - 1)).toEqual([]);
  });
});

describe('where one kernel presets the answer field of an exit and the other leaves what stood there', () => {
  const body =
    'host manual\nlaunch standard\nv0 msr-psc gfn=0x140 op=shared\nvmm answer vcpu=0 ret=22\nvmm run vcpu=0\nv0 msr-psc gfn=0x141 op=shared';
  const stale = 'linux-7.2:psc.retInit=stale';
  const comparison = compared(written(body), 'linux-7.2', stale, stale);
  const exit = comparison.rows.findLastIndex((_, row) => movesOf(comparison, row)[0] === 'mapGpaRangeExit');

  test('exits that look alike are parted by the state they leave', () => {
    expect(comparison.divergences).toEqual([exit]);
    expect(comparison.rows[exit]?.groups).toEqual([[0], [1, 2]]);
    expect(comparison.rows[exit]?.differences).toEqual([
      { name: 'v0.run.hypercall.ret', values: ['0', '0x16', '0x16'] },
    ]);
  });

  test('a VMM sees other bytes in that field and nowhere else', () => {
    const found = comparison.kvmRunDifferences(exit);
    expect(found.map(({ vcpu, at, length }) => ({ vcpu, at, length }))).toEqual([
      { vcpu: 0, at: 88, length: 8 },
    ]);
    expect(found[0]?.bytes.map((bytes) => bytes?.[0])).toEqual([0, 22, 22]);
    expect(found[0]?.fields.map((field) => field?.name)).toEqual(Array(3).fill('hypercall.ret'));
    expect(comparison.kvmRunDifferences(exit - 1)).toEqual([]);
  });
});

test('what no source says is marked and parts no row', () => {
  const comparison = compared(written('launch standard'), 'linux-7.2', 'v11');
  const unsure = comparison.rows.filter(({ uncertain }) => uncertain.length > 0);
  for (const { uncertain } of unsure) expect(uncertain).toEqual([1]);
  expect(unsure.some(({ groups }) => groups.length === 1)).toBe(true);
});

test('a kernel that never leaves runs past the line where another one stops, and their answers stand together', () => {
  const body =
    'vm memory=64M\nguest linux\nlaunch standard\nrun until=exit\n? v0.exit == HYPERCALL\nrun until=steps:12';
  const comparison = compared(written(body), 'linux-7.2', 'part2-v4');
  const { rows, runs } = comparison;
  const answer = rows.findIndex((_, row) => movesOf(comparison, row)[0] === 'pscAnswer');
  expect(movesOf(comparison, answer)).toEqual(['pscAnswer', 'pscAnswer']);
  expect(movesOf(comparison, answer + 1)).toEqual(['enter', 'enter']);
  const linesOf = runs.map(({ lines, timeline }, of) => {
    const { actIndex } = timeline.step(rows[answer]?.steps[of] ?? 0);
    return lines.findIndex(({ firstAct, endAct }) => actIndex >= firstAct && actIndex < endAct);
  });
  expect(linesOf).toEqual([5, 3]);
  expect(rows.map(({ line }) => line)).toEqual(rows.map(({ line }) => line).sort((a, b) => a - b));
});

describe('runs of texts that differ', () => {
  const before = `${armed}\nv0 ap-create target=1 vmsa=0x122000\nv0 hv-features form=msr`;
  const comparedTexts = (...bodies: string[]): Comparison =>
    compare(
      bodies.map((body) => run(written(body), 'linux-7.2')),
      bodies.map((_, at) => `text ${at}`),
    );
  const textsOf = (comparison: Comparison): string[] =>
    comparison.divergences.map((row) => comparedLineText(comparison, comparison.rows[row]?.line ?? -1));

  test('an act with another parameter stands beside the act it replaces, and what is before it is equal', () => {
    const comparison = comparedTexts(
      before,
      before.replace('target=1 vmsa=0x122000', 'target=1 vmsa=0x123000'),
    );
    checkSound(comparison);
    const { firstDivergence = -1, rows } = comparison;
    expect(movesOf(comparison, firstDivergence)).toEqual(['naeRequest', 'naeRequest']);
    expect(new Set(textsOf(comparison))).toEqual(
      new Set(['A v0 ap-create target=1 vmsa=0x122000 | B v0 ap-create target=1 vmsa=0x123000']),
    );
    expect(rows.slice(0, firstDivergence).every(({ groups }) => groups.length === 1)).toBe(true);
  });

  test.each([
    { other: 'v0.ret == 1', stands: 'beside it' },
    { other: 'v0.exit == HLT', stands: 'apart' },
    { other: 'not v0.exit changed and v0.ret == 0', stands: 'apart' },
  ])('the expectation "$other" for "v0.ret == 0" stands $stands', ({ other, stands }) => {
    const { lines } = comparedTexts(`${before}\n? v0.ret == 0`, `${before}\n? ${other}`);
    const expectations = lines.filter(({ line }) => line.kind === 'expect');
    expect(expectations).toHaveLength(stands === 'apart' ? 2 : 1);
  });

  test('an act that one text leaves out has rows of the other run alone', () => {
    const comparison = comparedTexts(before, before.replace(/\nv0 ap-create target=1 .*/, ''));
    checkSound(comparison);
    const own = comparison.rows.filter(({ steps }) => steps[1] === undefined);
    expect(own.length).toBeGreaterThan(0);
    for (const { line } of own)
      expect(comparedLineText(comparison, line)).toMatch(/^A v0 +ap-create target=1/);
    expect(comparison.stateAfter(comparison.rows.length - 1).map(({ name }) => name)).toContain(
      'v1.guestVmsaGpa',
    );
  });

  test('an act that was moved is found at both places, and the others stay beside each other', () => {
    const moved = before.replace(/(v0 make-vmsa gpa=0x121000)\n(v0 make-vmsa gpa=0x122000)/, '$2\n$1');
    const comparison = comparedTexts(before, moved);
    checkSound(comparison);
    const last = comparison.rows.at(-1);
    expect(last?.steps.every((step) => step !== undefined)).toBe(true);
  });

  test('launch standard stands beside the acts that it is made of', () => {
    const whole = run(written('launch standard\nv0 hv-features form=msr'), 'linux-7.2');
    const acts = whole.timeline.acts.filter(({ origin }) => origin === 'scenario');
    const lines = [...acts.slice(0, -1).map(({ act }) => lineText(actLine(act))), 'v0 hv-features form=msr'];
    const comparison = compare([whole, run(written(lines.join('\n')), 'linux-7.2')]);
    checkSound(comparison);
    expect(comparison.divergences).toEqual([]);
  });

  test('machines of another size are compared by the names of their state', () => {
    const body = 'launch standard\nv0 hv-features form=msr';
    const comparison = comparedTexts(`vm vcpus=1 memory=4M\n${body}`, `vm vcpus=3 memory=8M\n${body}`);
    checkSound(comparison);
    const names = comparison.stateAfter(comparison.rows.length - 1).map(({ name }) => name);
    expect(names).toContain('v2.exists');
    const last = comparison.rows.at(-1);
    expect([last?.groups.length, last?.steps.length]).toEqual([1, 2]);
  });

  test('texts and profiles may differ at once, in any order', () => {
    const other = written(before.replace('v0 hv-features form=msr', 'v0 nmi target=1'));
    const runs = [run(written(before), 'linux-7.2'), run(other, doubleCreate), run(other, 'part2-v4')];
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (order) => {
        const shuffled = compare(order.map((i) => runs[i] as Run<Timeline>));
        checkSound(shuffled);
        const straight = compare(runs);
        const identity = order.map((_, i) => i);
        expect(shuffled.rows.map((row) => permuted(row, identity))).toEqual(
          straight.rows.map((row) => permuted(row, order)),
        );
      }),
      { numRuns: 6 },
    );
  });

  test('whatever lines are left out, each step of each run stands in one row, in order', () => {
    const scenarios = ['psc-batch', 'linux-boot', 'ap-create-on-init-then-create'].map(shipped);
    fc.assert(
      fc.property(fc.constantFrom(...scenarios), fc.infiniteStream(fc.boolean()), (scenario, drops) => {
        const lines = scenario.lines.filter((line) => !isActing(line) || drops.next().value !== true);
        checkSound(compare([run(scenario, 'linux-7.2'), run({ lines }, 'linux-7.2')]));
      }),
      { numRuns: runsOf(8) },
    );
  });
});
