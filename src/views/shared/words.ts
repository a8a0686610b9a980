/** Steps, acts and lanes in words: what a row, a tooltip and a screen reader say alike. */
import { actText, moveKindOf } from '../../drawings/step-words';
import type { EnabledAct } from '../../engine/enabled-acts';
import { leavesKvm, moveText, type Lane, type Move } from '../../engine/moves';
import type { FindingKind } from '../../engine/world';
import type { ActOrigin, StepRecord } from '../../recording/timeline/timeline';

export { actText, findingGlyph, moveKindOf, stepText, vcpuNumbers } from '../../drawings/step-words';

const hostLaneNames: Record<Exclude<Lane, 'guest'>, string> = {
  rmp: 'RMP',
  kvm: 'KVM',
  vmm: 'VMM',
  firmware: 'PSP',
};

export function laneName(lane: Lane, vcpu: number): string {
  if (lane === 'guest') return vcpu < 0 ? 'guest' : `vCPU ${vcpu}`;
  return hostLaneNames[lane];
}

/** `vCPU 0 → KVM`. */
export function pathText(move: Move): string {
  const { from, to } = moveKindOf(move);
  const start = laneName(from, move.vcpu);
  return from === to ? start : `${start} → ${laneName(to, move.vcpu)}`;
}

/** `vCPU 0 to KVM: VMGEXIT.` and what was found. */
export function stepSaying({ move, findings }: StepRecord): string {
  if (!move) return 'the act wrote without a visible move.';
  const { from, to, refused } = moveKindOf(move);
  const start = laneName(from, move.vcpu);
  const path = from === to ? start : `${start} to ${laneName(to, move.vcpu)}`;
  const found = findings.map((finding) => ` ${findingWord[finding.kind]}: ${finding.text}.`).join('');
  return `${path}: ${moveText(move).replace(/\.$/, '')}${refused ? ', refused' : ''}.${found}`;
}

/** One sentence for the live region and for every drawn row. */
export const stepSentence = (step: StepRecord, stepCount: number): string =>
  `Step ${step.index + 1} of ${stepCount}${step.move ? ', ' : ': '}${stepSaying(step)}`;

export const findingWord: Record<FindingKind, string> = {
  violation: 'Violation',
  ambiguity: 'Sources silent',
  'guest-error': 'Guest error',
  unmodelled: 'Not modelled',
  note: 'Note',
};

/** An act that may be taken or is refused, and its text: who lists it need not know every act. */
export interface ToldAct extends EnabledAct {
  readonly text: string;
}
export const toldAct = (entry: EnabledAct): ToldAct => ({ ...entry, text: actText(entry.act) });

export const originText: Record<ActOrigin, string> = {
  scenario: 'scenario',
  program: 'guest program',
  personality: 'VMM personality',
  scheduler: 'scheduler',
  user: 'you',
};

/** Leaving for userspace: where a VMM gets its turn. */
export function isUserExit(move: Move | undefined): boolean {
  return move !== undefined && leavesKvm(move.kind);
}
