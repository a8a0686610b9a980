/** Acts as a tape takes them: what the model lacks is found, not thrown. */
import { Unmodelled } from '../base/assert';
import type { Act } from './acts';
import { NeverReturns } from './hardware/rmp';
import { perform } from './perform';
import type { World } from './world';

/**
 * Performs one act; what the model lacks is a finding of the act. Other mistakes of ours still throw.
 * @returns why the act was refused, or not taken to its end
 */
export function performFound(
  world: World,
  act: Act,
  performAct: typeof perform = perform,
): string | undefined {
  try {
    return performAct(world, act)?.says;
  } catch (error) {
    if (!(error instanceof Unmodelled || error instanceof NeverReturns)) throw error;
    world.finding(error instanceof Unmodelled ? 'unmodelled' : 'violation', error.message);
    return error.message;
  }
}
