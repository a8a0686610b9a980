/** The steps of a run, or the rows of several, that a filter asks for. */
import type { Resumable } from '../../base/resumable';
import { noAct, observe, type ActView } from '../../engine/observe';
import { moveText } from '../../engine/moves';
import { actLine } from '../../scenarios/scenario';
import { lineText } from '../../scenarios/print';
import type { Filter, StepText } from '../../scenarios/filter/filter';
import { matches, type Filtered } from '../../scenarios/filter/matches';
import type { Comparison } from '../comparison/model';
import type { Timeline } from '../timeline/timeline';

/** Steps that are looked at between two pauses. */
const STEPS_IN_PART = 32;

/** @yields between its parts. @returns indexes of the steps, ascending */
export function* stepHits(
  timeline: Timeline,
  filter: Filter,
  differs: (step: number) => boolean = () => false,
): Resumable<readonly number[]> {
  const hits: number[] = [];
  const steps = new FilteredSteps(timeline, differs);
  for (let index = 0; index < timeline.stepCount; index++) {
    if (matches(filter, steps.at(index))) hits.push(index);
    if (index % STEPS_IN_PART === STEPS_IN_PART - 1) yield;
  }
  return hits;
}

/** Rows in which a step of any run is meant. @returns indexes of the rows, ascending */
export function* rowHits(comparison: Comparison, filter: Filter): Resumable<readonly number[]> {
  const unequal = new Set(comparison.divergences);
  const rows = new Set<number>();
  for (const [run, { timeline }] of comparison.runs.entries()) {
    const rowOf = (step: number): number => comparison.rowOf(run, step);
    const hits = yield* stepHits(timeline, filter, (step) => unequal.has(rowOf(step)));
    for (const step of hits) rows.add(rowOf(step));
  }
  return [...rows].sort((a, b) => a - b);
}

class FilteredSteps {
  /** vCPU of the last guest act up to an act. */
  private readonly guests: readonly number[];

  constructor(
    private readonly timeline: Timeline,
    private readonly differs: (step: number) => boolean,
  ) {
    let guest = 0;
    this.guests = timeline.acts.map(({ act }) => (guest = act.actor === 'guest' ? act.vcpu : guest));
  }

  at(index: number): Filtered {
    const { timeline } = this;
    return {
      before: (path) => observe(timeline.at(index).world, path, this.viewBefore(index)),
      after: (path) => observe(timeline.at(index + 1).world, path, this.viewOf(index)),
      texts: (name) => [this.text(index, name)],
      differs: () => this.differs(index),
    };
  }

  private viewBefore(index: number): ActView {
    return { ...noAct, guest: this.guests[this.timeline.step(index).actIndex] ?? 0 };
  }

  private viewOf(index: number): ActView {
    const { move, findings, actIndex } = this.timeline.step(index);
    const act = this.timeline.acts[actIndex];
    const isLast = act && index === act.firstStep + act.stepCount - 1;
    return {
      guest: this.guests[actIndex] ?? 0,
      moves: move ? [move] : [],
      findings,
      refused: (isLast ? act.refused : undefined) ?? '',
    };
  }

  private text(index: number, name: StepText): string {
    const { move, rule, findings, actIndex } = this.timeline.step(index);
    switch (name) {
      case 'move':
        return move?.kind ?? '';
      case 'rule':
        return rule ?? '';
      case 'act': {
        const act = this.timeline.acts[actIndex];
        return act ? lineText(actLine(act.act)) : '';
      }
      case 'text':
        return [move ? moveText(move) : '', ...findings.map(({ text }) => text)].join(' ');
    }
  }
}
