/** The memory map in a browser: what drawing it costs beside putting the same bytes on a canvas. */
import { OverviewPainter, planOverview, summaryCount } from '../../drawings/page-overview';
import type { Timeline } from '../../recording/timeline/timeline';
import { line, milliseconds, part, sequence } from './measure';

/** Puts rows of a picture on a canvas, as the page does. */
export type PutRows = (
  pixels: Uint32Array,
  size: { readonly columns: number; readonly rows: number },
  from: number,
  to: number,
) => void;

const REPEATS = 1000;
/** Entries of the largest page state change: one page each. */
const BATCH = 253;

const average = (run: (turn: number) => void): number => {
  for (let i = 0; i < 20; i++) run(i);
  const start = performance.now();
  for (let i = 0; i < REPEATS; i++) run(i);
  return (performance.now() - start) / REPEATS;
};

export function benchMap(timeline: Timeline, put: PutRows): void {
  const { world } = timeline;
  const plan = planOverview({ first: 0, count: world.config.gfnCount });
  const palette = Uint32Array.from({ length: summaryCount }, (_, i) => 0xff000000 + i * 0x1f3f2f);
  const painter = new OverviewPainter(plan, palette);
  const all = average(() => {
    painter.paint(world);
    put(painter.pixels, plan, 0, plan.rows);
  });
  const peer = average(() => put(painter.pixels, plan, 0, plan.rows));
  const random = sequence(7);
  const frames = (): { first: number; count: number } => ({
    first: random(world.config.gfnCount - BATCH),
    count: BATCH,
  });
  const batch = average(() => {
    const rows = painter.paintFrames(world, frames());
    if (rows) put(painter.pixels, plan, rows.from, rows.to);
  });
  part('The memory map');
  line('full redraw', milliseconds(all), `bar 4 ms; putImageData of the same bytes ${milliseconds(peer)}`);
  line('one batch of 253 pages', milliseconds(batch), 'bar 0.15 ms of script');
}
