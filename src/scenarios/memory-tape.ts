/** The smallest thing a scenario can be run on: it keeps acts, moves and findings, and cannot go back. */
import type { Act } from '../engine/acts';
import type { Move } from '../engine/moves';
import { performFound, type Performed } from '../engine/perform-found';
import type { RuleId } from '../engine/rules';
import type { World } from '../engine/world';
import type { Tape, TapedAct, TapedFinding, TapedStep } from './tape';

/** About what a step takes as an object. */
const STEP_BYTES = 300;

export function memoryTape(world: World): Tape {
  const acts: TapedAct[] = [];
  const steps: TapedStep[] = [];
  let findings: TapedFinding[] = [];
  /** Whether anything but moves was heard since the last move. */
  let heard = false;
  const take = (move: Move | undefined, rule?: RuleId): void => {
    steps.push(rule === undefined ? { move, findings } : { move, rule, findings });
    findings = [];
    heard = false;
  };
  world.recorder = {
    transition: () => void (heard = true),
    facet: () => {},
    finding: (kind, text, invariant) => {
      findings.push({ kind, text, ...(invariant && { invariant }) });
      heard = true;
    },
    move: (kind, vcpu, args, rule) => take({ kind, vcpu, args: { ...args } }, rule),
    cut: () => {
      findings = [];
      heard = false;
    },
    get byteLength() {
      return steps.length * STEP_BYTES;
    },
  };
  /** What came after the last move of an act belongs to that move; an act without one is a step if it did anything. */
  const endAct = (firstStep: number): void => {
    const last = steps.at(-1);
    if (last && steps.length > firstStep)
      steps[steps.length - 1] = { ...last, findings: [...last.findings, ...findings] };
    else if (heard || world.log.top !== 0) take(undefined);
    findings = [];
    heard = false;
    world.log.top = 0;
  };
  const abandonAct = (firstStep: number): void => {
    world.undo(0);
    steps.length = firstStep;
    findings = [];
    heard = false;
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
      let performed: Performed;
      try {
        performed = performFound(world, act);
        endAct(firstStep);
      } catch (error) {
        abandonAct(firstStep);
        throw error;
      }
      acts.push({ act, origin, firstStep, stepCount: steps.length - firstStep, ...performed });
      return performed;
    },
  };
}
