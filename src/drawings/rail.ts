/** The rail under the page: the steps of a run on one line, at any zoom, with what is worth going to. */
import { firstFrom } from '../base/order';

/** What stands on the rail; steps in order. */
export interface RailContent {
  /** First step of every act that has steps. */
  readonly actStarts: readonly number[];
  /** Steps that leave KVM for the VMM. */
  readonly exits: readonly number[];
  /** Steps with a finding. */
  readonly findings: readonly number[];
  /** Steps at which several runs begin to differ. */
  readonly divergences: readonly number[];
  /** First steps of acts that have a note. */
  readonly notes: readonly number[];
}

/** The positions that the rail shows, from its left end to its right end. */
export interface RailWindow {
  readonly from: number;
  readonly to: number;
}

export interface RailMark {
  readonly x: number;
  /** Position that a click on it goes to: the step has just been taken. */
  readonly position: number;
  /** Dots and ticks on the line, ticks below it, flags above it, full diamonds and open ones. */
  readonly kind: 'step' | 'act' | 'exit' | 'note' | 'finding' | 'divergence';
  /** How many are drawn as this one. */
  readonly count: number;
}

export interface Rail {
  /** Left and right end of the line. */
  readonly start: number;
  readonly end: number;
  readonly marks: readonly RailMark[];
}

const MARGIN = 10;
/** Pixels between two marks below which they are drawn together. */
const LEAST_DOT_GAP = 9;
const LEAST_TICK_GAP = 4;
/** Positions of the narrowest window. */
const LEAST_WINDOW = 16;

export const wholeRail = (stepCount: number): RailWindow => ({ from: 0, to: Math.max(1, stepCount) });

// One line of arithmetic: d3-scale would bring 12 kB of colours and formats into the first load.
const lengthOf = (width: number): number => Math.max(1, width - 2 * MARGIN);
const inside = ({ from, to }: RailWindow, position: number): number => Math.max(from, Math.min(position, to));

/** Where a position stands; at an end of the line when it is outside. */
export const railX = (shown: RailWindow, width: number, position: number): number =>
  MARGIN + (lengthOf(width) * (inside(shown, position) - shown.from)) / (shown.to - shown.from);

/** The position nearest to a place on the rail. */
export const railPosition = ({ from, to }: RailWindow, width: number, x: number): number =>
  Math.round(from + ((to - from) * Math.max(0, Math.min(x - MARGIN, lengthOf(width)))) / lengthOf(width));

/**
 * A window closer to the run or wider, in which a position stays where it is.
 * @param by doublings: 1 shows half as many positions, -1 twice as many
 * @returns undefined when it is the whole run
 */
export function zoomed(
  { from, to }: RailWindow,
  { by, around, stepCount }: { readonly by: number; readonly around: number; readonly stepCount: number },
): RailWindow | undefined {
  const length = Math.max(LEAST_WINDOW, Math.round((to - from) / 2 ** by));
  if (length >= stepCount) return undefined;
  const share = (inside({ from, to }, around) - from) / (to - from);
  return startingAt(Math.round(around - share * length), length, stepCount);
}

/** The window that has a position: the same one, or one of the same length around it. */
export function following(shown: RailWindow, position: number, stepCount: number): RailWindow {
  if (position >= shown.from && position <= shown.to && shown.to <= stepCount) return shown;
  const length = Math.min(shown.to - shown.from, Math.max(1, stepCount));
  return startingAt(Math.round(position - length / 2), length, stepCount);
}

function startingAt(start: number, length: number, stepCount: number): RailWindow {
  const from = Math.max(0, Math.min(start, stepCount - length));
  return { from, to: from + length };
}

/**
 * One mark for all steps that would stand closer than a gap. The place of the next one is searched by halves, so that the work
 * follows the width and not the run, at every zoom, without a summary that must be kept beside the steps.
 */
function marksOf(
  kind: RailMark['kind'],
  steps: readonly number[],
  shown: RailWindow,
  width: number,
  gap = LEAST_TICK_GAP,
): RailMark[] {
  const marks: RailMark[] = [];
  const end = firstFrom(steps, shown.to);
  const stepsInGap = (gap * (shown.to - shown.from)) / lengthOf(width);
  for (let at = firstFrom(steps, shown.from - 1); at < end;) {
    const step = steps[at] as number;
    const next = Math.max(at + 1, firstFrom(steps, step + stepsInGap));
    marks.push({
      x: railX(shown, width, step + 1),
      position: step + 1,
      kind,
      count: Math.min(next, end) - at,
    });
    at = next;
  }
  return marks;
}

/** Puts a part of a run on a rail of `width` pixels: a dot for each step while there is room, and all that is worth going to. */
export function layoutRail(content: RailContent, shown: RailWindow, width: number): Rail {
  const { actStarts, exits, findings, divergences, notes } = content;
  const [start, end] = [MARGIN, MARGIN + lengthOf(width)];
  const hasRoom = (end - start) / (shown.to - shown.from) >= LEAST_DOT_GAP;
  const dots = hasRoom
    ? Array.from({ length: Math.max(0, shown.to - shown.from) }, (_, i): RailMark => {
        const position = Math.floor(shown.from) + i + 1;
        return { x: railX(shown, width, position), position, kind: 'step', count: 1 };
      })
    : [];
  const partings = marksOf('divergence', divergences, shown, width);
  const isParting = ({ x }: RailMark): boolean =>
    partings.some((one) => Math.abs(one.x - x) < LEAST_TICK_GAP);
  const marks = [
    ...dots,
    ...marksOf('act', actStarts, shown, width),
    ...marksOf('exit', exits, shown, width),
    ...marksOf('note', notes, shown, width),
    ...marksOf('finding', findings, shown, width).filter((mark) => !isParting(mark)),
    ...partings,
  ];
  return { start, end, marks };
}

/** A stroke under the line, for hits that stand together. */
export interface RailHits {
  readonly x: number;
  /** Pixels. */
  readonly length: number;
}

/** Pixels of a stroke for one hit. */
const HIT_WIDTH = 3;

/** Strokes for the steps that a filter means; those that would touch are one. @param hits steps, in order */
export function layoutHits(hits: readonly number[], shown: RailWindow, width: number): readonly RailHits[] {
  const strokes: { x: number; length: number }[] = [];
  for (const { x: middle } of marksOf('step', hits, shown, width, 1)) {
    const x = middle - HIT_WIDTH / 2;
    const last = strokes.at(-1);
    if (last && x <= last.x + last.length + 1) last.length = x + HIT_WIDTH - last.x;
    else strokes.push({ x, length: HIT_WIDTH });
  }
  return strokes;
}
