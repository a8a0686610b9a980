/** What a scenario is run on: whoever performs its acts and remembers them. The timeline is one. */
import type { Act } from '../engine/acts';
import type { MoveName } from '../engine/moves';
import type { FindingKind, World } from '../engine/world';

export type Origin = 'scenario' | 'program' | 'personality' | 'scheduler';

export interface Tape {
  readonly world: World;
  readonly stepCount: number;
  readonly acts: { readonly length: number };
  perform(act: Act, origin: Origin): { readonly refused?: string };
  step(index: number): {
    readonly move: { readonly kind: MoveName; readonly vcpu: number } | undefined;
    readonly findings: readonly { readonly kind: FindingKind; readonly text: string }[];
  };
}
