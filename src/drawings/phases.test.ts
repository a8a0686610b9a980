import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultProfile } from '../profiles/resolve';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario } from '../scenarios/parse';
import { runScenario } from '../scenarios/run';
import { PhaseFinder, type RunPhase } from './phases';
import { placePhases } from './placed-phases';

function phasesIn(slug: string): readonly RunPhase[] {
  const parsed = parseScenario(
    readFileSync(join(import.meta.dirname, `../../public/scenarios/${slug}.ghcb`), 'utf8'),
  );
  if (!parsed.ok) throw new Error(`${slug} does not parse`);
  const run = runScenario(parsed.scenario, defaultProfile(), (world) => new Timeline(world));
  const finder = new PhaseFinder();
  const asked = new PhaseFinder();
  for (let step = 0; step < run.timeline.stepCount; step++) {
    const { move } = run.timeline.step(step);
    finder.take(step, move);
    if (move && asked.asksFor(move.kind)) asked.take(step, move);
  }
  expect(asked.phases).toEqual(finder.phases);
  return finder.phases;
}

test('a boot of Linux has all phases, in order', () => {
  const phases = phasesIn('linux-boot');
  expect(phases.map(({ name }) => name)).toEqual(['launch', 'firmware', 'kernel', 'APs', 'devices', 'end']);
  const steps = phases.map(({ firstStep }) => firstStep);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(steps[0]).toBe(0);
});

test('a scenario without a second GHCB page has no kernel', () => {
  expect(phasesIn('ap-create-on-init-then-create').map(({ name }) => name)).not.toContain('kernel');
});

test('names do not touch, and none leaves the rail', () => {
  const phases = phasesIn('linux-boot');
  for (const width of [150, 300, 500, 1100]) {
    const placed = placePhases(phases, ({ firstStep }) => (firstStep / 1254) * width, width);
    placed.forEach(({ phase, x }, at) => {
      const end = x + phase.name.length * 7.3 + 12;
      expect(end).toBeLessThanOrEqual(placed[at + 1]?.x ?? width);
    });
    expect(placed.length).toBeGreaterThan(0);
  }
});
