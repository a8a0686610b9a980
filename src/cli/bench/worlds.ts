import { defaultProfile } from '../../profiles/resolve';
import { Timeline } from '../../recording/timeline/timeline';
import { parseScenario, problemText } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import type { Scenario } from '../../scenarios/scenario';

export function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.scenario;
}

/** The timeline of a scenario run to its end. */
export function worldAfter(text: string): Timeline {
  return runScenario(scenarioOf(text), defaultProfile(), (world) => new Timeline(world)).timeline;
}
