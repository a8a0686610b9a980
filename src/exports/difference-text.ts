/** What differs between runs, in one line: each value once, behind the letters of the runs that have it. */
import type { FieldDifference } from '../recording/comparison/model';
import { lettersOf } from './comparison-outline';

/** `v1.mpState: AC RUNNABLE, B AP_RESET_HOLD`. */
export function differenceText({ name, values, frames = 1 }: FieldDifference): string {
  const count = frames > 1 ? ` (${frames} pages)` : '';
  return `${name}${count}: ${byValue(values.map((value) => value ?? 'nothing')).join(', ')}`;
}

/** Each value once, behind the letters of the runs that have it. */
export function byValue(values: readonly string[]): string[] {
  return [...new Set(values)].map((value) => {
    const runs = values.flatMap((other, run) => (other === value ? [run] : []));
    return `${lettersOf(runs)} ${value}`;
  });
}
