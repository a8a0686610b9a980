/** The ladder of a run as a picture: as the page draws it, for a file. */
import type { Timeline } from '../recording/timeline/timeline';
import { planLadder, stepTop, visibleLines } from './ladder';
import {
  actShapes,
  COLUMNS,
  HEAD,
  headShapes,
  HEIGHTS,
  laneShapes,
  MARGIN,
  stepShapes,
  titleShapes,
  UNIT,
} from './ladder-shapes';
import { groupAt, type Picture, type Shape } from './picture';
import { actText, vcpuNumbers } from './step-words';

export interface LadderPictureOf {
  readonly timeline: Timeline;
  readonly position: number;
  readonly title: string;
  readonly notes: ReadonlyMap<number, string> | undefined;
  /** Steps to draw, by index; without it those around the step shown, `MAX_PICTURE_STEPS` at most. */
  readonly part?: { readonly first: number; readonly count: number };
}

/** Steps of one picture; of a longer run those around the step shown. */
export const MAX_PICTURE_STEPS = 300;
/** Of so many steps the `most` around a position; all where there are no more. */
export function stepsAround(
  position: number,
  stepCount: number,
  most: number,
): { readonly first: number; readonly count: number } {
  const first = Math.max(0, Math.min(position - most / 2, stepCount - most));
  return { first, count: Math.min(most, stepCount - first) };
}

export function ladderPicture({ timeline, position, title, notes, part }: LadderPictureOf): Picture {
  const { acts, stepCount } = timeline;
  const plan = planLadder({ vcpus: vcpuNumbers(timeline), columns: COLUMNS });
  const { first, count } = part ?? stepsAround(position, stepCount, MAX_PICTURE_STEPS);
  const from = first === 0 ? 0 : stepTop(acts, first, HEIGHTS) - HEIGHTS.act;
  const to = count === 0 ? from : stepTop(acts, first + count - 1, HEIGHTS) + HEIGHTS.step;
  const height = to - from;
  const lines = visibleLines(acts, { top: from, height: height - 1 }, HEIGHTS);
  const width = (plan.textEnd + 1) * UNIT;
  const rows = lines.flatMap((line): Shape[] => {
    if (line.kind === 'act') {
      const act = acts[line.index];
      return act
        ? [groupAt(0, line.top - from, actShapes(plan, actText(act.act), { note: notes?.get(line.index) }))]
        : [];
    }
    const step = timeline.step(line.index);
    return [
      groupAt(
        0,
        line.top - from,
        stepShapes(plan, step, { number: step.index + 1, isNow: line.index === position - 1, width }),
      ),
    ];
  });
  const steps =
    count === stepCount ? `${stepCount} steps` : `steps ${first + 1} to ${first + count} of ${stepCount}`;
  const { spec } = timeline.world.profile;
  return {
    name: 'ladder',
    title: `${title}: ladder`,
    description: `${steps} under ${spec}: what guest, KVM, VMM and firmware say to each other, from the top down.`,
    width: width + 2 * MARGIN,
    height: height + HEAD + 2 * MARGIN + 18,
    shapes: [
      ...titleShapes(title, `${spec}, ${steps}`, width),
      groupAt(MARGIN, 18 + MARGIN, headShapes(plan)),
      groupAt(MARGIN, HEAD + 18 + MARGIN, [...laneShapes(plan, height), ...rows]),
    ],
  };
}
