/** An act as it was recorded, where this build does something else: its steps come from the file, its writes from here. */
import type { perform } from '../../engine/perform';
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import type { FacetName } from '../../profiles/facets';
import type { RecordedStep } from './recorded-step';

/** What a recording says of an act. */
export interface ActAsRecorded {
  readonly steps: readonly RecordedStep[];
  readonly refused: string | undefined;
}

/**
 * Performs an act and reports the recorded steps instead of those that this build makes, each when this build makes a step
 * in its place. A recording holds no state: the state is the one that this build comes to. An act without steps changed
 * nothing when it was recorded, and changes nothing here.
 */
export function performAsRecorded(
  world: World,
  act: Act,
  { steps, refused }: ActAsRecorded,
  performAct: typeof perform,
): ReturnType<typeof perform> {
  const { recorder } = world;
  if (!recorder) return performAct(world, act);
  let next = 0;
  let facets: FacetName[] = [];
  const report = (): void => {
    for (const name of facets) recorder.facet(name);
    facets = [];
    steps[next++]?.report(recorder);
  };
  world.recorder = {
    transition: () => undefined,
    finding: () => undefined,
    facet: (name) => void facets.push(name),
    move: report,
  };
  try {
    performAct(world, act);
  } catch {
    // What this build cannot do was done when it was recorded: its steps follow below.
  } finally {
    world.recorder = recorder;
  }
  if (steps.length === 0) world.undo(0);
  while (next < steps.length) report();
  return refused === undefined ? undefined : { says: refused };
}
