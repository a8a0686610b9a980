/**
 * A course is what the page steps through: the steps of one run, or the rows that several runs have in common. A place is
 * the number of steps or rows that have been made.
 */
import type { Resumable } from '../base/resumable';
import type { Fold } from '../drawings/folds';
import type { Comparison } from '../recording/comparison/model';
import { actText, findingGlyph, findingWord, stepSentence } from '../views/shared/words';
import type { ListedFinding } from '../views/outline/finding-groups';
import { expectationsOf, type ShownExpectation } from './expectations';
import type { ShownRun } from './shown-run';
import type { Landmarks } from './landmarks';
import { landmarksOf } from './steps';

/** The steps or rows, and what is found along them. */
export interface Course {
  readonly runs: readonly ShownRun[];
  /** Set when several runs are shown side by side. */
  readonly comparison?: Comparison;
  /** Places after the first: steps or rows. */
  readonly length: number;
  readonly landmarks: Landmarks;
  /** Parts that can be drawn as one row, in order: a launch as a whole, every other act. */
  readonly foldable: readonly Fold[];
  /** Phases of the first run, with the place of the first step of each. */
  readonly phases: readonly { readonly name: string; readonly place: number }[];
  readonly findings: readonly ListedFinding[];
  readonly expectations: readonly ShownExpectation[];
  /** What has just happened at a place, for screen readers and the rail. */
  sentence(place: number): string;
  /** Steps that each run has made at a place. */
  positions(place: number): readonly number[];
  /** The first place at which a run has made so many steps. */
  placeOf(run: number, position: number): number;
}

/** Acts that are read in one part of the work. */
const ACTS_IN_PART = 1024;

function* foldableOf({ timeline, lines, scenario }: ShownRun): Resumable<readonly Fold[]> {
  const parts: Fold[] = [];
  const launches = lines.filter((_, line) => scenario.lines[line]?.kind === 'launch');
  for (const [index, { act, firstStep, stepCount }] of timeline.acts.entries()) {
    if (index % ACTS_IN_PART === 0) yield;
    if (stepCount === 0) continue;
    const end = firstStep + stepCount;
    const launch = launches.find(({ firstAct, endAct }) => index >= firstAct && index < endAct);
    const last = parts.at(-1);
    if (launch && last?.isLaunch) parts[parts.length - 1] = { ...last, end };
    else
      parts.push({
        first: firstStep,
        end,
        text: launch ? 'launch standard' : actText(act),
        isLaunch: !!launch,
      });
  }
  return parts;
}

/** The steps of one run. */
export function* courseOf(run: ShownRun): Resumable<Course> {
  const { timeline } = run;
  const { landmarks, phases } = yield* landmarksOf(timeline);
  const foldable = yield* foldableOf(run);
  const launches = foldable.filter((fold) => fold.isLaunch);
  return {
    runs: [run],
    length: timeline.stepCount,
    landmarks,
    phases: phases.map(({ name, firstStep }) => ({ name, place: firstStep + 1 })),
    foldable,
    findings: timeline.findings().map(({ step, finding }) => ({
      place: step + 1,
      isSplit: false,
      inLaunch: launches.some(({ first, end }) => step >= first && step < end),
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
