/** The rail under the page: every step of a run on one line, findings on it, branches below it. */
/** What stands on the rail. */
export interface RailContent {
  /** Steps of the run. */
  readonly stepCount: number;
  /** First step of every act that has steps. */
  readonly actStarts: readonly number[];
  /** Steps with a finding, in order. */
  readonly findings: readonly number[];
  /** Steps at which several runs begin to differ, in order. */
  readonly divergences: readonly number[];
}

export interface RailMark {
  readonly x: number;
  /** Position that a click on it goes to: the step has just been taken. */
  readonly position: number;
  /** Dots, ticks, full diamonds and open ones. */
  readonly kind: 'step' | 'act' | 'finding' | 'divergence';
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

// One line of arithmetic: d3-scale would bring 12 kB of colours and formats into the first load.
const lengthOf = (width: number): number => Math.max(1, width - 2 * MARGIN);

/** Where a position stands. */
export const railX = (stepCount: number, width: number, position: number): number =>
  MARGIN + (lengthOf(width) * Math.max(0, Math.min(position, stepCount))) / Math.max(1, stepCount);

/** The position nearest to a place on the rail. */
export const railPosition = (stepCount: number, width: number, x: number): number =>
  Math.round((stepCount * Math.max(0, Math.min(x - MARGIN, lengthOf(width)))) / lengthOf(width));

/** Puts a run on a rail of `width` pixels: dots while there is room, then ticks for acts, then nothing but the line. */
export function layoutRail(
  { stepCount, actStarts, findings, divergences }: RailContent,
  width: number,
): Rail {
  const start = railX(stepCount, width, 0);
  const end = MARGIN + lengthOf(width);
  const gap = (count: number) => (end - start) / Math.max(1, count);
  const at = (step: number, kind: RailMark['kind']): RailMark => ({
    x: railX(stepCount, width, step + 1),
    position: step + 1,
    kind,
  });
  const marks: RailMark[] = [];
  if (gap(stepCount) >= LEAST_DOT_GAP) {
    for (let step = 0; step < stepCount; step++) marks.push(at(step, 'step'));
  } else if (gap(actStarts.length) >= LEAST_TICK_GAP) {
    for (const step of actStarts) marks.push(at(step, 'act'));
  }
  const parting = new Set(divergences);
  let last = -Infinity;
  for (const step of [...new Set([...findings, ...divergences])].sort((a, b) => a - b)) {
    const mark = at(step, parting.has(step) ? 'divergence' : 'finding');
    if (mark.x - last < LEAST_TICK_GAP) continue; // the same diamond
    marks.push(mark);
    last = mark.x;
  }
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
export function layoutHits(hits: readonly number[], stepCount: number, width: number): readonly RailHits[] {
  const strokes: { x: number; length: number }[] = [];
  for (const step of hits) {
    const x = railX(stepCount, width, step + 1) - HIT_WIDTH / 2;
    const last = strokes.at(-1);
    if (last && x <= last.x + last.length + 1) last.length = x + HIT_WIDTH - last.x;
    else strokes.push({ x, length: HIT_WIDTH });
  }
  return strokes;
}
