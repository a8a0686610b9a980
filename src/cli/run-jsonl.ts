/** A run as JSON lines: one run is a recording, several are a comparison. */
import { version } from '../../package.json';
import { writeRecording } from '../recording/file';
import type { Timeline } from '../recording/timeline';
import { compareRuns } from '../scenarios/compare';
import { printScenario } from '../scenarios/print';
import type { Run } from '../scenarios/run';
import { json } from './io';
import { lineText } from './run-text';

/** The recording of a run: what `verify` reads. */
export function runJsonl(run: Run<Timeline>): string {
  const header = { engine: version, profile: run.profile.spec, scenario: printScenario(run.scenario) };
  return writeRecording(run.timeline, header);
}

/** Where several runs part, one line for each line of the scenario that does something. */
export function comparisonJsonl(runs: readonly Run<Timeline>[]): string[] {
  const profiles = runs.map((run) => run.profile.spec);
  const scenario = runs[0] ? printScenario(runs[0].scenario) : '';
  const lines = compareRuns(runs).map((comparison) => {
    const line = runs[0]?.scenario.lines[comparison.line];
    const { same, moves, visible, firstDifference } = comparison;
    const text = line ? lineText(line) : '';
    return json({
      type: 'line',
      line: comparison.line,
      text,
      same,
      ...(same ? {} : { firstDifference, moves, visible }),
    });
  });
  const ends = runs.map((run) => {
    const failed = run.expectations.filter(({ ok }) => !ok);
    return json({
      type: 'end',
      profile: run.profile.spec,
      steps: run.timeline.stepCount,
      failed,
      digest: run.timeline.digest(),
    });
  });
  return [json({ type: 'comparison', profiles, scenario }), ...lines, ...ends];
}
