/**
 * Scenarios that were drawn at random, each run under every kernel generation. Behind each line stands a sum of what it did: its
 * steps with rules, transitions, facets and findings, why it was refused, what guest and VMM see. There is one sum for each
 * generation, in their order; `=` is the sum of the generation before it. Nobody reads these runs. They notice a change of behaviour in
 * places that no scenario was written for; transcripts/ and the vectors say what is right there.
 *
 * VMGEXIT_WRITE_TRANSCRIPTS=1 writes the sums anew; see testing/recording/draw-scenarios.ts for how the scenarios are drawn.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { profileIds } from '../profiles/profiles';
import { profile } from '../profiles/resolve';
import { drawnLimits, drawScenarios } from '../testing/recording/draw-scenarios';
import { happened, Seen, stateOf } from '../testing/scenarios/told-run';
import { parseScenario, problemText } from '../scenarios/parse';
import { lineText } from '../scenarios/print';
import { runScenario } from '../scenarios/run';
import type { Scenario } from '../scenarios/scenario';
import { Timeline } from './timeline/timeline';

const folder = join(import.meta.dirname, 'drawn');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
const KEPT = 40;
const STATE = 'the state at the end';

const sum = (told: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 3);

/** What each line did under one generation, and the state at the end. */
function toldOf(scenario: Scenario, id: (typeof profileIds)[number]): readonly unknown[][] {
  const run = runScenario(scenario, profile(id), (world) => new Timeline(world), drawnLimits);
  const seen = new Seen();
  const { timeline } = run;
  const lines = scenario.lines.map((_, line) => {
    const { firstAct = 0, endAct = 0 } = run.lines[line] ?? {};
    const within = timeline.acts.slice(firstAct, endAct).flatMap(({ firstStep, stepCount }) =>
      Array.from({ length: stepCount }, (_, at) => {
        const { transitions, facets } = timeline.step(firstStep + at);
        return [transitions, facets];
      }),
    );
    return [...happened(run, line, seen), ...within];
  });
  return [...lines, [...run.problems.map(({ message }) => message), ...stateOf(run)]];
}

/** The sums of all generations, one after the other. */
function sumsOf(written: readonly string[]): { sums: string[]; told: (readonly unknown[][])[] } {
  const parsed = parseScenario(['ghcb-scenario 1', ...written, 'end ghcb-scenario', ''].join('\n'));
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  const told = profileIds.map((id) => toldOf(parsed.scenario, id));
  const places = [...written, STATE].map((_, line) => told.map((lines) => sum(lines[line] ?? [])));
  const sums = places.map((all) => all.map((one, at) => (one === all[at - 1] ? '=' : one)).join(' '));
  return { sums, told };
}

const GAP = '  | ';

test.each(files)('%s', (file) => {
  const path = join(folder, file);
  const kept = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(GAP) as [string, string?]);
  const written = kept.map(([line]) => line.trimEnd()).filter((line) => line !== STATE);
  const { sums, told } = sumsOf(written);
  const lines = [...written, STATE].map((line, at) => `${line}${GAP}${sums[at]}`);
  if (process.env['VMGEXIT_WRITE_TRANSCRIPTS'] === '1') {
    writeFileSync(path, `${lines.join('\n')}\n`);
    return;
  }
  const line = sums.findIndex((now, at) => now !== kept[at]?.[1]);
  if (line < 0) return;
  const [before = [], now = []] = [kept[line]?.[1], sums[line]].map((text) => text?.split(' '));
  const first = now.findIndex((one, at) => one !== before[at]);
  expect.fail(
    `line ${line + 1} does something else under ${profileIds[first]}: ${lines[line]}\n` +
      `what it does now: ${JSON.stringify(told[first]?.[line], undefined, 1)}`,
  );
});

/** `VMGEXIT_DRAW_RUNS=300` draws so many scenarios and keeps the best; their sums are then written. */
test.runIf(process.env['VMGEXIT_DRAW_RUNS'])('scenarios are drawn anew', { timeout: Infinity }, () => {
  const kept = drawScenarios(Number(process.env['VMGEXIT_DRAW_RUNS']), KEPT);
  for (const [at, { lines }] of kept.entries())
    writeFileSync(
      join(folder, `${String(at + 1).padStart(2, '0')}.txt`),
      `${lines.map(lineText).join('\n')}\n`,
    );
});
