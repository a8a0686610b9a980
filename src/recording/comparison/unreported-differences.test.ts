/** Steps that look alike part exactly where the state begins to differ in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { profileIds } from '../../profiles/profiles';
import { profile } from '../../profiles/resolve';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import type { Scenario } from '../../scenarios/scenario';
import { isLong, sampled } from '../../testing/effort';
import { Timeline } from '../timeline/timeline';
import { compare } from './comparison';
import type { FieldDifference } from './model';

const folder = join(import.meta.dirname, '../../../public/scenarios');
const files = readdirSync(folder).filter((file) =>
  /^(ap|ps|lf|lu|seed|vmm|tm|conformance).*\.ghcb$/.test(file),
);

function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.scenario;
}

/** Which runs agree, of those that are asked about: equal values of every difference. */
function partsOf(differences: readonly FieldDifference[], group: readonly number[]): number[][] {
  const parts = new Map<string, number[]>();
  for (const run of group) {
    const key = JSON.stringify(differences.map(({ values }) => values[run] ?? null));
    parts.set(key, [...(parts.get(key) ?? []), run]);
  }
  return [...parts.values()];
}

describe.each(sampled(files, 6))('%s', (file) => {
  const scenario = scenarioOf(readFileSync(join(folder, file), 'utf8'));
  const runs = sampled(profileIds, 4).map((id) =>
    runScenario(scenario, profile(id), (world) => new Timeline(world)),
  );
  const comparison = compare(runs);
  // Of a long run its end.
  const rows = [...comparison.rows.entries()].slice(isLong ? 0 : -40);
  const states = new Map<number, readonly FieldDifference[]>();
  const stateAfter = (row: number): readonly FieldDifference[] => {
    const known = states.get(row) ?? comparison.stateAfter(row);
    states.set(row, known);
    return known;
  };

  test('runs whose state was and is the same did the same where their moves are the same', () => {
    for (const [index, { groups, steps, differences }] of rows) {
      if (groups.length < 2 || steps.some((step) => step === undefined)) continue;
      const moved = differences.some(({ name }) => /^[a-zA-Z0-9]+$/.test(name) && name !== 'rule');
      if (moved) continue;
      // No name of the step itself differs, so the state must have begun to.
      const before = partsOf(stateAfter(index - 1), [...runs.keys()]);
      const after = partsOf(stateAfter(index), [...runs.keys()]);
      expect(after.length, `row ${index}`).toBeGreaterThan(1);
      for (const group of groups)
        for (const was of before) {
          const both = group.filter((run) => was.includes(run));
          const [first] = both;
          const now = after.find((part) => part.includes(first ?? -1)) ?? [];
          expect(
            both.every((run) => now.includes(run)),
            `row ${index}: ${group.join()}`,
          ).toBe(true);
        }
    }
  });

  test('and runs in one group of a row had and have no state that began to differ in it', () => {
    for (const [index, { groups }] of rows) {
      const before = stateAfter(index - 1);
      const after = stateAfter(index);
      for (const group of groups)
        for (const was of partsOf(before, group))
          expect(partsOf(after, was), `row ${index} of runs ${was.join()}`).toHaveLength(1);
    }
  });
});
