/** The steps of a run as text: every line of the scenario, under it what it caused, and what was expected of it. */
import { moveKinds, moveText } from '../engine/moves';
import { folded } from '../base/fold';
import { lineText } from '../scenarios/print';
import type { Expectation, Run } from '../scenarios/run';
import { headOf } from '../scenarios/scenario';
import type { Tape, TapedAct } from '../scenarios/tape';

const STEP = 6;

const originMark: Readonly<Record<string, string>> = {
  scenario: ' ',
  program: '*',
  personality: '+',
  scheduler: '.',
};

/** One step: its number, who caused it, the vCPU, from whom to whom, what. */
function stepText(index: number, step: ReturnType<Tape['step']>, mark: string): string[] {
  const { move, rule, findings } = step;
  const found = findings.map(({ kind, text }) => `${' '.repeat(STEP)} ! ${kind}: ${text}`);
  if (!move) return found;
  const { from, to } = moveKinds[move.kind];
  const vcpu = (move.vcpu < 0 ? '' : `v${move.vcpu}`).padEnd(3);
  const lane = `${from}${from === to ? '' : `>${to}`}`.padEnd(14);
  const why = rule === undefined ? '' : `  [${rule}]`;
  return [`${String(index + 1).padStart(STEP)} ${mark} ${vcpu} ${lane} ${moveText(move)}${why}`, ...found];
}

function stepLines(run: Run<Tape>, act: TapedAct): string[] {
  const mark = originMark[act.origin] ?? ' ';
  const steps = Array.from({ length: act.stepCount }, (_, i) => {
    const index = act.firstStep + i;
    return { index, step: run.timeline.step(index) };
  });
  const lines = folded(
    steps,
    ({ step }) => `${step.move?.kind ?? ''} ${step.move?.vcpu ?? ''} ${step.findings.length}`,
    ({ index, step }) => stepText(index, step, mark),
    ({ times }, { index, step }) => {
      const last = step.move ? `, the last: ${moveText(step.move)}` : '';
      return `${String(index + 1).padStart(STEP)} ${mark} ... ${times - 1} times more${last}`;
    },
  );
  if (act.refused !== undefined) lines.push(`${' '.repeat(STEP)} x not possible: ${act.refused}`);
  return lines;
}

export function expectationText({ ok, actual, expected }: Expectation): string {
  return ok ? `ok, ${actual}` : `FAILED: it is ${actual}, expected ${expected}`;
}

/** All of one run. */
export function runText(run: Run<Tape>): string[] {
  const { scenario, timeline } = run;
  const head = headOf(scenario);
  const lines = [`${head.title === '' ? 'scenario' : head.title}`, `profile ${run.profile.spec}`];
  scenario.lines.forEach((line, index) => {
    if (line.kind === 'note') lines.push('', `note  ${line.text}`);
    const caused = run.lines[index];
    if (line.kind === 'act' || line.kind === 'launch' || line.kind === 'runUntil') {
      lines.push('', lineText(line));
      const acts = timeline.acts.slice(caused?.firstAct, caused?.endAct);
      lines.push(...acts.flatMap((act) => stepLines(run, act)));
    }
    for (const result of run.expectations.filter((candidate) => candidate.line === index)) {
      lines.push(`       ${lineText(line)}  ${expectationText(result)}`);
    }
    for (const { message } of run.problems.filter((problem) => problem.line === index)) {
      lines.push(`       ! ${message}`);
    }
  });
  return [...lines, '', summary(run)];
}

export function summary(run: Run<Tape>): string {
  const failed = run.expectations.filter(({ ok }) => !ok).length;
  const refused = run.lines.filter((line) => line.refused !== undefined).length;
  const parts = [
    `${run.timeline.stepCount} steps in ${run.timeline.acts.length} acts`,
    `${run.expectations.length - failed} of ${run.expectations.length} expectations hold`,
    ...(refused > 0 ? [`${refused} acts were not possible`] : []),
    ...run.problems.map(({ message }) => message),
  ];
  return `${run.profile.spec}: ${parts.join('; ')}`;
}
