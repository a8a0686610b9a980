import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { compare } from '../recording/comparison/comparison';
import { type Comparison } from '../recording/comparison/model';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { comparedChanges } from './compared-changes';
import { comparedExits, comparedFields } from './compared-exits';
import { machineKey, machineOf, pagesKey, panesOf, runsAt } from './compared-panes';

const profileOf = (spec: string): ResolvedProfile => {
  const parsed = parseProfileSpec(spec);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};
function comparisonOf(slug: string, specs: readonly string[]): Comparison {
  const file = join(import.meta.dirname, `../../public/scenarios/${slug}.ghcb`);
  const parsed = parseScenario(readFileSync(file, 'utf8'));
  if (!parsed.ok) throw new Error(`${slug} does not parse`);
  const { scenario } = parsed;
  return compare(specs.map((spec) => runScenario(scenario, profileOf(spec), (world) => new Timeline(world))));
}

const create = comparisonOf('ap-create-on-init-then-create', ['linux-7.2', 'as-reviewed', 'linux-6.12']);
const batch = comparisonOf('psc-batch', ['v14', 'linux-7.2']);

describe('side by side', () => {
  const parting = create.firstDivergence ?? -1;

  test('runs whose pages are the same share one pane', () => {
    expect(panesOf(runsAt(create, parting), pagesKey).map(({ runs }) => runs)).toEqual([[0, 1, 2]]);
  });

  test('where one kernel refuses, its target stays as it was in a pane of its own', () => {
    const runs = runsAt(create, parting);
    const id = machineOf(runs);
    expect(id).toBe('vcpu-1');
    const panes = panesOf(runs, (run) => machineKey(run, id ?? ''));
    expect(panes.find(({ runs: who }) => who.includes(1))).toMatchObject({ runs: [1], moved: false });
  });

  test('what a row changed is told for every run that made the step', () => {
    const row = create.rows[parting];
    const changes = row ? comparedChanges(create, row) : [];
    const pending = changes.find(({ name }) => name === 'v1.pendingVmsaGpa');
    expect(pending?.values).toEqual(['0x121000 → 0x122000', undefined, '0x121000 → 0x122000']);
    expect(pending?.differs).toBe(false);
  });
});

describe('exits of a batch that one kernel forwards whole and the other by ranges', () => {
  const exits = comparedExits(batch, batch.rows.length - 1);

  test('every exit of every run stands in exactly one row', () => {
    const rows = exits.map(({ row }) => row);
    expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
    batch.runs.forEach((_, run) => {
      const own = exits.filter(({ left }) => left.some((one) => one.run === run));
      expect(own.length).toBeGreaterThan(0);
    });
  });

  test('the first exit of the batch has two reasons, and the fields of both members are told', () => {
    const both = exits.find(({ left }) => new Set(left.map(({ record }) => record.name)).size === 2);
    expect(both?.differs).toBe(true);
    const fields = both ? comparedFields(batch, both) : [];
    const reason = fields.find(({ name }) => name === 'exitReason');
    expect(reason?.differs).toBe(true);
    expect(reason?.values.every((value) => value !== undefined)).toBe(true);
    expect(fields.some(({ values }) => values[0] === undefined && values[1] !== undefined)).toBe(true);
  });
});
