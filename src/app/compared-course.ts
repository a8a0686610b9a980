/** The course of a comparison: the rows that several runs have in common. */
import { mapped, type Resumable } from '../base/resumable';
import { letterRanges, lettersOf, partings, rowGroups } from '../drawings/compared-rows';
import { isLaunchRow } from '../recording/comparison/lines';
import type { Comparison } from '../recording/comparison/model';
import { groupTexts } from '../drawings/compared-words';
import { rowSentence } from '../views/compare/words';
import type { ListedFinding } from '../views/outline/finding-groups';
import type { Course } from './course';
import type { ShownExpectation } from './expectations';
import type { Landmarks } from './landmarks';

/** @param comparison of at least two runs @param alone the course of each run */
export function* comparedCourse(comparison: Comparison, alone: readonly Course[]): Resumable<Course> {
  const { runs, rows } = comparison;
  const placeOf = (run: number, position: number): number =>
    position === 0 ? 0 : comparison.rowOf(run, position - 1) + 1;
  const splits = partings(comparison);
  const findings = [
    ...(yield* mapped(splits, (row) => splitFinding(comparison, row), 1)),
    ...merged(
      alone.map(({ findings: own }, run) => own.map((one) => ({ ...one, place: placeOf(run, one.place) }))),
      (one) => `${one.place} ${one.word} ${one.text}`,
    ).map(({ one, letters }): ListedFinding => ({ ...one, letters })),
  ].sort((a, b) => a.place - b.place);
  return {
    runs,
    comparison,
    length: rows.length,
    landmarks: comparedLandmarks(
      alone.map(({ landmarks }) => landmarks),
      comparison,
    ),
    phases: (alone[0]?.phases ?? []).map(({ name, place }) => ({ name, place: placeOf(0, place) })),
    foldable: (alone[0]?.foldable ?? []).map((fold, at, all) => ({
      ...fold,
      first: comparison.rowOf(0, fold.first),
      // Rows that only other runs have belong to the part above them.
      end: all[at + 1] === undefined ? rows.length : comparison.rowOf(0, all[at + 1]?.first ?? 0),
    })),
    findings,
    expectations: merged(
      alone.map(({ expectations }, run) =>
        expectations.map((one) => ({ ...one, place: placeOf(run, one.place) })),
      ),
      (one) => `${one.place} ${one.text}`,
    ).map(({ one, letters }): ShownExpectation => ({
      ...one,
      text: letters === '' ? one.text : `${letters}: ${one.text}`,
    })),
    sentence: (place) => (place === 0 ? 'Before step 1.' : rowSentence(comparison, place - 1)),
    positions: (place) => comparison.positionsAfter(place - 1),
    placeOf,
  };
}

function splitFinding(comparison: Comparison, row: number): ListedFinding {
  const of = comparison.rows[row];
  const groups = of ? rowGroups(comparison, of) : [];
  const letters = groups.map(({ runs }) => letterRanges(runs)).join(' | ');
  return {
    place: row + 1,
    isSplit: true,
    inLaunch: isLaunchRow(comparison, row),
    sign: '◆',
    word: 'They differ',
    text: groupTexts(comparison, row, groups).join(' / '),
    letters,
  };
}

/** Equal entries of several runs, once, with the letters of the runs that have them. */
function merged<T>(
  lists: readonly (readonly T[])[],
  keyOf: (one: T) => string,
): { readonly one: T; readonly letters: string }[] {
  const found = new Map<string, { one: T; runs: number[] }>();
  lists.forEach((list, run) => {
    for (const one of list) {
      const key = keyOf(one);
      const same = found.get(key);
      if (!same) found.set(key, { one, runs: [run] });
      else if (!same.runs.includes(run)) same.runs.push(run);
    }
  });
  return [...found.values()].map(({ one, runs }) => ({ one, letters: lettersOf(runs, lists.length) }));
}

/** The landmarks of all runs, as rows. */
function comparedLandmarks(ofRuns: readonly Landmarks[], comparison: Comparison): Landmarks {
  const rowsOf = (stepsOf: (of: Landmarks) => readonly number[]): number[] =>
    ofRuns.flatMap((of, run) => stepsOf(of).map((step) => comparison.rowOf(run, step)));
  const inOrder = (rows: readonly number[]): readonly number[] => [...new Set(rows)].sort((a, b) => a - b);
  const divergences = partings(comparison);
  return {
    findings: inOrder([...rowsOf((of) => of.findings), ...divergences]),
    exits: inOrder(rowsOf((of) => of.exits)),
    actStarts: inOrder(rowsOf((of) => of.actStarts)),
    phases: inOrder((ofRuns[0]?.phases ?? []).map((step) => comparison.rowOf(0, step))),
    divergences,
  };
}
