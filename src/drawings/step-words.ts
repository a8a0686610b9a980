/** Steps and acts in words and signs, as every drawing of a ladder says them. */
import type { Act } from '../engine/acts';
import { moveKinds, moveText, type Move, type MoveKind } from '../engine/moves';
import type { FindingKind } from '../engine/world';
import type { StepRecord, Timeline } from '../recording/timeline/timeline';
import { actLine } from '../scenarios/scenario';

export const moveKindOf = (move: Move): MoveKind => moveKinds[move.kind];

/** What a step shows, in the words of the ladder. */
export const stepText = (step: StepRecord): string => (step.move ? moveText(step.move) : 'no visible move');

/** The letter-like sign of a finding; it never stands without its word in a list or a label. */
export const findingGlyph: Record<FindingKind, string> = {
  violation: '⚠\uFE0E', // as text: some systems draw a picture otherwise
  ambiguity: '◇',
  'guest-error': '▲',
  unmodelled: '?',
  note: '·',
};

/** The act as a scenario writes it, on one line. */
export function actText(act: Act): string {
  const who = act.actor === 'guest' ? `v${act.vcpu}` : act.actor;
  const { written } = actLine(act);
  return [who, act.verb, ...written.map(({ name, text }) => `${name}=${text}`)].join(' ');
}

/** vCPUs that the world has, in order. */
export const vcpuNumbers = (timeline: Timeline): readonly number[] => timeline.world.vcpus.map((_, i) => i);
