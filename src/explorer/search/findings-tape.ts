/** A tape of which only the findings are read: what invariants say of acts. Steps and their texts are not kept. */
import { performFound } from '../../engine/perform-found';
import type { World } from '../../engine/world';
import type { Tape, TapedFinding, TapedStep } from '../../scenarios/tape';

const NO_STEP: TapedStep = { move: undefined, findings: [] };
const nothing = (): void => {};

export function findingsTape(world: World): Tape {
  const found: { readonly step: number; readonly finding: TapedFinding }[] = [];
  /** Findings that belong to moves; those behind them are cut where the act is stopped. */
  let kept = 0;
  world.recorder = {
    transition: nothing,
    facet: nothing,
    finding: (kind, text, invariant) => {
      found.push({ step: 0, finding: { kind, text, ...(invariant && { invariant }) } });
    },
    move: () => {
      kept = found.length;
    },
    cut: () => {
      found.length = kept;
    },
  };
  return {
    world,
    acts: [],
    stepCount: 0,
    findings: () => found,
    step: () => NO_STEP,
    perform(act) {
      const before = found.length;
      kept = before;
      try {
        const performed = performFound(world, act);
        world.log.top = 0;
        return performed;
      } catch (error) {
        world.undo(0);
        found.length = before;
        throw error;
      }
    },
  };
}
