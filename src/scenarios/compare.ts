/** Two or more runs of one scenario side by side: where they do the same, and where they part first. */
import { moveText } from '../engine/moves';
import type { Run } from './run';
import type { Tape } from './tape';

/** One line of the scenario in every run. */
export interface LineComparison {
  /** Index of the line in the scenario. */
  readonly line: number;
  readonly same: boolean;
  /** What happened in each run, in the order of the runs. */
  readonly moves: readonly (readonly string[])[];
  /** Index of the first move that is not the same in all runs; -1 when only what can be seen at the end differs. */
  readonly firstDifference: number;
  /** What guest and VMM can see afterwards, where it differs, in the order of the runs. */
  readonly visible: readonly (readonly string[])[];
}

/** The moves that a line caused, as the ladder prints them. */
export function movesOfLine(run: Run<Tape>, line: number): string[] {
  const { firstAct = 0, endAct = 0 } = run.lines[line] ?? {};
  return run.timeline.acts.slice(firstAct, endAct).flatMap((act) => {
    const moves: string[] = [];
    for (let step = act.firstStep; step < act.firstStep + act.stepCount; step++) {
      const { move } = run.timeline.step(step);
      if (move) moves.push((move.vcpu < 0 ? '' : `v${move.vcpu}: `) + moveText(move));
    }
    return act.refused === undefined ? moves : [...moves, `not possible: ${act.refused}`];
  });
}

function firstDifference(moves: readonly (readonly string[])[]): number {
  const longest = Math.max(...moves.map((list) => list.length));
  for (let at = 0; at < longest; at++) {
    if (moves.some((list) => list[at] !== moves[0]?.[at])) return at;
  }
  return -1;
}

function differingVisible(runs: readonly Run<Tape>[], line: number): string[][] {
  const all = runs.map((run) => run.lines[line]?.visible ?? []);
  const count = Math.max(...all.map((list) => list.length));
  const rows = Array.from({ length: count }, (_, i) => all.map((list) => (list[i] ?? '').split(' ')));
  const differing = rows.map((cells) => {
    const words = Math.max(...cells.map((cell) => cell.length));
    const places = Array.from({ length: words }, (_, i) => i).filter((i) =>
      cells.some((c) => c[i] !== cells[0]?.[i]),
    );
    return cells.map((cell) =>
      places.length === 0 ? '' : [cell[0], ...places.map((i) => cell[i])].join(' '),
    );
  });
  return runs.map((_, run) => differing.map((cells) => cells[run] ?? '').filter((text) => text !== ''));
}

/** Every line that does something, compared. The runs must be of the same scenario. */
export function compareRuns(runs: readonly Run<Tape>[]): LineComparison[] {
  const lines = runs[0]?.scenario.lines ?? [];
  return lines.flatMap((line, index): LineComparison[] => {
    if (line.kind !== 'act' && line.kind !== 'launch' && line.kind !== 'runUntil') return [];
    const moves = runs.map((run) => movesOfLine(run, index));
    const visible = differingVisible(runs, index);
    const first = firstDifference(moves);
    const same = first < 0 && visible.every((list) => list.length === 0);
    return [{ line: index, same, moves, firstDifference: first, visible }];
  });
}
