/** What a folded part of a ladder says: how many steps it has, and what is different after them. */
import { changeRows } from '../../drawings/change-text';
import { isSplit } from '../../drawings/compared-rows';
import type { Fold } from '../../drawings/folds';
import type { Comparison } from '../../recording/comparison/model';
import type { Change, Timeline } from '../../recording/timeline/timeline';

/** Changes that are named; more are counted. */
const MOST_NAMED = 3;
/** A part with more steps, such as a launch, changes too much to be named. */
const MOST_STEPS = 40;

const counted = (count: number): string => (count === 1 ? '1 step' : `${count} steps`);

/** The variables that are different once a part is over. */
function changesOf(timeline: Timeline, first: number, end: number): readonly string[] {
  const last = new Map<string, Change>();
  for (let step = first; step < end; step++) {
    for (const change of timeline.step(step).changes) {
      if (change.kind !== 'variable') continue;
      const key = `${change.instance}.${change.variable}`;
      const before = last.get(key);
      last.set(key, before?.kind === 'variable' ? { ...change, before: before.before } : change);
    }
  }
  const changed = [...last.values()].filter((one) => one.kind !== 'variable' || one.before !== one.after);
  return changeRows(timeline.at(end).world, changed).map(({ name, after }) => `${name} ${after}`);
}

export function foldText(timeline: Timeline, { first, end }: Fold): string {
  const steps = counted(end - first);
  if (end - first > MOST_STEPS) return steps;
  const changes = changesOf(timeline, first, end);
  const more = changes.length > MOST_NAMED ? `, ${changes.length - MOST_NAMED} more` : '';
  return [steps, changes.slice(0, MOST_NAMED).join(', ') + more].filter((text) => text !== '').join(' · ');
}

/** Of several runs: in how many of the rows they differ, else what the first of them changed. */
export function comparedFoldText(comparison: Comparison, fold: Fold): string {
  const rows = comparison.rows.slice(fold.first, fold.end);
  const differing = rows.filter(isSplit).length;
  if (differing > 0) return `${counted(rows.length)} · they differ in ${differing}`;
  const steps = rows.flatMap((row) => row.steps[0] ?? []);
  const [first] = steps;
  const timeline = comparison.runs[0]?.timeline;
  const last = steps.at(-1);
  if (!timeline || first === undefined || last === undefined) return counted(rows.length);
  return foldText(timeline, { ...fold, first, end: last + 1 });
}
