/** The `?` lines of a scenario, as the outline shows them. */
import type { ShownRun } from './shown-run';

export interface ShownExpectation {
  readonly text: string;
  readonly met: boolean;
  /** Where it was asked. */
  readonly place: number;
}

/** What the scenario expected of a run, and whether it was so. Places are positions of that run. */
export function expectationsOf({
  scenario,
  lines,
  expectations,
  timeline,
}: ShownRun): readonly ShownExpectation[] {
  return expectations.map(({ line, ok: met, actual }) => {
    const written = scenario.lines[line];
    const last = timeline.acts[(lines[line]?.endAct ?? 1) - 1];
    const text = `${written?.kind === 'expect' ? written.text : ''}${met ? '' : `, is ${actual}`}`;
    return { text, met, place: last ? last.firstStep + last.stepCount : 0 };
  });
}
