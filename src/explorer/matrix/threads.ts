/** Review threads about a cell: the question or statement, and its mail. */
import type { Source } from '../../abi/source';
import { review } from '../../profiles/documents';

export interface Asked {
  readonly says: string;
  readonly source: Source;
}

interface Passage extends Asked {
  readonly chart: string;
  readonly events: RegExp;
  /** The rows that it is about; all when missing. */
  readonly states?: RegExp;
}

const passages: readonly Passage[] = [
  {
    chart: 'vcpu',
    events: /^ap-create/,
    states: /^(created-on-init|update-pending|on-launch-vmsa|on-guest-vmsa|halted|ap-reset-hold)$/,
    says: 'Is it an error to create a vCPU that is created already, or waits to be? The reviewer expects a refusal; the author answered a month later that replacing is intended, to stand in for INIT and SIPI.',
    source: review.apCreation,
  },
  {
    chart: 'vcpu',
    events: /^ap-(create.+|unknown-.+)/,
    says: 'Everything should be checked before any state changes: a request that fails must not move its target.',
    source: review.apCreation,
  },
  {
    chart: 'vcpu',
    events: /features|on-init-bad/,
    says: 'Why are only the injection bits looked at, of features that KVM cannot see in the page?',
    source: review.apCreation,
  },
  {
    chart: 'vcpu',
    events: /^(init|sipi|nmi|set-mp-state-.+|kvm-run)$/,
    states: /^destroy/,
    says: 'What if userspace sets mp_state, or the guest sends INIT and SIPI, after a DESTROY?',
    source: review.apCreation,
  },
  {
    chart: 'vcpu',
    events: /^ap-destroy$/,
    says: 'How is a vCPU that was destroyed distinguished from one that never ran?',
    source: review.apCreation,
  },
  {
    chart: 'launch',
    events: /^(launch-finish|kvm-run)/,
    states: /^(finish-failed-vmsa|vmsas-encrypted|updated|started|finished)$/,
    says: 'Must KVM unwind, or make the VM unusable, when LAUNCH_FINISH fails? Is "VMRUN will probably fail" good enough?',
    source: review.launchFinish,
  },
  {
    chart: 'launch',
    events: /^close$/,
    says: 'Why does a VMSA page not go through page reclaim when it is freed? Because the firmware clears immutable when the command succeeds.',
    source: review.vmsaFree,
  },
  {
    chart: 'launch',
    events: /^launch-update/,
    says: 'Why a userspace address, if it only becomes a guest frame? Who makes the page private? What may KVM assume of its source?',
    source: review.launchUpdateV11,
  },
  {
    chart: 'psc',
    events: /./,
    says: 'Why two exit reasons for one operation? Who validates a batch? What happens to the interface once KVM supports UNSMASH?',
    source: review.pscExits,
  },
  {
    chart: 'page',
    events: /^psc-/,
    says: "Why two exit reasons for one operation, and are they interchangeable with the guest's own MAP_GPA_RANGE?",
    source: review.pscExits,
  },
];

/** The threads about a cell, oldest question first. */
export const askedOf = (chart: string, state: string, event: string): readonly Asked[] =>
  passages.filter(
    (one) => one.chart === chart && one.events.test(event) && (one.states?.test(state) ?? true),
  );
