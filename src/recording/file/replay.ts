/** Replays a recording: performs its acts again and reports the first difference from the recorded steps. */
import { MAX_RUN_BYTES, MAX_RUN_WRITES } from '../../base/limits';
import { ok, problem, type Result } from '../../base/result';
import { parseProfileSpec } from '../../profiles/resolve';
import { worldFor } from '../../scenarios/machine';
import { parseScenario, problemText } from '../../scenarios/parse';
import { headOf } from '../../scenarios/scenario';
import { stepText, type Recording } from './file';
import { Timeline } from '../timeline/timeline';

export interface Replay {
  readonly timeline: Timeline;
  /** The first thing that differs from the recording; nothing when it replays as recorded. */
  readonly difference?: Difference;
}

export interface Difference {
  /** Index of the step, or of the step that would have been next. */
  readonly step: number;
  readonly recorded: string;
  readonly now: string;
}

export function replay(recording: Recording): Result<Replay> {
  const { header } = recording;
  const scenario = parseScenario(header.scenario);
  if (!scenario.ok) {
    return problem(scenario.problems.map(problemText).join('; '), 'scenario of the header');
  }
  const profile = parseProfileSpec(header.profile);
  if (!profile.ok) return problem(profile.error.message, 'profile of the header');
  const timeline = new Timeline(worldFor(headOf(scenario.scenario), profile.value));
  timeline.world.allow({ writes: MAX_RUN_WRITES, bytes: MAX_RUN_BYTES });
  for (const [index, { act, origin, stopped }] of recording.acts.entries()) {
    try {
      timeline.perform(act, origin, stopped);
    } catch (error) {
      return problem(error instanceof Error ? error.message : String(error), `act ${index}, ${act.verb}`);
    }
  }
  const difference = firstDifference(recording, timeline);
  return ok(difference ? { timeline, difference } : { timeline });
}

function firstDifference({ steps, digest }: Recording, timeline: Timeline): Difference | undefined {
  // A recording that was cut short may end inside an act: then it has fewer steps than its acts give.
  const count = digest === undefined ? Math.min(steps.length, timeline.stepCount) : steps.length;
  for (let step = 0; step < count; step++) {
    const recorded = steps[step] as string;
    const now = step < timeline.stepCount ? stepText(timeline.step(step)) : 'no such step';
    if (recorded !== now) return { step, recorded, now };
  }
  if (digest === undefined) return undefined;
  const step = steps.length;
  if (timeline.stepCount > step)
    return { step, recorded: 'no such step', now: stepText(timeline.step(step)) };
  const now = timeline.digest();
  return now === digest ? undefined : { step, recorded: `digest ${digest}`, now: `digest ${now}` };
}
