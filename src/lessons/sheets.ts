/** What a screen shows on paper: its place in the run, the right answers and the claims, all from runs. */
import type { Resumable } from '../base/resumable';
import { compareInParts } from '../recording/comparison/comparison';
import type { Comparison } from '../recording/comparison/model';
import { checkedClaims, type CheckedClaim } from './claims';
import type { Block, Lesson, Screen } from './lesson';
import { predictionOf, type Prediction } from './predict';
import type { LessonRun, LessonRuns } from './runs';
import { positionOf } from './where';

export interface Sheet {
  readonly screen: Screen;
  /** The run under the first profile; missing where the scenario of the screen cannot be run. */
  readonly run: LessonRun | undefined;
  /** Of all profiles of the screen, where it names several. */
  readonly comparison: Comparison | undefined;
  /** Steps made where the screen stands: rows, where there is a comparison. */
  readonly position: number;
  readonly predictions: ReadonlyMap<Block, Prediction>;
  readonly claims: ReadonlyMap<Block, readonly CheckedClaim[]>;
}

/** @yields between its parts. A screen with mistakes has what is sound of it. */
export function* sheetsOf(lesson: Lesson, runs: LessonRuns): Resumable<readonly Sheet[]> {
  const sheets: Sheet[] = [];
  for (const screen of lesson.screens) {
    sheets.push(yield* sheetOf(screen, runs));
    yield;
  }
  return sheets;
}

function* sheetOf(screen: Screen, runs: LessonRuns): Resumable<Sheet> {
  const predictions = new Map<Block, Prediction>();
  const claims = new Map<Block, readonly CheckedClaim[]>();
  for (const block of screen.blocks) {
    if (block.kind === 'predict') {
      const prediction = yield* predictionOf(runs, block, screen);
      if (prediction.ok) predictions.set(block, prediction.value);
    } else if (block.kind === 'check') claims.set(block, (yield* checkedClaims(runs, block, screen)).checked);
  }
  const made: LessonRun[] = [];
  const scenario = runs.scenarioOf(screen.setting.scenario);
  for (const spec of scenario.ok ? runs.profilesOf(screen.setting, scenario.value) : []) {
    const run = yield* runs.run(screen.setting, spec);
    if (run.ok) made.push(run.value);
  }
  const [run] = made;
  const comparison = made.length > 1 ? yield* compareInParts(made) : undefined;
  const place = run && (yield* positionOf(run, screen.where, comparison));
  const steps = place?.ok ? place.value : 0;
  const position = comparison && steps > 0 ? comparison.rowOf(0, steps - 1) + 1 : steps;
  return { screen, run, comparison, position, predictions, claims };
}
