/** From text to a run, and from a run to a fork of it. */
import { MAX_PAGE_ACT_MS } from '../base/limits';
import { finish, type Resumable } from '../base/resumable';
import type { Act } from '../engine/acts';
import { enabledActsInParts, tryAct } from '../engine/enabled-acts';
import type { World } from '../engine/world';
import { defaultProfile, parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { profileIds } from '../profiles/profiles';
import { rowGroups } from '../drawings/compared-rows';
import { compareInParts } from '../recording/comparison/comparison';
import { copyOf } from '../recording/timeline/readers';
import { Timeline } from '../recording/timeline/timeline';
import { parseInParts, type ScenarioProblem } from '../scenarios/parse';
import { printScenario } from '../scenarios/print';
import { readTypedAct } from '../scenarios/typed-act';
import { defaultRunOptions, runInParts, type RunInParts, type RunOptions } from '../scenarios/run';
import { groupTexts } from '../drawings/compared-words';
import { toldAct, type ToldAct } from '../views/shared/words';
import { actLine, headOf, type Head, type Line, type Scenario } from '../scenarios/scenario';
import { ActTime } from './act-time';
import { comparedCourse } from './compared-course';
import { courseOf, type Course } from './course';
import type { ShownRun } from './shown-run';

/** Runs of one text, one for each profile, and what the text says about them. */
export interface Ran {
  /** Of the first profile. */
  readonly run: ShownRun;
  readonly runs: readonly ShownRun[];
  /** The steps of the first. */
  readonly alone: Course;
  /** The rows of all, where there are several. */
  readonly compared: Course | undefined;
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

/** Runs that are shown side by side: every generation that is listed. */
export const MANY_RUNS = profileIds.length;

const digits = new Intl.NumberFormat('en');
const grouped = (n: number): string => digits.format(n);
const count = (n: number, what: string): string => `${grouped(n)} ${n === 1 ? what : `${what}s`}`;

/** A text on its way to its runs: read, run under one profile after the other, compared. */
export class TextRun {
  readonly parts: Resumable<RunResult>;
  private doing = 'Reading the scenario';
  private scenario: Scenario | undefined;
  private running: RunInParts<Timeline> | undefined;
  private readonly done: ShownRun[] = [];
  private readonly courses: Course[] = [];
  private remarks: string[] = [];
  private readonly actTime = new ActTime();

  /**
   * @param specs runs it under these profiles instead of those that the text names
   * @param times of the usual budget that it may spend
   */
  constructor(
    text: string,
    specs?: readonly string[],
    private readonly times = 1,
  ) {
    this.parts = this.work(text, specs);
  }

  /** A person stops a run that takes long; an act they cannot stop, so that it has a time of its own. */
  private budget(): RunOptions {
    const { maxSteps, maxWrites, maxBytes } = defaultRunOptions;
    const { times } = this;
    return {
      maxSteps: times * maxSteps,
      maxWrites: times * maxWrites,
      maxBytes: times * maxBytes,
      mayGoOn: () => this.actTime.look() < times * MAX_PAGE_ACT_MS,
    };
  }

  /** Where it stands, without a full stop. */
  says(): string {
    const { running, scenario } = this;
    if (!running || !scenario) return this.doing;
    const { timeline, line } = running;
    return `${this.doing}: line ${line + 1} of ${scenario.lines.length}, ${count(timeline.stepCount, 'step')}`;
  }

  /** The first run alone, as far as it was made, with a remark that says so; nothing before there is one. */
  soFar(): Ran | undefined {
    const [first] = this.done;
    const run = first ?? this.running?.soFar('the run was stopped here');
    if (!run || !this.scenario) return undefined;
    const { spec } = run.profile;
    const shown = first
      ? `${spec} is shown alone, because the others are not ready`
      : `the ${count(run.timeline.stepCount, 'step')} that were made under ${spec} are shown`;
    const remarks = [...this.remarks, `Stopped: ${shown}.`];
    const alone = this.courses[0] ?? finish(courseOf(run));
    return { run, runs: [run], alone, compared: undefined, head: headOf(this.scenario), remarks };
  }

  private *work(text: string, specs?: readonly string[]): Resumable<RunResult> {
    const parsed = yield* parseInParts(text);
    if (!parsed.ok) return { ok: false, problems: parsed.problems };
    const { scenario } = parsed;
    this.scenario = scenario;
    const head = headOf(scenario);
    const { profiles, remarks } = profilesToShow(specs ?? head.profiles);
    this.remarks = remarks;
    for (const [index, profile] of profiles.entries()) {
      const which = profiles.length === 1 ? '' : ` (${index + 1} of ${profiles.length})`;
      this.doing = `Running under ${profile.spec}${which}`;
      try {
        const run = yield* this.run(scenario, profile);
        this.courses.push(yield* courseOf(run));
        this.done.push(run);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        remarks.push(`The run under ${profile.spec} failed: ${why}`);
      }
    }
    return yield* this.result(head, remarks);
  }

  private *run(scenario: Scenario, profile: ResolvedProfile): Resumable<ShownRun> {
    this.running = runInParts(scenario, profile, (world) => new Timeline(world), this.budget());
    try {
      for (;;) {
        this.actTime.begin();
        const part = this.running.parts.next();
        if (part.done) return part.value;
        yield;
      }
    } finally {
      this.running = undefined;
    }
  }

  private *result(head: Head, remarks: readonly string[]): Resumable<RunResult> {
    const runs = this.done;
    const [run] = runs;
    const [alone] = this.courses;
    if (!run || !alone) return { ok: false, problems: wholeText(remarks.join(' ')) };
    this.doing = `Comparing ${runs.length} runs`;
    const compared =
      runs.length < 2 ? undefined : yield* comparedCourse(yield* compareInParts(runs), this.courses);
    return { ok: true, value: { run, runs, alone, compared, head, remarks } };
  }
}

/** Parses, runs and compares at once. */
export const runText = (text: string, specs?: readonly string[]): RunResult =>
  finish(new TextRun(text, specs).parts);

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
  const named = [...bySpec.values()];
  const profiles = named.slice(0, MANY_RUNS);
  const hidden = named.slice(MANY_RUNS).map(({ spec }) => spec);
  if (hidden.length > 0)
    remarks.push(`Shown side by side: the first ${MANY_RUNS} profiles; hidden: ${hidden.join(', ')}.`);
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
export function* effectOf(text: string, before: string, after: string): Resumable<ProfileEffect | undefined> {
  const ran = yield* new TextRun(text, [before, after]).parts;
  const comparison = ran.ok ? ran.value.compared?.comparison : undefined;
  if (!comparison) return undefined;
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

/** The run of some lines of a scenario that has run before. */
function* runLines(lines: readonly Line[], profile: ResolvedProfile): Resumable<ShownRun> {
  return yield* runInParts({ lines }, profile, (world) => new Timeline(world)).parts;
}

/** What may happen at a position, then what would be refused. */
export function* actsAt(run: ShownRun, position: number): Resumable<readonly ToldAct[]> {
  const { timeline, profile } = run;
  if (position === timeline.stepCount) return yield* actsOf(timeline.world);
  const base = yield* runLines(linesUpTo(run, position), profile);
  return yield* actsOf(base.timeline.world);
}

function* actsOf(world: World): Resumable<readonly ToldAct[]> {
  // A woken thread is the scheduler's business; a scenario that wakes one schedules all of them.
  const acts = yield* enabledActsInParts(world);
  return acts.filter(({ act }) => act.actor !== 'kvm').map(toldAct);
}

/** Steps that are over when what `linesUpTo` keeps has come to rest. */
function restAfter(run: ShownRun, position: number): number {
  const { timeline, scenario, lines } = run;
  if (position === 0 || position >= timeline.stepCount) return position;
  const { actIndex } = timeline.step(position - 1);
  const at = lineOfAct(run, actIndex);
  const kind = scenario.lines[at]?.kind;
  const last = timeline.acts[kind === 'launch' ? actIndex : (lines[at]?.endAct ?? 0) - 1];
  return kind === 'runUntil' || !last ? position : last.firstStep + last.stepCount;
}

/** What a typed line would do at a position: an act that may be taken or is refused, or why it is no act. */
export function typedActAt(
  run: ShownRun,
  position: number,
  text: string,
): { readonly entry: ToldAct } | { readonly message: string } {
  const { timeline } = run;
  const typed = readTypedAct(text, { vcpu: 0, vcpus: timeline.world.vcpus.length });
  if (!typed.ok) return typed;
  const world = copyOf(timeline.at(restAfter(run, position)).world);
  return { entry: toldAct(tryAct(world, typed.act)) };
}

export interface Fork {
  readonly text: string;
  /** Steps before the new act. */
  readonly from: number;
}

/** The text of a run that does something else from a position on. */
export function* forkText(run: ShownRun, position: number, act: Act): Resumable<Fork> {
  const lines = linesUpTo(run, position);
  const base = yield* runLines(lines, run.profile);
  const text = printScenario({ lines: [...lines, actLine(act)] });
  return { text, from: base.timeline.stepCount };
}
