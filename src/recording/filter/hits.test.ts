import { readFileSync } from 'node:fs';
import { finish as all } from '../../base/resumable';
import { describe, expect, test } from 'vitest';
import { parseProfileSpec } from '../../profiles/resolve';
import { parseFilter } from '../../scenarios/filter/parse';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { compare } from '../comparison/comparison';
import { Timeline } from '../timeline/timeline';
import { rowHits, stepHits } from './hits';

function runsOf(slug: string, specs: readonly string[]) {
  const text = readFileSync(new URL(`../../../public/scenarios/${slug}.ghcb`, import.meta.url), 'utf8');
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(slug);
  return specs.map((spec) => {
    const profile = parseProfileSpec(spec);
    if (!profile.ok) throw new Error(spec);
    return runScenario(parsed.scenario, profile.value, (world) => new Timeline(world));
  });
}

function filterOf(text: string) {
  const parsed = parseFilter(text, { vcpus: 2 });
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.filter;
}

describe('the steps of a run', () => {
  const [run] = runsOf('ap-create-on-init-then-create', ['linux-7.2']);
  const timeline = run?.timeline;
  if (!timeline) throw new Error('no run');
  const hits = (text: string): readonly number[] => all(stepHits(timeline, filterOf(text)));

  test('in which a value changed are those after which it is another', () => {
    const expected: number[] = [];
    for (let index = 0; index < timeline.stepCount; index++) {
      const before = timeline.at(index).world.vcpu(1).mpState;
      if (timeline.at(index + 1).world.vcpu(1).mpState !== before) expected.push(index);
    }
    expect(expected.length).toBeGreaterThan(2);
    expect(hits('v1.mpState changed')).toEqual(expected);
  });

  test('are found by their words, acts, moves and rules', () => {
    const creations = hits('text ~ "ap_creation"');
    expect(creations.map((index) => timeline.step(index).move?.kind)).toContain('naeAnswer');
    expect(hits('act ~ "ap-create target=1"').every((index) => index >= (creations[0] ?? 0))).toBe(true);
    const kind = timeline.step(creations[0] ?? 0).move?.kind ?? '';
    expect(hits(`move == ${kind}`)).toContain(creations[0]);
    expect(hits('rule != ""').length).toBeGreaterThan(0);
  });

  test('are those of one filter, of both, of neither', () => {
    const [a, b] = [hits('v1.mpState changed'), hits('text ~ "INIT"')];
    expect(hits('v1.mpState changed and text ~ "INIT"')).toEqual(a.filter((index) => b.includes(index)));
    const either = [...new Set([...a, ...b])].sort((x, y) => x - y);
    expect(hits('v1.mpState changed or text ~ "INIT"')).toEqual(either);
    const neither = hits('not (v1.mpState changed or text ~ "INIT")');
    expect(neither.length + either.length).toBe(timeline.stepCount);
  });

  test('a value is the one once the step is over', () => {
    const runnable = hits('v1.mpState == RUNNABLE');
    for (const index of runnable) expect(timeline.at(index + 1).world.vcpu(1).mpState).toBe('RUNNABLE');
    expect(runnable.length).toBeGreaterThan(0);
  });
});

test('rows of several runs: those that differ, and those that any run has', () => {
  const runs = runsOf('ap-create-on-init-then-create', ['linux-7.2', 'linux-7.2:ap.doubleCreate=reject']);
  const comparison = compare(runs);
  expect(all(rowHits(comparison, filterOf('differs')))).toEqual(comparison.divergences);
  const refused = all(rowHits(comparison, filterOf('text ~ "malformed"')));
  expect(refused).toHaveLength(1);
  expect(comparison.divergences).toContain(refused[0]);
});
