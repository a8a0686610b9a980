/** What a scenario is run on: whoever performs its acts and remembers them. The timeline is one. */
import type { Act } from '../engine/acts';
import type { InvariantName } from '../engine/rules/invariants';
import type { Move } from '../engine/moves';
import type { Performed } from '../engine/perform-found';
import type { RuleId } from '../engine/rules';
import type { FindingKind, World } from '../engine/world';

export type Origin = 'scenario' | 'program' | 'personality' | 'scheduler';

export interface TapedAct extends Performed {
  readonly act: Act;
  readonly origin: string;
  readonly firstStep: number;
  readonly stepCount: number;
}

export interface TapedFinding {
  readonly kind: FindingKind;
  readonly text: string;
  /** The invariant that a violation breaks, where it breaks one. */
  readonly invariant?: InvariantName;
}

export interface TapedStep {
  /** Nothing when an act wrote without any visible move. */
  readonly move: Move | undefined;
  readonly rule?: RuleId;
  readonly findings: readonly TapedFinding[];
}

export interface Tape {
  readonly world: World;
  readonly stepCount: number;
  readonly acts: readonly TapedAct[];
  perform(act: Act, origin: Origin): Performed;
  /** Everything found so far, with the step it was found in; cheaper than reading the steps. */
  findings(): readonly { readonly step: number; readonly finding: TapedFinding }[];
  step(index: number): TapedStep;
}
