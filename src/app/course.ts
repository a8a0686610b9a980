/**
 * A course is what the page steps through: the steps of one run, or the rows that several runs have in common. A place is
 * the number of steps or rows that have been made.
 */
import type { Resumable } from '../base/resumable';
import type { Comparison } from '../recording/comparison/model';
import { findingGlyph, findingWord, stepSentence } from '../views/shared/words';
import { expectationsOf, type ShownExpectation } from './expectations';
import type { ShownRun } from './shown-run';
import { landmarksOf, type Landmarks } from './steps';

/** A finding at a place, as the outline lists it. */
export interface ShownFinding {
  readonly place: number;
  /** Sort order in the outline: rows in which runs begin to differ, such rows inside a launch line, all other findings. */
  readonly rank: 0 | 1 | 2;
  readonly sign: string;
  /** What sort of finding it is. */
  readonly word: string;
  readonly text: string;
  /** Letters of the runs in which it was found; empty when it was all of them. */
  readonly letters: string;
}

/** The steps or rows, and what is found along them. */
export interface Course {
  readonly runs: readonly ShownRun[];
  /** Set when several runs are shown side by side. */
  readonly comparison?: Comparison;
  /** Places after the first: steps or rows. */
  readonly length: number;
  readonly landmarks: Landmarks;
  readonly findings: readonly ShownFinding[];
  readonly expectations: readonly ShownExpectation[];
  /** What has just happened at a place, for screen readers and the rail. */
  sentence(place: number): string;
  /** Steps that each run has made at a place. */
  positions(place: number): readonly number[];
  /** The first place at which a run has made so many steps. */
  placeOf(run: number, position: number): number;
}

/** The steps of one run. */
export function* courseOf(run: ShownRun): Resumable<Course> {
  const { timeline } = run;
  const landmarks = yield* landmarksOf(timeline);
  return {
    runs: [run],
    length: timeline.stepCount,
    landmarks,
    findings: timeline.findings().map(({ step, finding }) => ({
      place: step + 1,
      rank: 2,
      sign: findingGlyph[finding.kind],
      word: findingWord[finding.kind],
      text: finding.text,
      letters: '',
    })),
    expectations: expectationsOf(run),
    sentence: (place) =>
      place === 0 ? 'Before step 1.' : stepSentence(timeline.step(place - 1), timeline.stepCount),
    positions: (place) => [place],
    placeOf: (_, position) => position,
  };
}
