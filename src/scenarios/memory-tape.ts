/** The smallest thing a scenario can be run on: it keeps acts, moves and findings, and cannot go back. */
import { Unmodelled } from '../base/assert';
import type { Act } from '../engine/acts';
import type { Move } from '../engine/moves';
import { perform } from '../engine/perform';
import type { RuleId } from '../engine/rules';
import type { World } from '../engine/world';
import type { Tape, TapedAct, TapedFinding } from './tape';

interface TapedStep {
  readonly move: Move | undefined;
  readonly rule?: RuleId;
  readonly findings: readonly TapedFinding[];
}

export function memoryTape(world: World): Tape {
  const acts: TapedAct[] = [];
  const steps: TapedStep[] = [];
  let findings: TapedFinding[] = [];
  const take = (move: Move | undefined, rule?: RuleId): void => {
    steps.push(rule === undefined ? { move, findings } : { move, rule, findings });
    findings = [];
  };
  world.recorder = {
    transition: () => {},
    facet: () => {},
    finding: (kind, text, invariant) => findings.push({ kind, text, ...(invariant && { invariant }) }),
    move: (kind, vcpu, args, rule) => take({ kind, vcpu, args: { ...args } }, rule),
  };
  return {
    world,
    acts,
    get stepCount() {
      return steps.length;
    },
    findings: () => steps.flatMap(({ findings }, step) => findings.map((finding) => ({ step, finding }))),
    step: (index) => steps[index] ?? { move: undefined, findings: [] },
    perform(act: Act, origin) {
      const firstStep = steps.length;
      const refused = performed(world, act);
      if (findings.length > 0) take(undefined);
      world.log.top = 0;
      const done = { act, origin, firstStep, stepCount: steps.length - firstStep };
      acts.push(refused === undefined ? done : { ...done, refused });
      return refused === undefined ? {} : { refused };
    },
  };
}

function performed(world: World, act: Act): string | undefined {
  try {
    return perform(world, act)?.says;
  } catch (error) {
    if (error instanceof Unmodelled) {
      world.finding('unmodelled', error.what);
      return undefined;
    }
    world.undo(0);
    throw error;
  }
}
