/** Runs to be exported, from shipped scenarios and from text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportedOf, type Exported } from '../../exports/exported';
import { parseProfileSpec } from '../../profiles/resolve';
import { Timeline } from '../../recording/timeline/timeline';
import { parseScenario, problemText } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import { headOf, type Scenario } from '../../scenarios/scenario';

const folder = join(import.meta.dirname, '../../../public/scenarios');

export const shippedFiles: readonly string[] = readdirSync(folder).filter((file) => file.endsWith('.ghcb'));

export function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}

export const shipped = (file: string): Scenario => scenarioOf(readFileSync(join(folder, file), 'utf8'));

/** @param specs the profiles that the scenario names when missing */
export function exportedFrom(
  scenario: Scenario,
  specs: readonly string[] = headOf(scenario).profiles,
  link?: string,
): Exported {
  const runs = specs.map((spec) => {
    const profile = parseProfileSpec(spec);
    if (!profile.ok) throw new Error(profile.error.message);
    return runScenario(scenario, profile.value, (world) => new Timeline(world), { maxSteps: 6000 });
  });
  return exportedOf(runs, { link });
}
