/**
 * Runs that differ in profile, text or both: their steps in common rows, in each row who did the same, and what differs.
 * The lines of the texts are aligned first. A row belongs to such a line; inside a line to an act of the scenario or of a
 * guest program; inside that, steps of one kind and vCPU stand beside each other, so that a kernel that exits three times
 * lines up with one that exits once.
 */
import { finish, type Resumable } from '../../base/resumable';
import { compareProfiles } from '../../profiles/compare';
import type { Run } from '../../scenarios/run';
import { comparedRows, differencesOf, type FoundRow } from './comparison-rows';
import { kvmRunDifferences } from './kvm-run-differences';
import type { ComparedRow, Comparison, FieldDifference } from './model';
import { stateDifferences, worldsAt } from './state-differences';
import type { Timeline } from '../timeline/timeline';

/**
 * Compares runs.
 *
 * The order of the rows does not depend on the order of the runs: reordering the runs only renumbers them in the result.
 * @param names what the runs are called; their profiles when missing
 */
export const compare = (runs: readonly Run<Timeline>[], names?: readonly string[]): Comparison =>
  finish(compareInParts(runs, names));

/** As {@link compare}, some rows at a time. */
export function* compareInParts(
  runs: readonly Run<Timeline>[],
  names: readonly string[] = runs.map(({ profile }) => profile.spec),
): Resumable<Comparison> {
  const timelines = runs.map(({ timeline }) => timeline);
  const { lines, rows: found } = yield* comparedRows(runs);

  const places = placesOf(runs, found);
  const positionsAfter = (row: number): readonly number[] =>
    runs.map((_, run) => places.after[(row + 1) * runs.length + run] ?? 0);
  const stateAfter = (row: number): readonly FieldDifference[] =>
    stateDifferences(timelines, positionsAfter(row));
  const differencesIn = (row: FoundRow, index: number): readonly FieldDifference[] => {
    const seen = differencesOf(runs, row);
    if (row.groups.length === row.alike.length) return seen;
    const before = new Set(stateAfter(index - 1).map(differenceText));
    const partsLike = ({ values }: FieldDifference): boolean =>
      row.alike.some((runs) => runs.some((run) => values[run] !== values[runs[0] ?? run]));
    const beginToDiffer = stateAfter(index).filter(
      (difference) => partsLike(difference) && !before.has(differenceText(difference)),
    );
    return [...seen, ...beginToDiffer];
  };
  const rows = found.map((row, index) => withLazyDifferences(row, () => differencesIn(row, index)));
  const divergences = rows.flatMap(({ groups }, index) => (groups.length > 1 ? [index] : []));
  const inLaunch = (row: number): boolean => lines[rows[row]?.line ?? -1]?.line.kind === 'launch';
  const facets = compareProfiles(runs.map(({ profile }) => profile));
  const stepsOf = (row: number): readonly (number | undefined)[] => rows[row]?.steps ?? [];
  return {
    runs,
    names,
    lines,
    rows,
    divergences,
    firstDivergence: divergences.find((row) => !inLaunch(row)) ?? divergences[0],
    rowOf: (run, step) => places.rows[run]?.[step] ?? -1,
    positionsAfter,
    stateAfter,
    kvmRunDifferences: (row) =>
      [...leaving(runs, stepsOf(row))].flatMap(([vcpu, left]) =>
        left.length < 2 ? [] : kvmRunDifferences(worldsAt(timelines, positionsAfter(row)), vcpu, left),
      ),
    facetsOf: (row) => {
      const consulted = new Set(
        stepsOf(row).flatMap((step, run) =>
          step === undefined ? [] : (timelines[run]?.step(step).facets ?? []),
        ),
      );
      return facets.filter(({ name }) => consulted.has(name));
    },
  };
}

const differenceText = ({ name, values, frames }: FieldDifference): string =>
  JSON.stringify([name, values, frames]);

/** A row whose differences are computed on first access. */
function withLazyDifferences(
  { line, steps, refused, groups, uncertain }: FoundRow,
  compute: () => readonly FieldDifference[],
): ComparedRow {
  let differences: readonly FieldDifference[] | undefined;
  return {
    line,
    steps,
    refused,
    groups,
    uncertain,
    get differences() {
      return (differences ??= compute());
    },
  };
}

/** By vCPU, the runs that leave for userspace in these steps. */
function leaving(
  runs: readonly Run<Timeline>[],
  steps: readonly (number | undefined)[],
): ReadonlyMap<number, readonly number[]> {
  const left = new Map<number, number[]>();
  steps.forEach((step, run) => {
    if (step === undefined) return;
    for (const { chart, instance, event } of (runs[run] as Run<Timeline>).timeline.step(step).transitions) {
      if (chart !== 'vcpu' || event.type !== 'EXIT_TO_USERSPACE') continue;
      left.set(instance, [...(left.get(instance) ?? []), run]);
    }
  });
  return left;
}

/** By run the row of each step, and by row, from the one before the first, how many steps each run has made. */
function placesOf(
  runs: readonly Run<Timeline>[],
  rows: readonly FoundRow[],
): { readonly rows: readonly Int32Array[]; readonly after: Int32Array } {
  const count = runs.length;
  const rowOf = runs.map(({ timeline }) => new Int32Array(timeline.stepCount).fill(-1));
  const after = new Int32Array((rows.length + 1) * count);
  rows.forEach(({ steps }, row) => {
    for (let run = 0; run < count; run++) {
      const step = steps[run];
      if (step !== undefined) (rowOf[run] as Int32Array)[step] = row;
      after[(row + 1) * count + run] = step === undefined ? (after[row * count + run] as number) : step + 1;
    }
  });
  return { rows: rowOf, after };
}
