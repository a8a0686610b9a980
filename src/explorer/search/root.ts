/** The state in which a search begins: the acts above the lines `explore`, run as in any scenario. */
import { ok, problem, type Result } from '../../base/result';
import type { InvariantName } from '../../engine/rules/invariants';
import type { World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { memoryTape } from '../../scenarios/memory-tape';
import { runScenario } from '../../scenarios/run';
import type { Scenario } from '../../scenarios/scenario';

/** @param checked the invariants that the search asks about */
export function rootWorld(
  scenario: Scenario,
  profile: ResolvedProfile,
  checked: ReadonlySet<InvariantName>,
): Result<World> {
  const run = runScenario(scenario, profile, memoryTape);
  const [wrong] = run.problems;
  if (wrong) return problem(`the acts above the explore lines do not run to their end: ${wrong.message}`);
  const { world } = run.timeline;
  world.recorder = undefined;
  world.watcher = undefined;
  world.checked = checked;
  world.log.top = 0;
  return ok(world);
}
