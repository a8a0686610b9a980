/** A scenario from a file, with every problem in it said at once. */
import { MAX_SCENARIO_BYTES } from '../base/limits';
import type { Scenario } from '../scenarios/scenario';
import { parseScenario, problemText, type Place } from '../scenarios/parse';
import { scenarioText } from '../scenarios/read';
import { readBytes, UsageError } from './io';

export interface ScenarioFile {
  readonly name: string;
  readonly scenario: Scenario;
  /** Where each line of the scenario stands in the file. */
  readonly places: readonly Place[];
  readonly warnings: readonly string[];
}

export function readScenario(file: string): ScenarioFile {
  const name = file === '-' ? 'standard input' : file;
  const text = scenarioText(readBytes(file, MAX_SCENARIO_BYTES));
  if (!text.ok) throw new UsageError(`${name}: ${text.error.message}`);
  const parsed = parseScenario(text.value);
  if (!parsed.ok) throw new UsageError(parsed.problems.map((p) => `${name}: ${problemText(p)}`).join('\n'));
  const warnings = parsed.warnings.map((p) => `${name}: ${problemText(p)}`);
  return { name, scenario: parsed.scenario, places: parsed.places, warnings };
}

/** The warnings of a file as they go to standard error. */
export const warningLines = ({ warnings }: ScenarioFile): string[] =>
  warnings.map((text) => `warning: ${text}`);
