/** What parsing, running and comparing do between two places at which they can be left. Counted, not timed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { profileIds } from '../profiles/profiles';
import { parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { compareInParts } from './comparison/comparison';
import { Timeline } from './timeline/timeline';
import { parseInParts, parseScenario } from '../scenarios/parse';
import { runInParts, runScenario, type RunInParts } from '../scenarios/run';
import type { Scenario } from '../scenarios/scenario';

const shipped = (slug: string): string =>
  readFileSync(join(import.meta.dirname, `../../public/scenarios/${slug}.ghcb`), 'utf8');

function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.scenario;
}

function profileOf(spec: string): ResolvedProfile {
  const parsed = parseProfileSpec(spec);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const started = (scenario: Scenario, spec = 'linux-7.2'): RunInParts<Timeline> =>
  runInParts(scenario, profileOf(spec), (world) => new Timeline(world));

/** Does some parts. @returns whether it is over */
function does(run: RunInParts<Timeline>, parts: number): boolean {
  for (let part = 0; part < parts; part++) if (run.parts.next().done) return true;
  return false;
}

describe.each(['linux-boot', 'ovmf-boot', 'psc-batch', 'seed-08-psc-limits'])('%s', (slug) => {
  const scenario = scenarioOf(shipped(slug));

  test('between two places at which the run can be left lies one act', () => {
    const run = started(scenario);
    let most = 0;
    for (let acts = 0, over = false; !over; acts = run.timeline.acts.length) {
      over = does(run, 1);
      most = Math.max(most, run.timeline.acts.length - acts);
    }
    // An answer that the scenario writes is followed by the KVM_RUN that takes it.
    expect(most).toBeLessThanOrEqual(2);
  });

  test('a run that is left after each act ends as one that is not', () => {
    const run = started(scenario);
    while (!does(run, 7)) run.soFar('left');
    const whole = runScenario(scenario, profileOf('linux-7.2'), (world) => new Timeline(world));
    expect(run.timeline.digest()).toBe(whole.timeline.digest());
    expect(run.timeline.stepCount).toBe(whole.timeline.stepCount);
  });

  test('what a run has so far is a run that ends there, and says so', () => {
    const run = started(scenario);
    does(run, 12);
    const { lines, problems, timeline } = run.soFar('it was stopped');
    expect(lines).toHaveLength(scenario.lines.length);
    expect(Math.max(...lines.map(({ endAct }) => endAct))).toBe(timeline.acts.length);
    for (const [at, { firstAct, endAct }] of lines.entries()) {
      expect(firstAct).toBe(at === 0 ? 0 : lines[at - 1]?.endAct);
      expect(endAct).toBeGreaterThanOrEqual(firstAct);
    }
    expect(problems.at(-1)).toEqual({ line: run.line, message: 'it was stopped' });
  });
});

const head = 'ghcb-scenario 1\ntitle x\n';
const foot = 'v0 hlt\nend ghcb-scenario\n';

test.each([
  ['continuation lines', `${head}${'   and on\n'.repeat(45_000)}${foot}`, 45_000],
  ['bad lines', `${head}${'vmm launch-updaet x\n'.repeat(300_000)}${foot}`, 300_000],
  ['empty lines', `${head}${'\n'.repeat(100_000)}${foot}`, 100_000],
  ['notes', `${head}${'note a b c\n'.repeat(50_000)}${foot}`, 50_000],
])('%s can be left after each 64 of them', (_, text, lines) => {
  const work = parseInParts(text);
  let parts = 0;
  while (!work.next().done) parts++;
  expect(parts).toBeGreaterThanOrEqual(Math.floor(lines / 64));
});

test('the digest of a guest of 1 TiB that is all private can be left after each 2^17 pages', () => {
  const { timeline } = finish(
    started(
      scenarioOf(
        `${head}vm vcpus=1 memory=1T\nhost manual\nvmm create-vm\nvmm init2\n` +
          `vmm set-attributes gfn=0 n=0x10000000 private=yes\nend ghcb-scenario\n`,
      ),
    ).parts,
  );
  const work = timeline.digestInParts();
  for (let part = 0; part < 2 ** 8; part++) expect(work.next().done).toBe(false);
});

test('a comparison of nine runs can be left after each 16 rows', () => {
  const scenario = scenarioOf(shipped('linux-boot'));
  const runs = profileIds.slice(0, 9).map((spec) => finish(started(scenario, spec).parts));
  const work = compareInParts(runs);
  let parts = 0;
  for (;;) {
    const part = work.next();
    if (part.done) {
      expect(parts).toBeGreaterThanOrEqual(Math.floor(part.value.rows.length / 16));
      break;
    }
    parts++;
  }
});
