/** A run as JSON lines: one run is a recording, several are a comparison, a line for each of its rows. */
import { version } from '../../package.json';
import { mapped, type Resumable } from '../base/resumable';
import { comparedLineText, isOneText } from '../recording/comparison/lines';
import type { ComparedRow, Comparison } from '../recording/comparison/model';
import { writeRecording } from '../recording/file/file';
import type { Timeline } from '../recording/timeline/timeline';
import { printScenario } from '../scenarios/print';
import type { Run } from '../scenarios/run';
import type { Exported } from './exported';
import { differencesOf, ROWS_IN_PART, rowTexts } from './row-text';

/** A recording of one run, which `verify` reads; the comparison of several. */
export function* runsJsonl(exported: Exported): Resumable<string> {
  const [first, ...others] = exported.runs;
  if (!first) return '';
  if (others.length === 0) return yield* runJsonl(first);
  return `${(yield* comparisonLines(exported.comparison)).join('\n')}\n`;
}

/** The recording of a run: what `verify` reads. */
export function* runJsonl(run: Run<Timeline>): Resumable<string> {
  const header = { engine: version, profile: run.profile.spec, scenario: printScenario(run.scenario) };
  return yield* writeRecording(run.timeline, header);
}

/** The rows of a comparison: who did the same, in words, and what differs; then the state that differs in the end. */
function* comparisonLines(comparison: Comparison): Resumable<string[]> {
  const { runs, rows, firstDivergence, divergences } = comparison;
  const scenario = runs[0]?.scenario;
  const head = {
    type: 'comparison',
    profiles: runs.map((run) => run.profile.spec),
    ...(isOneText(comparison)
      ? { scenario: scenario ? printScenario(scenario) : '' }
      : { names: comparison.names, scenarios: runs.map((run) => printScenario(run.scenario)) }),
    rows: rows.length,
    divergences: divergences.length,
    firstDivergence: firstDivergence ?? null,
  };
  yield* differencesOf(comparison);
  const lineOf = (row: ComparedRow, index: number): string => {
    const { line, steps, groups, uncertain, differences } = row;
    const equal = groups.length === 1;
    return json({
      type: 'row',
      row: index,
      line: comparedLineText(comparison, line),
      equal,
      steps: steps.map((step) => step ?? null),
      ...(equal ? {} : { groups }),
      texts: rowTexts(comparison, row).texts.map(({ runs: of, text, findings }) => ({
        runs: of,
        text,
        findings,
      })),
      ...(differences.length === 0 ? {} : { differences: differences.map(nulled) }),
      ...(uncertain.length === 0 ? {} : { uncertain }),
    });
  };
  const lines = yield* mapped(rows, lineOf, ROWS_IN_PART);
  const state = comparison.stateAfter(rows.length - 1).map(nulled);
  const ends: string[] = [];
  for (const { profile, timeline, expectations, problems } of runs) {
    ends.push(
      json({
        type: 'end',
        profile: profile.spec,
        steps: timeline.stepCount,
        failed: expectations.filter(({ ok }) => !ok),
        problems,
        digest: yield* timeline.digestInParts(),
      }),
    );
  }
  return [json(head), ...lines, json({ type: 'state', differences: state }), ...ends];
}

/** What stands in these lines has no 64-bit words. */
const json = (value: object): string => JSON.stringify(value);

/** JSON has no undefined. */
const nulled = ({ values, ...rest }: Comparison['rows'][number]['differences'][number]): object => ({
  ...rest,
  values: values.map((value) => value ?? null),
});
