import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { profileIds } from '../profiles/profiles';
import { parseProfileSpec } from '../profiles/resolve';
import { parseScenario, problemText } from '../scenarios/parse';
import { runScenario, type Run } from '../scenarios/run';
import { headOf, type Scenario } from '../scenarios/scenario';
import { compare, type ComparedRow, type Comparison } from './comparison';
import { Timeline } from './timeline';

const folder = join(import.meta.dirname, '../../public/scenarios');
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
const apScenario = shipped('ap-create-on-init-then-create');

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

describe.each(readdirSync(folder).filter((file) => file.endsWith('.ghcb')))('%s', (file) => {
  const scenario = shipped(file.replace('.ghcb', ''));
  const [first = 'linux-7.2'] = headOf(scenario).profiles;

  test('a run compared with itself never parts', () => {
    const comparison = compared(scenario, first, first, first);
    checkSound(comparison);
    expect(comparison.divergences).toEqual([]);
    expect(comparison.stateAfter(comparison.rows.length - 1)).toEqual([]);
  });

  test('under all profiles each step of each run stands in one row, in order', () => {
    checkSound(compared(scenario, ...profileIds));
  });
});

/** A comparison with the runs' numbers exchanged. */
const permuted = ({ line, steps, refused, groups, differences }: ComparedRow, order: readonly number[]) => ({
  line,
  steps: order.map((of) => steps[of]),
  refused: order.map((of) => refused[of]),
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
    { numRuns: 20 },
  );
});

test('where a second CREATE is refused, the runs part there and nowhere before', () => {
  const comparison = compared(apScenario, 'linux-7.2', doubleCreate);
  const row = comparison.rows[comparison.divergences[0] ?? -1];
  const line = apScenario.lines[row?.line ?? -1];
  expect(line).toMatchObject({ kind: 'act', act: { verb: 'ap-create' } });
});
