/** The lines of a statechart as SVG path data. */
import { path } from 'd3';
import type { Box, Point } from './chart-layout';

const CORNER = 5;
const HEAD_LENGTH = 7;
const HEAD_HALF_WIDTH = 3.5;

const between = (from: Point, to: Point, distance: number): Point => {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(distance / length, 0.5);
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
};

/** A bent line with small rounded corners. */
export function arrowPath(points: readonly Point[]): string {
  const line = path();
  points.forEach((point, i) => {
    const next = points[i + 1];
    const last = points[i - 1];
    if (!last) line.moveTo(point.x, point.y);
    else if (!next) line.lineTo(point.x, point.y);
    else {
      const [enter, leave] = [between(point, last, CORNER), between(point, next, CORNER)];
      line.lineTo(enter.x, enter.y);
      line.quadraticCurveTo(point.x, point.y, leave.x, leave.y);
    }
  });
  return line.toString();
}

/** The head at the end of an arrow. */
export function headPath(points: readonly Point[]): string {
  const tip = points.at(-1);
  const from = points.at(-2);
  if (!tip || !from) return '';
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  const [dx, dy] = [(tip.x - from.x) / length, (tip.y - from.y) / length];
  const base = { x: tip.x - dx * HEAD_LENGTH, y: tip.y - dy * HEAD_LENGTH };
  const line = path();
  line.moveTo(tip.x, tip.y);
  line.lineTo(base.x - dy * HEAD_HALF_WIDTH, base.y + dx * HEAD_HALF_WIDTH);
  line.lineTo(base.x + dy * HEAD_HALF_WIDTH, base.y - dx * HEAD_HALF_WIDTH);
  line.closePath();
  return line.toString();
}

/** A loop at the upper right corner of a state: an event was taken and the state stayed. */
export function loopPath({ x, y, width }: Box): { readonly line: string; readonly head: string } {
  const right = x + width;
  const points = [
    { x: right - 16, y },
    { x: right - 16, y: y - 11 },
    { x: right + 11, y: y - 11 },
    { x: right + 11, y: y + 12 },
    { x: right, y: y + 12 },
  ];
  return { line: arrowPath(points), head: headPath(points) };
}
