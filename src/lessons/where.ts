/** Where a place of a lesson is in a run. */
import type { Resumable } from '../base/resumable';
import type { Comparison } from '../recording/comparison/model';
import { stepHits } from '../recording/filter/hits';
import { lineIndexOf } from './acts';
import { filterOf, wrong, type Answer } from './answer';
import type { Where } from './lesson';
import type { LessonRun } from './runs';

/**
 * @param comparison of this run, the first of several, where they are compared
 * @returns how many steps have been made there
 */
export function* positionOf(
  run: LessonRun,
  where: Where,
  comparison?: Comparison,
): Resumable<Answer<number>> {
  const { timeline, scenario } = run;
  switch (where.at) {
    case 'start':
      return { ok: true, value: 0 };
    case 'end':
      return { ok: true, value: timeline.stepCount };
    case 'before':
    case 'after': {
      const index = lineIndexOf(scenario, where.act);
      if (!index.ok) return index;
      const { first, end } = stepsOfLine(run, index.value);
      return { ok: true, value: where.at === 'before' ? first : end };
    }
    case 'step':
      if (where.step <= timeline.stepCount) return { ok: true, value: where.step };
      return wrong(where.line, `there is no step ${where.step}: the run has ${timeline.stepCount}`);
    case 'finding': {
      const found = timeline.findings();
      const step = found[where.number - 1]?.step;
      if (step !== undefined) return { ok: true, value: step + 1 };
      return wrong(where.line, `there is no finding ${where.number}: the run has ${found.length}`);
    }
    case 'filter': {
      const filter = filterOf(scenario, where.filter, 'step');
      if (!filter.ok) return filter;
      const [hit] = yield* stepHits(timeline, filter.value);
      if (hit !== undefined) return { ok: true, value: hit + 1 };
      return wrong(where.filter.line, `no step of the run meets '${where.filter.text}'`);
    }
    case 'divergence': {
      const row = comparison?.firstDivergence;
      if (!comparison || row === undefined)
        return wrong(where.line, 'the runs differ nowhere, or only one profile is named');
      return { ok: true, value: comparison.positionsAfter(row)[0] ?? 0 };
    }
  }
}

/** The steps of a line of a run: from `first` up to and without `end`. */
export function stepsOfLine(
  { timeline, lines }: LessonRun,
  index: number,
): { readonly first: number; readonly end: number } {
  const span = lines[index];
  const at = (act: number): number => timeline.acts[act]?.firstStep ?? timeline.stepCount;
  return span ? { first: at(span.firstAct), end: at(span.endAct) } : { first: 0, end: 0 };
}
