/** Diagnoses as lines of text, and as plain values for programs. */
import { sourceText, type Source } from '../../abi/source';
import { wrap } from '../../base/text';
import { printScenario } from '../../scenarios/print';
import type { Diagnosis } from './ending';

const INDENT = '    ';

/** `line 12` or `lines 12, 15, 18 and 40 more`. */
export function linesText(lines: readonly number[]): string {
  const MOST = 4;
  const named = lines.slice(0, MOST).join(', ');
  const more = lines.length > MOST ? ` and ${lines.length - MOST} more` : '';
  return `${lines.length === 1 ? 'line' : 'lines'} ${named}${more}`;
}

/** @param columns of the terminal */
export function diagnosisText(diagnoses: readonly Diagnosis[], columns: number): string[] {
  if (diagnoses.length === 0) return ['No line of it is a failure that is known here.'];
  const said = (text: string): string[] =>
    wrap(text, Math.max(columns - INDENT.length, 40)).map((part) => INDENT + part);
  return diagnoses.flatMap(
    ({ what, refusedBy, causes, next, lines, further, scenario, scenarioLine }, index) => [
      ...(index === 0 ? [] : ['']),
      ...wrap(`${index + 1}. ${what}`, columns),
      ...said(`${linesText(lines)}; by ${refusedBy}`),
      ...further.flatMap(({ what: then, lines: at }) => said(`then, ${linesText(at)}: ${then}`)),
      ...causes.flatMap(({ says, source }) => said(`may be: ${says} [${sourceText(source)}]`)),
      ...next.flatMap((text) => said(`look at: ${text}`)),
      ...said(
        scenario.ok
          ? `the same words come of: --scenario ${scenarioLine}`
          : `no scenario: ${scenario.error.message}`,
      ),
    ],
  );
}

export interface DiagnosisJson {
  readonly what: string;
  readonly by: string;
  readonly lines: readonly number[];
  /** What follows from it. */
  readonly further: Diagnosis['further'];
  readonly causes: readonly { readonly says: string; readonly source: Source }[];
  readonly next: readonly string[];
  /** The text of a scenario that ends in the same words. */
  readonly scenario?: string;
  readonly noScenario?: string;
}

export const diagnosisJson = ({
  what,
  refusedBy,
  lines,
  further,
  causes,
  next,
  scenario,
}: Diagnosis): DiagnosisJson => ({
  what,
  by: refusedBy,
  lines,
  further,
  causes,
  next,
  ...(scenario.ok ? { scenario: printScenario(scenario.value) } : { noScenario: scenario.error.message }),
});
