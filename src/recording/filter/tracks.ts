/** The values of one name along a run. */
import type { Resumable } from '../../base/resumable';
import { isUnknownPath, observe } from '../../engine/observe';
import { observedText } from '../../scenarios/filter/value';
import type { Timeline } from '../timeline/timeline';

/** A value from a position on; the first one is at position 0. */
export interface PinValue {
  readonly position: number;
  /** Empty where the name has no value there. */
  readonly text: string;
}

/** Steps that are looked at between two pauses. */
const STEPS_IN_PART = 32;

/** What a name is before the first step, and each value that differs from the one before. @yields between its parts */
export function* pinTrack(timeline: Timeline, path: string): Resumable<readonly PinValue[]> {
  const values: PinValue[] = [];
  for (let position = 0; position <= timeline.stepCount; position++) {
    const text = valueAt(timeline, position, path);
    if (values.at(-1)?.text !== text) values.push({ position, text });
    if (position % STEPS_IN_PART === 0) yield;
  }
  return values;
}

/** A value as the page shows it; empty where the name has none. */
export function valueAt(timeline: Timeline, position: number, path: string): string {
  const found = observe(timeline.at(position).world, path);
  return isUnknownPath(found) ? '' : observedText(found);
}
