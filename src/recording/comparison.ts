/**
 * One scenario under several profiles: the steps of all runs in common rows, in each row who did the same, and what
 * differs. A row belongs to a line of the scenario; inside a line to the act that the line caused; inside that, steps of
 * one kind and vCPU stand beside each other, so that a kernel that exits three times lines up with one that exits once.
 */
import { formatArgument, moveKinds, type Move, type MoveKind } from '../engine/moves';
import { compareProfiles, type FacetDifference } from '../profiles/compare';
import { profileIds } from '../profiles/profiles';
import type { ResolvedProfile } from '../profiles/resolve';
import type { Run } from '../scenarios/run';
import { align, type AlignedItem } from './alignment';
import { stateDifferences } from './state-differences';
import type { StepRecord, Timeline } from './timeline';

/** Something with a name that the runs do not all have alike. */
export interface FieldDifference {
  /** `result`, `rule`, or the name of an observation: `v1.mpState`, `v0.run.hypercall.ret`, `page.0x120.rmp`. */
  readonly name: string;
  /** One for each run, as people read it; undefined where a run has no such thing. */
  readonly values: readonly (string | undefined)[];
  /** Of a page: how many frames from that one on differ in the same way. */
  readonly frames?: number;
}

/** Steps of the runs that stand beside each other. */
export interface ComparedRow {
  /** Line of the scenario, an index in `scenario.lines`. */
  readonly line: number;
  /** Index of the step in each run; undefined where a run made no such step. */
  readonly steps: readonly (number | undefined)[];
  /** Why a run could not take the act, for runs that could not; such a run may have no step in the row. */
  readonly refused: readonly (string | undefined)[];
  /** Runs that did the same here, by index, ascending, the first run first. One group of all runs: an equal row. */
  readonly groups: readonly (readonly number[])[];
  /** Fields of the move, its rule, its findings, why it was refused: where the runs that have a step here differ. */
  readonly differences: readonly FieldDifference[];
}

export interface Comparison {
  /** A, B, ... in the order of the profiles. */
  readonly runs: readonly Run<Timeline>[];
  readonly rows: readonly ComparedRow[];
  /** Indexes of the rows that are not equal, ascending; the first is where the runs part. */
  readonly divergences: readonly number[];
  /** The row in which a step of a run stands. */
  readonly rowOf: (run: number, step: number) => number;
  /** How many steps each run has made once a row is over; before the first row, -1, none. */
  readonly positionsAfter: (row: number) => readonly number[];
  /** Declared state that differs once a row is over. The timelines stand where they stood when this returns. */
  readonly stateAfter: (row: number) => readonly FieldDifference[];
  /** The facets that a row's steps consulted and in which the profiles differ. */
  readonly facetsOf: (row: number) => readonly FacetDifference[];
}

/**
 * Compares runs of one scenario.
 *
 * Rows come in an order that does not depend on the order of the runs: what is found with the runs in another order is
 * the same with the runs' numbers exchanged.
 */
export function compare(runs: readonly Run<Timeline>[]): Comparison {
  const rows = new Comparer(runs).rows();
  const divergences = rows.flatMap(({ groups }, index) => (groups.length > 1 ? [index] : []));
  const places = placesOf(runs, rows);
  const positionsAfter = (row: number): readonly number[] =>
    runs.map((_, run) => places.after[(row + 1) * runs.length + run] ?? 0);
  const facets = compareProfiles(runs.map(({ profile }) => profile));
  return {
    runs,
    rows,
    divergences,
    rowOf: (run, step) => places.rows[run]?.[step] ?? -1,
    positionsAfter,
    stateAfter: (row) =>
      stateDifferences(
        runs.map(({ timeline }) => timeline),
        positionsAfter(row),
      ),
    facetsOf: (row) => {
      const steps = rows[row]?.steps ?? [];
      const consulted = new Set(
        runs.flatMap(({ timeline }, run) => {
          const step = steps[run];
          return step === undefined ? [] : timeline.step(step).facets;
        }),
      );
      return facets.filter(({ name }) => consulted.has(name));
    },
  };
}

/** By run the row of each step, and by row, from the one before the first, how many steps each run has made. */
function placesOf(
  runs: readonly Run<Timeline>[],
  rows: readonly ComparedRow[],
): { readonly rows: readonly Int32Array[]; readonly after: Int32Array } {
  const count = runs.length;
  const rowOf = runs.map(({ timeline }) => new Int32Array(timeline.stepCount).fill(-1));
  const after = new Int32Array((rows.length + 1) * count);
  rows.forEach(({ steps }, row) => {
    for (let run = 0; run < count; run++) {
      const step = steps[run];
      if (step !== undefined) (rowOf[run] as Int32Array)[step] = row;
      after[(row + 1) * count + run] = step === undefined ? (after[row * count + run] as number) : step + 1;
    }
  });
  return { rows: rowOf, after };
}

/** A step, or that an act could not be taken. */
interface Item extends AlignedItem {
  readonly step?: number;
  readonly refused?: string;
}

/** One act of the scenario and all that followed from it until the next. */
interface Segment extends AlignedItem {
  readonly items: readonly Item[];
}

/** Generations come first, oldest first; then by how they are written. */
function rank({ id }: ResolvedProfile): number {
  const index = (profileIds as readonly string[]).indexOf(id);
  return index < 0 ? profileIds.length : index;
}

class Comparer {
  private readonly codes = new Map<string, number>();
  /** The runs in the order in which they are aligned. */
  private readonly order: readonly number[];

  constructor(private readonly runs: readonly Run<Timeline>[]) {
    const spec = (run: number): ResolvedProfile => (runs[run] as Run<Timeline>).profile;
    const before = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    this.order = runs
      .map((_, run) => run)
      .sort((a, b) => rank(spec(a)) - rank(spec(b)) || before(spec(a).spec, spec(b).spec));
  }

  rows(): ComparedRow[] {
    const lines = this.runs[0]?.scenario.lines ?? [];
    return lines.flatMap((_, line) => {
      const segments = this.order.map((run) => this.segments(this.runs[run] as Run<Timeline>, line));
      return align(segments).flatMap((at) => {
        const items = at.map((index, i) => (index === undefined ? [] : (segments[i]?.[index]?.items ?? [])));
        return align(items).map((row) => this.row(line, row, items));
      });
    });
  }

  private row(
    line: number,
    row: readonly (number | undefined)[],
    items: readonly (readonly Item[])[],
  ): ComparedRow {
    const found: (Item | undefined)[] = this.runs.map(() => undefined);
    row.forEach((index, i) => {
      if (index !== undefined) found[this.order[i] as number] = items[i]?.[index];
    });
    const groups = new Map<number, number[]>();
    found.forEach((item, run) => {
      const content = item?.content ?? 0;
      const group = groups.get(content);
      if (group) group.push(run);
      else groups.set(content, [run]);
    });
    const steps = found.map((item) => item?.step);
    const refused = found.map((item) => item?.refused);
    const { runs } = this;
    return {
      line,
      steps,
      refused,
      groups: [...groups.values()],
      get differences() {
        return groups.size === 1 ? [] : differencesOf(runs, steps, refused);
      },
    };
  }

  /** What a line did in one run, cut where an act of the scenario begins. */
  private segments(run: Run<Timeline>, line: number): Segment[] {
    const { firstAct = 0, endAct = 0 } = run.lines[line] ?? {};
    const segments: { key: string; verb: string; items: Item[] }[] = [];
    const told = new Set<string>();
    for (const { act, origin, firstStep, stepCount, refused } of run.timeline.acts.slice(firstAct, endAct)) {
      if (origin === 'scenario' || segments.length === 0)
        segments.push({
          key: `act ${jsonText(act)}`,
          verb: origin === 'scenario' ? `${act.actor} ${act.verb}` : 'by itself',
          items: [],
        });
      const { items } = segments.at(-1) as (typeof segments)[number];
      for (let step = firstStep; step < firstStep + stepCount; step++) {
        items.push(this.stepItem(run.timeline.step(step), items.length === 0));
      }
      if (refused === undefined) continue;
      told.add(refused);
      items.push(this.refusal(refused, items.length === 0));
    }
    for (const why of this.untold(run, line, told)) {
      if (segments.length === 0) segments.push({ key: 'no act', verb: 'no act', items: [] });
      const { items } = segments.at(-1) as (typeof segments)[number];
      items.push(this.refusal(why, items.length === 0));
    }
    // A run that has one segment on this line has the one that the others have.
    return segments.map(({ key, verb, items }) => ({
      items,
      content: this.code(key),
      kind: this.code(verb),
      role: segments.length === 1 ? this.code('only act') : 0,
    }));
  }

  /** Why the line was not carried out as written, where no act says so. */
  private untold(run: Run<Timeline>, line: number, told: ReadonlySet<string>): string[] {
    const problems = run.problems.filter((problem) => problem.line === line).map(({ message }) => message);
    const refused = run.lines[line]?.refused;
    const all = refused === undefined ? problems : [refused, ...problems];
    return [...new Set(all)].filter((why) => !told.has(why));
  }

  private stepItem(step: StepRecord, isFirst: boolean): Item {
    const { index, move, rule = '', findings } = step;
    const found = findings.map(({ kind, text }) => `${kind}: ${text}`).join('\n');
    const kind = move ? `${move.kind} ${move.vcpu}` : 'no move';
    const content = move ? `${kind} ${argumentsText(move)} ${rule} ${found}` : `no move ${found}`;
    return {
      step: index,
      content: this.code(content),
      kind: this.code(kind),
      role: this.code(isFirst ? 'first' : move ? roleOf(move) : ''),
    };
  }

  private refusal(refused: string, isFirst: boolean): Item {
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

const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));

const argumentsText = ({ args }: Move): string => Object.values(args).map(String).join('|');

/** Moves from KVM that are no answer of its own: the others may stand beside an answer in other words. */
const noAnswers: readonly string[] = ['enter', 'vmmReads'];

/** What a move is good for: an answer to the guest of one vCPU, or to the VMM. Empty for everything else. */
function roleOf({ kind, vcpu }: Move): string {
  const { from, to }: MoveKind = moveKinds[kind];
  const isAnswer = from === 'kvm' && (to === 'guest' || to === 'vmm') && !noAnswers.includes(kind);
  return isAnswer ? `answer to ${to} ${vcpu}` : '';
}

/** What the steps of a row have not alike; runs without a step do not count. */
function differencesOf(
  runs: readonly Run<Timeline>[],
  steps: readonly (number | undefined)[],
  refused: readonly (string | undefined)[],
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

/** A step as named values, as people read them. */
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
  if (findings.length > 0)
    fields.set('findings', findings.map(({ kind, text }) => `${kind}: ${text}`).join('; '));
  return fields;
}
