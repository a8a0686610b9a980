/** Places in a run that commands jump to. */
import type { Resumable } from '../base/resumable';
import type { Timeline } from '../recording/timeline/timeline';
import { leavesKvm } from '../engine/moves';

/** Steps of one run or rows of several, each in order, counted from 0. */
export interface Landmarks {
  readonly findings: readonly number[];
  readonly exits: readonly number[];
  readonly actStarts: readonly number[];
  /** Where several runs begin to differ. */
  readonly divergences: readonly number[];
}
export type Landmark = keyof Landmarks;

/** Steps that are read in one part of the work. */
const STEPS_IN_PART = 1024;

/** Steps, in order, counted from 0. */
export function* landmarksOf(timeline: Timeline): Resumable<Landmarks> {
  const exits: number[] = [];
  for (let step = 0; step < timeline.stepCount; step++) {
    const kind = timeline.moveKind(step);
    if (kind && leavesKvm(kind)) exits.push(step);
    if (step % STEPS_IN_PART === 0) yield;
  }
  return {
    findings: [...new Set(timeline.findings().map(({ step }) => step))],
    exits,
    actStarts: timeline.acts.filter((act) => act.stepCount > 0).map((act) => act.firstStep),
    divergences: [],
  };
}

/**
 * The position `by` landmarks on from a position: standing on a landmark means that its step is the one shown.
 * @returns undefined when there is none on that side
 */
export function landmarkFrom(steps: readonly number[], position: number, by: number): number | undefined {
  const shown = position - 1;
  if (by > 0) {
    const next = steps.findIndex((step) => step > shown);
    const at = steps[next < 0 ? steps.length : next + by - 1];
    return at === undefined ? undefined : at + 1;
  }
  const before = steps.filter((step) => step < shown);
  const at = before[before.length + by];
  return at === undefined ? undefined : at + 1;
}
