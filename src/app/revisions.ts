/** The text of a run with one thing changed in its past: a note put in, an act left out, changed or moved. */
import { ok, problem, type Result } from '../base/result';
import { parseScenario } from '../scenarios/parse';
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

/** A text in which one act of the past is left out, changed or moved. */
export interface Revised {
  readonly text: string;
  /** Steps before the first act that is another one now. */
  readonly from: number;
  /** What the branch is called. */
  readonly title: string;
}

/** The act of a step, and the lines that belong to it. */
interface ActPlace {
  /** `launch standard` is written as its acts when the act is one of them. */
  readonly lines: readonly Line[];
  /** By line the steps before it. */
  readonly steps: readonly number[];
  readonly at: number;
  readonly verb: string;
}

const isActing = ({ kind }: Line): boolean => kind === 'act' || kind === 'launch' || kind === 'runUntil';

/** @returns an error where the step is no act of the scenario's own */
function actPlace(run: ShownRun, position: number): Result<ActPlace> {
  const { timeline, scenario, lines: spans } = run;
  if (position === 0) return problem('No act has been performed here; go to the act that is meant.');
  const { actIndex } = timeline.step(position - 1);
  const performed = timeline.acts[actIndex];
  const at = lineOfAct(run, actIndex);
  const line = scenario.lines[at];
  const span = spans[at];
  if (!performed || !line || !span) return problem('This act has no line in the scenario.');
  if (performed.origin !== 'scenario')
    return problem('This act follows from another one; change that one, or edit the text.');
  const { verb } = performed.act;
  const stepOf = (act: number): number => timeline.acts[act]?.firstStep ?? timeline.stepCount;
  const steps = spans.map(({ firstAct }) => stepOf(firstAct));
  if (line.kind !== 'launch') return ok({ lines: scenario.lines, steps, at, verb });
  const acts = timeline.acts.slice(span.firstAct, span.endAct).filter(({ origin }) => origin === 'scenario');
  return ok({
    lines: scenario.lines.toSpliced(at, 1, ...acts.map(({ act }) => actLine(act))),
    steps: steps.toSpliced(at, 1, ...acts.map(({ firstStep }) => firstStep)),
    at: at + acts.indexOf(performed),
    verb,
  });
}

/** An acting line with the notes above it and what is expected of it below. */
function blockAt(lines: readonly Line[], at: number): { readonly first: number; readonly end: number } {
  let first = at;
  while (lines[first - 1]?.kind === 'note') first--;
  const next = lines.findIndex(({ kind }, index) => index > at && kind !== 'expect');
  return { first, end: next < 0 ? lines.length : next };
}

/** The act as people write it, and where it can be changed. */
export function actText(run: ShownRun, position: number): Result<string> {
  const place = actPlace(run, position);
  return place.ok ? ok(lineText(place.value.lines[place.value.at])) : place;
}

/** The scenario without the act of the step that has just been made, its notes, and what was expected of it alone. */
export function withoutAct(run: ShownRun, position: number): Result<Revised> {
  const place = actPlace(run, position);
  if (!place.ok) return place;
  const { lines, steps, at, verb } = place.value;
  const { first, end } = blockAt(lines, at);
  const text = printScenario({ lines: lines.toSpliced(first, end - first) });
  return ok({ text, from: steps[at] ?? 0, title: `without ${verb}` });
}

/** The scenario with another act in place of that of the step. @param written the act, as people write it */
export function withAct(run: ShownRun, position: number, written: string): Result<Revised> {
  const place = actPlace(run, position);
  if (!place.ok) return place;
  const { lines, steps, at, verb } = place.value;
  const line = readAct(written);
  if (!line.ok) return line;
  const text = printScenario({ lines: lines.with(at, line.value) });
  return ok({ text, from: steps[at] ?? 0, title: `other ${verb}` });
}

/** One line that does something. */
function readAct(written: string): Result<Line> {
  const parsed = parseScenario(
    `ghcb-scenario 1\n${written.replace(/\s+/g, ' ').trim()}\nend ghcb-scenario\n`,
  );
  if (!parsed.ok) return problem(parsed.problems[0]?.message ?? 'That is no act.');
  const [line, ...more] = parsed.scenario.lines;
  return line && more.length === 0 && isActing(line) ? ok(line) : problem('That is no act.');
}

/** The scenario with the act of the step before the act before it, or behind the one behind it. */
export function movedAct(run: ShownRun, position: number, by: -1 | 1): Result<Revised> {
  const place = actPlace(run, position);
  if (!place.ok) return place;
  const { lines, steps, at, verb } = place.value;
  const other =
    by < 0
      ? lines.findLastIndex((line, index) => index < at && isActing(line))
      : lines.findIndex((line, index) => index > at && isActing(line));
  if (other < 0) return problem(by < 0 ? 'It is the first act already.' : 'It is the last act already.');
  const [upper, lower] = [blockAt(lines, Math.min(at, other)), blockAt(lines, Math.max(at, other))];
  const text = printScenario({
    lines: [
      ...lines.slice(0, upper.first),
      ...lines.slice(lower.first, lower.end),
      ...lines.slice(upper.end, lower.first),
      ...lines.slice(upper.first, upper.end),
      ...lines.slice(lower.end),
    ],
  });
  const from = steps[Math.min(at, other)] ?? 0;
  return ok({ text, from, title: `${verb} ${by < 0 ? 'earlier' : 'later'}` });
}

/** The acts that one run cannot take and another one could, as people write them, each with the reason. */
export function newlyRefused(before: ShownRun, after: ShownRun): readonly string[] {
  const refusals = ({ timeline }: ShownRun): Map<string, string> =>
    new Map(
      timeline.acts.flatMap(({ act, origin, refused }) =>
        origin === 'scenario' && refused !== undefined ? [[lineText(actLine(act)), refused] as const] : [],
      ),
    );
  const known = refusals(before);
  return [...refusals(after)].flatMap(([act, why]) => (known.has(act) ? [] : [`${act}: ${why}`]));
}
