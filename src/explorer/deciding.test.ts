import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { parseProfileSpec } from '../profiles/resolve';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { decidingFacets } from './deciding';

const text = readFileSync(
  new URL('../../public/scenarios/ap-create-on-init-then-create.ghcb', import.meta.url),
  'utf8',
);

function run(spec: string): Timeline {
  const parsed = parseScenario(text);
  const profile = parseProfileSpec(spec);
  if (!parsed.ok || !profile.ok) throw new Error('the scenario that ships does not parse');
  return runScenario(parsed.scenario, profile.value, (world) => new Timeline(world)).timeline;
}

/** The step in which the second create is answered: with success, or with the refusal of the review. */
function answerOf(timeline: Timeline): number {
  const act = timeline.acts.findIndex((one) => one.act.verb === 'ap-create');
  const { firstStep = 0, stepCount = 0 } = timeline.acts[act] ?? {};
  const steps = Array.from({ length: stepCount }, (_, i) => firstStep + i);
  return steps.find((step) => timeline.step(step).facets.includes('ap.doubleCreate')) ?? -1;
}

test.each([
  ['linux-7.2', 'accepted', false],
  ['part2-v4', 'accepted', false],
  ['as-reviewed', 'refused', true],
] as const)(
  'under %s, where a second create is %s, ap.doubleCreate decided; what happens on errors decided: %s',
  (spec, _, isRefused) => {
    const timeline = run(spec);
    const step = answerOf(timeline);
    const decided = finish(decidingFacets(timeline, step));
    expect(decided).toContain('ap.doubleCreate');
    expect(decided.includes('ap.onError')).toBe(isRefused);
    const passed = ['ap.features', 'ap.gpaCheck'] as const;
    for (const name of passed) {
      expect(timeline.step(step).facets).toContain(name);
      expect(decided).not.toContain(name);
    }
  },
);

test('asking leaves the run as it is', () => {
  const timeline = run('linux-7.2');
  const end = timeline.digest();
  for (let step = 0; step < timeline.stepCount; step++) finish(decidingFacets(timeline, step));
  expect(timeline.digest()).toBe(end);
});

test('every facet that decided was consulted in that very step', () => {
  const timeline = run('linux-6.12');
  for (let step = 0; step < timeline.stepCount; step++) {
    const asked = timeline.step(step).facets;
    for (const name of finish(decidingFacets(timeline, step))) expect(asked).toContain(name);
  }
});
