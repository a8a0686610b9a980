/** A row of a comparison in words: what each group of runs did in it. */
import type { Resumable } from '../base/resumable';
import { moveKinds, moveText, type MoveKind } from '../engine/moves';
import type { ComparedRow, Comparison, FieldDifference } from '../recording/comparison/model';
import type { Finding, StepRecord } from '../recording/timeline/timeline';

/** What runs that did the same did in a row. */
export interface RowText {
  /** Indexes of the runs. */
  readonly runs: readonly number[];
  /** The step in the first of these runs; undefined for an act that could not be taken. */
  readonly step: StepRecord | undefined;
  /** The move, or why there is none. */
  readonly text: string;
  /** What was found in the step, one text each. */
  readonly findings: readonly string[];
}

/** Findings about the kernel's behaviour; behaviour without a source is listed elsewhere, once. */
export const isFound = ({ kind }: Finding): boolean => kind !== 'ambiguity';

/** The vCPU of a move, where neither lanes nor text show it. */
function named({ move }: StepRecord): string {
  if (!move) return 'no visible move';
  const text = moveText(move);
  const { from, to }: MoveKind = moveKinds[move.kind];
  const isSaid = move.vcpu < 0 || from === 'guest' || to === 'guest';
  return isSaid || new RegExp(`\\bv${move.vcpu}\\b`).test(text) ? text : `v${move.vcpu}: ${text}`;
}

/** Rows, steps or records that are told in one part: some milliseconds. */
export const ROWS_IN_PART = 64;

/** Finds what differs in each row in which runs part: it takes the longest, is kept, and is asked for again and again. */
export function* differencesOf({ rows, divergences }: Comparison): Resumable<void> {
  for (const row of divergences) {
    void rows[row]?.differences;
    yield;
  }
}

/** A row in words. */
export interface RowTexts {
  /** One for each group that did anything; equal texts are listed once. */
  readonly texts: readonly RowText[];
  /** Differences between groups whose moves have equal texts. */
  readonly quiet: readonly FieldDifference[];
}

export function rowTexts(comparison: Comparison, row: ComparedRow): RowTexts {
  const texts = row.groups.flatMap((group) => textOf(comparison, row, group));
  const [first] = texts;
  if (!first || texts.length < 2 || texts.some((text) => !readsLike(text, first)))
    return { texts, quiet: [] };
  const runs = texts.flatMap((text) => text.runs).sort((a, b) => a - b);
  return { texts: [{ ...first, runs }], quiet: row.differences };
}

const readsLike = (a: RowText, b: RowText): boolean =>
  a.text === b.text && a.findings.join() === b.findings.join();

function textOf({ runs }: Comparison, { steps, refused }: ComparedRow, group: readonly number[]): RowText[] {
  const [first = 0] = group;
  const index = steps[first];
  const why = refused[first];
  if (why !== undefined)
    return [{ runs: group, step: undefined, text: `not possible: ${why}`, findings: [] }];
  const step = index === undefined ? undefined : runs[first]?.timeline.step(index);
  if (!step) return [];
  const findings = step.findings.filter(isFound).map(({ kind, text }) => `! ${kind}: ${text}`);
  return [{ runs: group, step, text: named(step), findings }];
}
