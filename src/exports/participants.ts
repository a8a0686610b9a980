/** Who takes part in a run: the vCPUs, KVM, the VMM and the firmware, as drawings outside the page name them. */
import { moveKinds, type Lane, type Move, type MoveKind } from '../engine/moves';
import type { Timeline } from '../recording/timeline/timeline';
import type { Run } from '../scenarios/run';

export interface Participant {
  /** A word of letters and digits. */
  readonly id: string;
  readonly title: string;
}

const hosts = {
  kvm: { id: 'KVM', title: 'KVM' },
  vmm: { id: 'VMM', title: 'VMM' },
  firmware: { id: 'PSP', title: 'PSP' },
} as const satisfies Record<Exclude<Lane, 'guest' | 'rmp'>, Participant>;

const guest = (vcpu: number): Participant => ({ id: `v${vcpu}`, title: `vCPU ${vcpu}` });

/** All that the runs have, guest first. */
export function participantsOf(runs: readonly Run<Timeline>[]): readonly Participant[] {
  const count = Math.max(1, ...runs.map(({ timeline }) => timeline.world.config.vcpus));
  return [...Array.from({ length: count }, (_, vcpu) => guest(vcpu)), hosts.kvm, hosts.vmm, hosts.firmware];
}

/** Where a move starts and ends. */
export interface Ends {
  readonly from: Participant;
  readonly to: Participant;
  readonly refused: boolean;
}

/** The RMP is no participant: who touches it has the arrow alone. A refused request is drawn from who asked. */
export function endsOf(move: Move): Ends {
  const { from, to, refused: stopped }: MoveKind = moveKinds[move.kind];
  const refused = stopped === true;
  const participant = (lane: Lane, other: Lane): Participant => {
    const actor = lane === 'rmp' ? other : lane;
    return actor === 'guest' || actor === 'rmp' ? guest(Math.max(0, move.vcpu)) : hosts[actor];
  };
  const [start, end] = [participant(from, to), participant(to, from)];
  const isAnswer = refused && (to === 'guest' || (from === 'kvm' && to === 'vmm'));
  return isAnswer ? { from: end, to: start, refused } : { from: start, to: end, refused };
}
