/** The names of phases along a rail. */

/** A phase on a rail. */
export interface PlacedPhase<T> {
  readonly phase: T;
  /** Pixels. */
  readonly x: number;
}

/** Pixels of a character of a phase's name, and around it. */
const CHARACTER = 7.3;
const AROUND = 12;

/** Names along the rail, each at its beginning; one that would touch the name before it moves right, one at the end left, and what has no room
 * is left out. */
export function placePhases<T extends { readonly name: string }>(
  phases: readonly T[],
  xOf: (phase: T) => number,
  width: number,
): readonly PlacedPhase<T>[] {
  const placed: PlacedPhase<T>[] = [];
  let end = 0;
  for (const phase of phases) {
    const length = phase.name.length * CHARACTER + AROUND;
    const x = Math.min(Math.max(xOf(phase), end), width - length);
    if (x < end) continue;
    placed.push({ phase, x });
    end = x + length;
  }
  return placed;
}
