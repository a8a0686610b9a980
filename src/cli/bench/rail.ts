/** The rail of a long run: what drawing it costs beside one pass over all that stands on it. */
import { layoutRail, wholeRail } from '../../drawings/rail';
import { leavesKvm } from '../../engine/moves';
import type { Timeline } from '../../recording/timeline/timeline';
import { count, fastest, line, milliseconds, part } from './measure';

const WIDTH = 1100;
const REPEATS = 1000;

export function benchRail(timeline: Timeline): void {
  const { stepCount } = timeline;
  const exits: number[] = [];
  for (let step = 0; step < stepCount; step++) {
    const kind = timeline.moveKind(step);
    if (kind && leavesKvm(kind)) exits.push(step);
  }
  const actStarts = timeline.acts.map(({ firstStep }) => firstStep);
  const content = { actStarts, exits, findings: [], divergences: [], notes: [] };
  const whole = wholeRail(stepCount);
  const drawn = fastest(
    () => {
      for (let i = 0; i < REPEATS; i++) layoutRail(content, whole, WIDTH);
    },
    { warm: 1, runs: 3 },
  );
  let sum = 0;
  const pass = fastest(
    () => {
      for (const steps of [actStarts, exits]) for (const step of steps) sum += step;
    },
    { warm: 3, runs: 10 },
  );
  part('The rail of the whole run');
  line('acts and exits on it', count(actStarts.length + exits.length), `sum ${count(sum)}`);
  line('laid out', milliseconds(drawn / REPEATS), `one pass over them ${milliseconds(pass)}`);
}
