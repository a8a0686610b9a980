/** From text to a run, and from a run to a fork of it. */
import { MAX_PAGE_RUN_MS } from '../base/limits';
import { problem, ok, type Problem, type Result } from '../base/result';
import type { Act } from '../engine/acts';
import { enabledActs, type EnabledAct } from '../engine/enabled-acts';
import type { World } from '../engine/world';
import { defaultProfile, parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { rowGroups } from '../drawings/compared-rows';
import { compare } from '../recording/comparison/comparison';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario, type ScenarioProblem } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';
import { runScenario, type Run, type RunOptions } from '../scenarios/run';
import { groupTexts } from '../views/compare/words';
import { actLine, headOf, type Head, type Line, type Scenario } from '../scenarios/scenario';

export type ShownRun = Run<Timeline>;

/** Runs of one text, one for each profile, and what the text says about them. */
export interface Ran {
  /** Of the first profile. */
  readonly run: ShownRun;
  readonly runs: readonly ShownRun[];
  readonly head: Head;
  /** Why a profile that was asked for is missing, one sentence each. */
  readonly remarks: readonly string[];
}

export type RunResult =
  | { readonly ok: true; readonly value: Ran }
  | { readonly ok: false; readonly problems: readonly ScenarioProblem[] };

const wholeText = (message: string): readonly ScenarioProblem[] => [
  { line: 1, column: 1, length: 1, message },
];

/** Runs that are shown side by side. */
export const MANY_RUNS = 9;

/** The budget of one run of the page; its time begins now. */
function budget(): RunOptions {
  const end = performance.now() + MAX_PAGE_RUN_MS;
  return { mayGoOn: () => performance.now() < end };
}

/** Parses and runs. @param specs runs it under these profiles instead of those that the text names */
export function runText(text: string, specs?: readonly string[]): RunResult {
  const parsed = parseScenario(text);
  if (!parsed.ok) return { ok: false, problems: parsed.problems };
  return runParsed(parsed.scenario, specs);
}

function runParsed(scenario: Scenario, specs?: readonly string[]): RunResult {
  const head = headOf(scenario);
  const { profiles, remarks } = profilesToShow(specs ?? head.profiles);
  const runs: ShownRun[] = [];
  for (const profile of profiles) {
    try {
      runs.push(runScenario(scenario, profile, (world) => new Timeline(world), budget()));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      remarks.push(`The run under ${profile.spec} failed: ${why}`);
    }
  }
  const [run] = runs;
  if (!run) return { ok: false, problems: wholeText(remarks.join(' ')) };
  return { ok: true, value: { run, runs, head, remarks } };
}

/** With a full stop, unless it ends by itself. */
const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`);

/** The profiles of a list that are known, each once; the default one when nothing is named. */
function profilesToShow(specs: readonly string[]): {
  readonly profiles: readonly ResolvedProfile[];
  readonly remarks: string[];
} {
  const remarks: string[] = [];
  const bySpec = new Map<string, ResolvedProfile>();
  for (const spec of specs) {
    const profile = parseProfileSpec(spec);
    if (profile.ok) bySpec.set(profile.value.spec, profile.value);
    else remarks.push(sentence(`The profile "${spec}" is left out: ${profile.error.message}`));
  }
  if (bySpec.size > MANY_RUNS)
    remarks.push(`Shown side by side: the first ${MANY_RUNS} of ${bySpec.size} profiles.`);
  const profiles = [...bySpec.values()].slice(0, MANY_RUNS);
  return { profiles: profiles.length > 0 ? profiles : [defaultProfile()], remarks };
}

/** What a change of profile does to a scenario. */
export interface ProfileEffect {
  /** Rows of the two runs side by side, and how many of them differ. */
  readonly rowCount: number;
  readonly differing: number;
  /** The first row that differs, as an index and in words. */
  readonly first?: { readonly row: number; readonly text: string };
}

/** Runs a text under both profiles. @returns nothing when it cannot be run */
export function effectOf(text: string, before: string, after: string): ProfileEffect | undefined {
  const ran = runText(text, [before, after]);
  if (!ran.ok || ran.value.runs.length < 2) return undefined;
  const comparison = compare(ran.value.runs);
  const { rows, divergences, firstDivergence: row } = comparison;
  const of = row === undefined ? undefined : rows[row];
  return {
    rowCount: rows.length,
    differing: divergences.length,
    ...(row === undefined || !of
      ? {}
      : { first: { row, text: groupTexts(comparison, row, rowGroups(comparison, of)).join(' → ') } }),
  };
}

/** The line of the scenario that caused an act. */
export const lineOfAct = (run: ShownRun, act: number): number =>
  run.lines.findIndex(({ firstAct, endAct }) => act >= firstAct && act < endAct);

/** The scenario up to a position: whole lines, a launch cut between its acts, a run cut after its steps. */
export function linesUpTo(run: ShownRun, position: number): readonly Line[] {
  const { timeline, scenario } = run;
  if (position >= timeline.stepCount) return scenario.lines;
  if (position === 0) return scenario.lines.filter(({ kind }) => isHead(kind));
  const actIndex = timeline.step(position - 1).actIndex;
  const at = lineOfAct(run, actIndex);
  const line = scenario.lines[at];
  const span = run.lines[at];
  const before = scenario.lines.slice(0, at);
  if (!line || !span) return scenario.lines;
  if (line.kind === 'launch') {
    const acts = timeline.acts.slice(span.firstAct, actIndex + 1);
    return [...before, ...acts.filter(({ origin }) => origin === 'scenario').map(({ act }) => actLine(act))];
  }
  if (line.kind === 'runUntil') {
    const first = timeline.acts[span.firstAct]?.firstStep ?? 0;
    const count = position - first;
    return [...before, { kind: 'runUntil', until: { what: 'steps', count, text: String(count) } }];
  }
  return [...before, line];
}

const isHead = (kind: Line['kind']): boolean =>
  ['title', 'ref', 'profile', 'vm', 'guest', 'host', 'comment', 'note'].includes(kind);

/** What a scenario remarks about an act: the notes that stand above its line. */
export function notesOf({ scenario, lines }: ShownRun): ReadonlyMap<number, string> {
  const notes = new Map<number, string>();
  let waiting: string[] = [];
  scenario.lines.forEach((line, index) => {
    if (line.kind === 'note') waiting.push(line.text);
    const span = lines[index];
    if (waiting.length === 0 || !span || span.endAct === span.firstAct) return;
    notes.set(span.firstAct, waiting.join(' '));
    waiting = [];
  });
  return notes;
}

/** Where a scenario is worth looking at first: the act that its last note introduces, or the start. */
export function interestingPosition(run: ShownRun): number {
  const act = run.timeline.acts[[...notesOf(run).keys()].at(-1) ?? -1];
  return act && act.stepCount > 0 ? act.firstStep + 1 : 0;
}

/** What may happen at a position, and what would be refused. */
export function actsAt(run: ShownRun, position: number, profileSpec: string): readonly EnabledAct[] {
  const { timeline } = run;
  if (position === timeline.stepCount) return actsOf(timeline.world);
  const base = runParsed({ lines: linesUpTo(run, position) }, [profileSpec]);
  return base.ok ? actsOf(base.value.run.timeline.world) : [];
}

function actsOf(world: World): readonly EnabledAct[] {
  const mark = world.mark();
  const { recorder } = world;
  try {
    // A woken thread is the scheduler's business; a scenario that wakes one schedules all of them.
    return enabledActs(world).filter(({ act }) => act.actor !== 'kvm');
  } catch {
    return []; // the model does not know what one of them would do
  } finally {
    world.undo(mark);
    world.recorder = recorder;
  }
}

export interface Fork {
  readonly text: string;
  /** Steps before the new act. */
  readonly from: number;
}

/** The text of a run that does something else from a position on. */
export function forkText(run: ShownRun, position: number, act: Act): Result<Fork, Problem> {
  const lines = linesUpTo(run, position);
  const base = runParsed({ lines }, [run.profile.spec]);
  if (!base.ok) return problem(base.problems[0]?.message ?? 'The run cannot be cut here.');
  const text = printScenario({ lines: [...lines, actLine(act)] });
  return ok({ text, from: base.value.run.timeline.stepCount });
}
