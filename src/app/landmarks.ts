/** Places that commands jump to, and the way from one to the next. */
import { firstFrom } from '../base/order';

/** Steps of one run or rows of several, each in order, counted from 0. */
export interface Landmarks {
  readonly findings: readonly number[];
  readonly exits: readonly number[];
  readonly actStarts: readonly number[];
  /** Where a phase of the run begins: launch, firmware, kernel. */
  readonly phases: readonly number[];
  /** Where several runs begin to differ. */
  readonly divergences: readonly number[];
}
export type Landmark = keyof Landmarks;

/**
 * The position `by` landmarks on from a position: standing on a landmark means that its step is the one shown.
 * @returns undefined when there is none on that side
 */
export function landmarkFrom(steps: readonly number[], position: number, by: number): number | undefined {
  const shown = position - 1;
  const at = by > 0 ? firstFrom(steps, shown + 1) + by - 1 : firstFrom(steps, shown) + by;
  const step = steps[at];
  return step === undefined ? undefined : step + 1;
}
