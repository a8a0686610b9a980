/** A run as JSON lines: a header, one line for each step, each expectation, and the end. */
import { moveText } from '../engine/moves';
import type { Timeline } from '../recording/timeline';
import { compareRuns } from '../scenarios/compare';
import { printScenario } from '../scenarios/print';
import type { Run } from '../scenarios/run';
import { json } from './io';
import { lineText } from './run-text';

export function runJsonl(run: Run<Timeline>): string[] {
  const { scenario, timeline } = run;
  const lines = [json({ type: 'run', profile: run.profile.spec, scenario: printScenario(scenario) })];
  run.lines.forEach((caused, line) => {
    const text = scenario.lines[line];
    for (let act = caused.firstAct; act < caused.endAct; act++) lines.push(...actJson(run, act, line));
    for (const { ok, actual, expected } of run.expectations.filter((result) => result.line === line)) {
      lines.push(json({ type: 'expectation', line, text: text ? lineText(text) : '', ok, actual, expected }));
    }
    for (const { message } of run.problems.filter((problem) => problem.line === line)) {
      lines.push(json({ type: 'problem', line, message }));
    }
  });
  const failed = run.expectations.filter(({ ok }) => !ok).length;
  lines.push(
    json({
      type: 'end',
      steps: timeline.stepCount,
      acts: timeline.acts.length,
      failed,
      digest: timeline.digest(),
    }),
  );
  return lines;
}

function actJson({ timeline }: Run<Timeline>, index: number, line: number): string[] {
  const performed = timeline.acts[index];
  if (!performed) return [];
  const { act, origin, firstStep, stepCount, refused } = performed;
  const head = json({
    type: 'act',
    act: index,
    line,
    origin,
    ...act,
    ...(refused === undefined ? {} : { refused }),
  });
  const steps = Array.from({ length: stepCount }, (_, i) => {
    const { move, rule, facets, findings, changes } = timeline.step(firstStep + i);
    const told = move && { move: move.kind, vcpu: move.vcpu, text: moveText(move), args: move.args };
    return json({ type: 'step', step: firstStep + i, act: index, ...told, rule, facets, findings, changes });
  });
  return [head, ...steps];
}

/** Where several runs part, one line for each line of the scenario that does something. */
export function comparisonJsonl(runs: readonly Run<Timeline>[]): string[] {
  const profiles = runs.map((run) => run.profile.spec);
  const scenario = runs[0] ? printScenario(runs[0].scenario) : '';
  const lines = compareRuns(runs).map((comparison) => {
    const line = runs[0]?.scenario.lines[comparison.line];
    const { same, moves, visible, firstDifference } = comparison;
    const text = line ? lineText(line) : '';
    return json({
      type: 'line',
      line: comparison.line,
      text,
      same,
      ...(same ? {} : { firstDifference, moves, visible }),
    });
  });
  const ends = runs.map((run) => {
    const failed = run.expectations.filter(({ ok }) => !ok);
    return json({
      type: 'end',
      profile: run.profile.spec,
      steps: run.timeline.stepCount,
      failed,
      digest: run.timeline.digest(),
    });
  });
  return [json({ type: 'comparison', profiles, scenario }), ...lines, ...ends];
}
