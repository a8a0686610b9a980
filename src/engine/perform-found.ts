/** Acts as a tape takes them: what the model lacks, and where a budget ended, is found and not thrown. */
import { Unmodelled } from '../base/assert';
import type { Act } from './acts';
import { NeverReturns } from './hardware/rmp';
import { BudgetSpent, type Stop } from './memory/meter';
import { perform } from './perform';
import type { World } from './world';

/** What became of an act. */
export interface Performed {
  /** Why the act was refused, or not taken to its end. */
  readonly refused?: string;
  /** Where it was stopped because a budget was spent. */
  readonly stopped?: Stop;
}

const taken: Performed = {};

/**
 * Performs one act; what the model lacks is a finding of the act, and so is a budget that it spent. A stopped act has done
 * what its moves show: the writes behind its last move are taken back. Other mistakes of ours still throw.
 * @param stop where the act was stopped when it was recorded; it stops there again
 */
export function performFound(
  world: World,
  act: Act,
  performAct: typeof perform = perform,
  stop?: Stop,
): Performed {
  const { meter } = world;
  meter.stopAt(stop);
  try {
    const refused = performAct(world, act)?.says;
    return refused === undefined ? taken : { refused };
  } catch (error) {
    if (error instanceof BudgetSpent) {
      world.undo(meter.movedAt);
      world.recorder?.cut?.();
      const refused = `${act.verb} stops here: ${error.message}`;
      world.finding('note', refused);
      return { refused, stopped: { budget: error.budget, moves: meter.moves } };
    }
    if (!(error instanceof Unmodelled || error instanceof NeverReturns)) throw error;
    world.finding(error instanceof Unmodelled ? 'unmodelled' : 'violation', error.message);
    return { refused: error.message };
  }
}
