/** The row of a comparison that answers its question: where a guest or a VMM is first told another thing. */
import { moveKinds, moveText, type MoveKind } from '../engine/moves';
import { isLaunchRow } from '../recording/comparison/lines';
import type { Comparison } from '../recording/comparison/model';

/**
 * The first row in which a guest or a VMM is told another thing than in another run: in the line that the last note of the
 * scenario introduces, else in any line; where there is none, the first row in which the runs differ. `launch standard`
 * counts where they differ nowhere else.
 */
export function decisiveRow(comparison: Comparison): number | undefined {
  const { lines: compared, rows, divergences, firstDivergence } = comparison;
  if (firstDivergence === undefined || isLaunchRow(comparison, firstDivergence)) return firstDivergence;
  const told = divergences.filter((row) => !isLaunchRow(comparison, row) && isTold(comparison, row));
  const lines = compared.map(({ line }) => line);
  const note = lines.findLastIndex(({ kind }) => kind === 'note');
  const introduced = lines.findIndex(({ kind }, at) => at > note && (kind === 'act' || kind === 'runUntil'));
  return told.find((row) => note >= 0 && rows[row]?.line === introduced) ?? told[0] ?? firstDivergence;
}

/** Whether some run tells its guest or its VMM something in a row. */
export const isTold = (comparison: Comparison, row: number): boolean =>
  comparison.runs.some((_, run) => toldIn(comparison, row, run) !== undefined);

/** What a run tells its guest or its VMM in a row, in words. */
export function toldIn({ runs, rows }: Comparison, row: number, run: number): string | undefined {
  const step = rows[row]?.steps[run];
  const move = step === undefined ? undefined : runs[run]?.timeline.step(step).move;
  if (!move) return undefined;
  const { from, to }: MoveKind = moveKinds[move.kind];
  return from !== to && (to === 'guest' || to === 'vmm') ? moveText(move).replace(/\.$/, '') : undefined;
}
