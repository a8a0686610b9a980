/** The text of a run with one thing changed in its past: a note put in, an act left out. */
import { ok, problem, type Result } from '../base/result';
import { lineText, printScenario } from '../scenarios/print';
import { actLine, type Line } from '../scenarios/scenario';
import { lineOfAct } from './runs';
import type { ShownRun } from './shown-run';

/** Index of the line that caused the step which has just been made, or of the first line that acts. */
function lineAt(run: ShownRun, position: number): number {
  const { timeline, scenario } = run;
  const firstAct = scenario.lines.findIndex(
    ({ kind }) => kind === 'act' || kind === 'launch' || kind === 'runUntil',
  );
  if (position === 0 || timeline.stepCount === 0) return firstAct;
  return lineOfAct(run, timeline.step(Math.min(position, timeline.stepCount) - 1).actIndex);
}

export interface WithNote {
  readonly text: string;
  /** The line that the note stands above; a whole launch is one line. */
  readonly above: string;
}

/** The scenario with a note above the act of the step that has just been made. */
export function withNote(run: ShownRun, position: number, note: string): WithNote {
  const { lines } = run.scenario;
  const at = lineAt(run, position);
  const before = at < 0 ? lines : lines.slice(0, at);
  const after = at < 0 ? [] : lines.slice(at);
  const text = printScenario({ lines: [...before, { kind: 'note', text: note }, ...after] });
  return { text, above: lineText(after[0]) };
}

export interface WithoutAct {
  readonly text: string;
  /** Steps before the act that was left out. */
  readonly from: number;
  /** The act, in words of the branch that leaves it out. */
  readonly act: string;
}

/**
 * The scenario without the act of the step that has just been made, without the notes above it, and without what was
 * expected of it alone.
 * @returns an error where the step is no act of the scenario's own
 */
export function withoutAct(run: ShownRun, position: number): Result<WithoutAct> {
  const { timeline, scenario, lines: spans } = run;
  if (position === 0) return problem('No act has been performed here; go to the act that is to be left out.');
  const { actIndex } = timeline.step(position - 1);
  const performed = timeline.acts[actIndex];
  const at = lineOfAct(run, actIndex);
  const line = scenario.lines[at];
  const span = spans[at];
  if (!performed || !line || !span) return problem('This act has no line in the scenario.');
  if (performed.origin !== 'scenario')
    return problem('This act follows from another one; leave that one out, or edit the text.');
  const { verb } = performed.act;
  const rest = scenario.lines.slice(at + 1);
  const others = (): readonly Line[] =>
    timeline.acts
      .slice(span.firstAct, span.endAct)
      .filter((one) => one !== performed && one.origin === 'scenario')
      .map(({ act }) => actLine(act));
  const isNote = (index: number): boolean => scenario.lines[index]?.kind === 'note';
  let before = at;
  while (line.kind !== 'launch' && isNote(before - 1)) before--;
  // What was expected of this act stands below its line, up to the next line that is something else.
  const next = rest.findIndex(({ kind }) => kind !== 'expect');
  const kept = line.kind === 'launch' ? [...others(), ...rest] : next < 0 ? [] : rest.slice(next);
  const text = printScenario({ lines: [...scenario.lines.slice(0, before), ...kept] });
  return ok({ text, from: performed.firstStep, act: verb });
}
