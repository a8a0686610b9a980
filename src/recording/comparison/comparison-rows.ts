/**
 * The rows of a comparison: the steps of several runs beside each other, and who did the same. Steps are lined up inside
 * each act of the scenario and what followed from it. Runs did the same when their moves, findings and writes are equal.
 * A rule is a reason, not an effect: a row in which only the rules differ is equal.
 */
import { formatArgument, moveKinds, type Move, type MoveKind } from '../../engine/moves';
import { profileIds } from '../../profiles/profiles';
import type { ResolvedProfile } from '../../profiles/resolve';
import type { Run } from '../../scenarios/run';
import { lineText, printScenario } from '../../scenarios/print';
import { actLine } from '../../scenarios/scenario';
import type { Resumable } from '../../base/resumable';
import { alignInParts, type AlignedItem } from './alignment';
import { comparedLines, lineGroups } from './lines';
import type { ComparedLine, ComparedRow, FieldDifference } from './model';

import type { Finding, PerformedAct, StepRecord, Timeline } from '../timeline/timeline';
import { UnreportedDifferences } from './unreported-differences';

/** A row whose differences are not computed yet. */
export interface FoundRow extends Omit<ComparedRow, 'differences'> {
  /** Runs with equal moves, before they are split further by what they wrote. */
  readonly alike: readonly (readonly number[])[];
}

/** A step, or that an act could not be taken. */
interface Item extends AlignedItem {
  /** Index of the compared line. */
  readonly line: number;
  readonly step?: number;
  readonly refused?: string;
  /** The step depends on a behaviour that no source documents. */
  readonly uncertain?: true;
}

/** One act of the scenario or of a guest program, and all that followed from it until the next. */
interface Segment extends AlignedItem {
  readonly items: readonly Item[];
}

/** A compared line, and where it stands in the text of one run. */
interface OwnLine {
  readonly line: number;
  readonly index: number;
}

/** A segment under construction. */
interface OpenSegment {
  readonly key: string;
  readonly verb: string;
  readonly items: Item[];
}

/** Generations first, oldest first; then the other profiles by their text. */
function rank({ id }: ResolvedProfile): number {
  const index = (profileIds as readonly string[]).indexOf(id);
  return index < 0 ? profileIds.length : index;
}

/** Steps that are read, or rows that are compared, in one part of the work. */
const STEPS_IN_PART = 256;
const ROWS_IN_PART = 16;

/** The rows of several runs, and the lines that they belong to. */
export const comparedRows = (
  runs: readonly Run<Timeline>[],
): Resumable<{ readonly lines: readonly ComparedLine[]; readonly rows: readonly FoundRow[] }> =>
  new Comparer(runs).rows();

class Comparer {
  private readonly codes = new Map<string, number>();
  /** The runs in the order in which they are aligned. */
  private readonly order: readonly number[];

  private readonly unreported: UnreportedDifferences;

  constructor(private readonly runs: readonly Run<Timeline>[]) {
    this.unreported = new UnreportedDifferences(runs.map(({ timeline }) => timeline));
    const spec = (run: number): ResolvedProfile => (runs[run] as Run<Timeline>).profile;
    const text = (run: number): string => printScenario((runs[run] as Run<Timeline>).scenario);
    const before = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    this.order = runs
      .map((_, run) => run)
      .sort(
        (a, b) =>
          rank(spec(a)) - rank(spec(b)) || before(spec(a).spec, spec(b).spec) || before(text(a), text(b)),
      );
  }

  *rows(): Resumable<{ readonly lines: readonly ComparedLine[]; readonly rows: readonly FoundRow[] }> {
    const rows: FoundRow[] = [];
    const lines = yield* comparedLines(
      this.runs.map(({ scenario }) => scenario),
      this.order,
    );
    for (const group of lineGroups(lines)) {
      const segments: Segment[][] = [];
      for (const run of this.order) {
        const own = group.flatMap((line): OwnLine[] => {
          const index = lines[line]?.of[run];
          return index === undefined ? [] : [{ line, index }];
        });
        segments.push(yield* this.segments(this.runs[run] as Run<Timeline>, own));
      }
      for (const at of yield* alignInParts(segments)) {
        const items = at.map((index, i) => (index === undefined ? [] : (segments[i]?.[index]?.items ?? [])));
        for (const row of yield* alignInParts(items)) {
          rows.push(this.row(rows.at(-1)?.line ?? 0, row, items));
          if (rows.length % ROWS_IN_PART === 0) yield;
        }
      }
    }
    return { lines, rows };
  }

  /** @param least line of the preceding row: rows never go back to an earlier line */
  private row(
    least: number,
    row: readonly (number | undefined)[],
    items: readonly (readonly Item[])[],
  ): FoundRow {
    const found: (Item | undefined)[] = this.runs.map(() => undefined);
    row.forEach((index, i) => {
      if (index !== undefined) found[this.order[i] as number] = items[i]?.[index];
    });
    const line = Math.max(least, Math.min(...found.flatMap((item) => item?.line ?? [])));
    const steps = found.map((item) => item?.step);
    const alike = grouped(found.map((item) => item?.content ?? 0));
    const groups = alike.flatMap((group) =>
      steps[group[0] ?? 0] === undefined ? [group] : this.unreported.split(group, steps),
    );
    return {
      line,
      steps,
      refused: found.map((item) => item?.refused),
      groups: groups.sort(([a = 0], [b = 0]) => a - b),
      uncertain: found.flatMap((item, run) => (item?.uncertain ? [run] : [])),
      alike,
    };
  }

  /** What lines did in one run, cut where an act of the scenario or of a guest program begins. */
  private *segments(run: Run<Timeline>, lines: readonly OwnLine[]): Resumable<Segment[]> {
    const segments: OpenSegment[] = [];
    for (const line of lines) yield* this.addLine(segments, run, line);
    // A single segment of a run corresponds to the single segment of the others.
    const role = segments.length === 1 ? this.code('only act') : 0;
    return segments.map(({ key, verb, items }) => ({
      items,
      content: this.code(key),
      kind: this.code(verb),
      role,
    }));
  }

  private *addLine(segments: OpenSegment[], run: Run<Timeline>, { line, index }: OwnLine): Resumable<void> {
    const { firstAct = 0, endAct = 0 } = run.lines[index] ?? {};
    const reported = new Set<string>();
    const add = (item: Omit<Item, 'line'>): void => void segments.at(-1)?.items.push({ line, ...item });
    for (const performed of run.timeline.acts.slice(firstAct, endAct)) {
      const { origin, firstStep, stepCount, refused } = performed;
      if (origin === 'scenario' || origin === 'program' || segments.length === 0)
        segments.push({ ...segmentKey(run.timeline, performed), items: [] });
      for (let step = firstStep; step < firstStep + stepCount; step++) {
        add(this.stepItem(run.timeline.step(step), segments.at(-1)?.items.length === 0));
        if (step % STEPS_IN_PART === 0) yield;
      }
      if (refused === undefined) continue;
      reported.add(refused);
      add(this.refusal(refused, segments.at(-1)?.items.length === 0));
    }
    for (const why of unreportedProblems(run, index, reported)) {
      if (segments.length === 0) segments.push({ key: 'no act', verb: 'no act', items: [] });
      add(this.refusal(why, segments.at(-1)?.items.length === 0));
    }
  }

  private stepItem(step: StepRecord, isFirst: boolean): Omit<Item, 'line'> {
    const { index, move, findings } = step;
    const found = findingsText(findings.filter(isKnown));
    const kind = move ? `${move.kind} ${move.vcpu}` : 'no move';
    const content = move ? `${kind} ${argumentsText(move)} ${found}` : `no move ${found}`;
    return {
      step: index,
      ...(findings.every(isKnown) ? {} : { uncertain: true }),
      content: this.code(content),
      kind: this.code(kind),
      role: this.code(isFirst ? 'first' : move ? roleOf(move) : ''),
    };
  }

  private refusal(refused: string, isFirst: boolean): Omit<Item, 'line'> {
    return {
      refused,
      content: this.code(`refused ${refused}`),
      kind: this.code('refused'),
      role: this.code(isFirst ? 'first' : ''),
    };
  }

  /** A number for a text; 0 for the empty one. */
  private code(text: string): number {
    if (text === '') return 0;
    const known = this.codes.get(text);
    if (known !== undefined) return known;
    const code = this.codes.size + 1;
    this.codes.set(text, code);
    return code;
  }
}

/** What identifies an act: its text, or, as all acts of a guest program look the same, the first move of the guest. */
function segmentKey(timeline: Timeline, performed: PerformedAct): Omit<OpenSegment, 'items'> {
  const { act, origin, firstStep, stepCount } = performed;
  if (origin === 'scenario')
    return { key: `act ${lineText(actLine(act))}`, verb: `${act.actor} ${act.verb}` };
  for (let step = firstStep; step < firstStep + stepCount; step++) {
    const kind = timeline.moveKind(step);
    // Whether a page faults before it is used depends on the host.
    if (!kind || moveKinds[kind].from !== 'guest' || kind === 'nestedFault') continue;
    const { move } = timeline.step(step);
    if (!move) continue;
    const verb = `${origin} ${move.kind} ${move.vcpu}`;
    return { key: `${verb} ${argumentsText(move)}`, verb };
  }
  return { key: origin, verb: origin };
}

/** Why a line was not carried out as written, as far as no act of it reports the reason. */
function unreportedProblems(run: Run<Timeline>, line: number, reported: ReadonlySet<string>): string[] {
  const problems = run.problems.filter((problem) => problem.line === line).map(({ message }) => message);
  const refused = run.lines[line]?.refused;
  const all = refused === undefined ? problems : [refused, ...problems];
  return [...new Set(all)].filter((why) => !reported.has(why));
}

const argumentsText = ({ args }: Move): string => Object.values(args).map(String).join('|');

/** Moves from KVM that are not answers; every other move from KVM may be aligned with a different answer. */
const noAnswers: readonly string[] = ['enter', 'vmmReads'];

/** The role of a move: an answer to the guest of one vCPU, or to the VMM. Empty for everything else. */
function roleOf({ kind, vcpu }: Move): string {
  const { from, to }: MoveKind = moveKinds[kind];
  const isAnswer = from === 'kvm' && (to === 'guest' || to === 'vmm') && !noAnswers.includes(kind);
  return isAnswer ? `answer to ${to} ${vcpu}` : '';
}

/** Whether a finding states what the kernel does; the others state that no source says it, or that it is not modelled. */
const isKnown = ({ kind }: Finding): boolean => kind !== 'ambiguity' && kind !== 'unmodelled';

const findingsText = (findings: readonly Finding[]): string =>
  findings.map(({ kind, text }) => `${kind}: ${text}`).join('; ');

/** Indexes of equal values, in the order of their first. */
function grouped(values: readonly number[]): number[][] {
  const groups = new Map<number, number[]>();
  values.forEach((value, index) => {
    const group = groups.get(value);
    if (group) group.push(index);
    else groups.set(value, [index]);
  });
  return [...groups.values()];
}

/** The differences between the steps of a row; runs without a step do not count. */
export function differencesOf(
  runs: readonly Run<Timeline>[],
  { steps, refused }: FoundRow,
): FieldDifference[] {
  const records = steps.map((step, run) => (step === undefined ? undefined : runs[run]?.timeline.step(step)));
  const fields = records.map((record) => (record ? fieldsOf(record) : undefined));
  fields.forEach((field, run) => {
    const why = refused[run];
    if (why !== undefined) fields[run] = new Map([...(field ?? []), ['refused', why]]);
  });
  const names = new Set(fields.flatMap((field) => (field ? [...field.keys()] : [])));
  return [...names].flatMap((name): FieldDifference[] => {
    const values = fields.map((field) => field?.get(name));
    const present = values.filter((_, run) => fields[run] !== undefined);
    return new Set(present).size > 1 ? [{ name, values }] : [];
  });
}

/** A step as named values, formatted for display. */
function fieldsOf({ move, rule, findings }: StepRecord): Map<string, string> {
  const fields = new Map<string, string>();
  if (move) {
    fields.set('move', move.kind);
    const { args }: MoveKind = moveKinds[move.kind];
    for (const [name, kind] of Object.entries(args)) {
      const value = move.args[name];
      if (value !== undefined) fields.set(name, formatArgument(kind, value));
    }
  }
  if (rule !== undefined) fields.set('rule', rule);
  const known = findings.filter(isKnown);
  if (known.length > 0) fields.set('findings', findingsText(known));
  return fields;
}
