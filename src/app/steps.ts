/** Places in a run that commands jump to. */
import type { Resumable } from '../base/resumable';
import { PhaseFinder, type RunPhase } from '../drawings/phases';
import type { Timeline } from '../recording/timeline/timeline';
import { leavesKvm } from '../engine/moves';
import type { Landmarks } from './landmarks';

/** Steps that are read in one part of the work. */
const STEPS_IN_PART = 1024;

/** Of one run; steps are in order, counted from 0. */
export function* landmarksOf(
  timeline: Timeline,
): Resumable<{ readonly landmarks: Landmarks; readonly phases: readonly RunPhase[] }> {
  const exits: number[] = [];
  const finder = new PhaseFinder();
  for (let step = 0; step < timeline.stepCount; step++) {
    const kind = timeline.moveKind(step);
    if (kind && leavesKvm(kind)) exits.push(step);
    if (kind && finder.asksFor(kind)) finder.take(step, timeline.step(step).move);
    if (step % STEPS_IN_PART === 0) yield;
  }
  const { phases } = finder;
  const landmarks = {
    findings: [...new Set(timeline.findings().map(({ step }) => step))],
    exits,
    actStarts: timeline.acts.filter((act) => act.stepCount > 0).map((act) => act.firstStep),
    phases: phases.map(({ firstStep }) => firstStep),
    divergences: [],
  };
  return { landmarks, phases };
}
