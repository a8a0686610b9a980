/** The vCPU chart: AP creation, INIT, SIPI, NMI and KVM_SET_MP_STATE, in every state that a target vCPU can be in. */
import { gpaToGfn } from '../../abi/address';
import { hex } from '../../base/hex';
import type { Act } from '../../engine/acts';
import { updateRequested } from '../../engine/kvm/ap/apic';
import { needsWake } from '../../engine/kvm/run/run';
import { reviewerView } from '../../engine/reviewer-view';
import type { Vcpu } from '../../engine/state/vcpu';
import { NO_GPA, NO_PFN, type World } from '../../engine/world';
import { guest, vmm, wake, type Fact, type MatrixChart } from './chart';
import { kvmRunOutcome, rmpText } from './facts';
import { vcpuEvents } from './vcpu-events';
import { vcpuStates } from './vcpu-states';
import {
  CALLER,
  destroy,
  FIRST_VMSA,
  runAgain,
  SECOND_VMSA,
  target,
  TARGET,
  TWO_MEG_VMSA,
  MEMORY,
} from './vcpu-target';

const gpaText = (gpa: bigint): string => (gpa === NO_GPA ? 'none' : hex(gpa));

function vmsaText({ vmsa, guestVmsaGpa, vmcbVmsaPfn }: Vcpu): string {
  if (vmsa === 'launchVmsa') return 'launch VMSA';
  if (vmsa === 'guestVmsa') return gpaText(guestVmsaGpa);
  return vmcbVmsaPfn === NO_PFN ? 'none' : 'page 0';
}

function waitingText(vcpu: Vcpu): string {
  const { creation, pendingVmsaGpa } = vcpu;
  if (creation === 'noneWaiting') return 'nothing';
  const request = updateRequested(vcpu) ? 'at the next run' : 'for INIT';
  return creation.startsWith('destroy') || pendingVmsaGpa === NO_GPA
    ? `no VMSA, ${request}`
    : `${gpaText(pendingVmsaGpa)}, ${request}`;
}

function latchedText({ initLatched, sipiLatched, nmiRequest, nmiPending, pvUnhalted }: Vcpu): string {
  const latched = [
    initLatched ? 'INIT' : '',
    sipiLatched ? 'SIPI' : '',
    nmiRequest || nmiPending > 0 ? 'NMI' : '',
    pvUnhalted ? 'unhalt' : '',
  ].filter((word) => word !== '');
  return latched.length === 0 ? 'nothing' : latched.join(', ');
}

const facts: readonly Fact[] = [
  { id: 'mp', title: 'mp_state', counts: true, of: (world) => target(world).mpState },
  { id: 'vmsa', title: 'VMSA', counts: true, of: (world) => vmsaText(target(world)) },
  { id: 'waits', title: 'waits', counts: true, of: (world) => waitingText(target(world)) },
  { id: 'latched', title: 'latched', counts: true, of: (world) => latchedText(target(world)) },
  { id: 'reviewer', title: 'reviewers say', counts: false, of: (world) => reviewerView(target(world)).state },
  { id: 'thread', title: 'thread', counts: false, of: (world) => target(world).run },
  { id: 'exit', title: 'kvm_run', counts: false, of: (world) => kvmRunOutcome(world, TARGET) },
  {
    id: 'page',
    title: `RMP of ${hex(FIRST_VMSA)}`,
    counts: true,
    of: (world) => rmpText(world, gpaToGfn(FIRST_VMSA)),
  },
];

function roam(world: World): readonly Act[] {
  const threads = [CALLER, TARGET].filter((vcpu) => needsWake(world, vcpu)).map(wake);
  const { run } = target(world);
  return [
    ...threads,
    guest(CALLER, 'init', { target: TARGET }),
    guest(CALLER, 'sipi', { target: TARGET }),
    guest(CALLER, 'ap-create-on-init', { target: TARGET, vmsa: FIRST_VMSA }),
    guest(CALLER, 'ap-create', { target: TARGET, vmsa: FIRST_VMSA }),
    destroy(world),
    ...(run === 'inGuest'
      ? [
          guest(TARGET, 'hlt', {}),
          guest(TARGET, 'hold', { form: 'msr' }),
          guest(TARGET, 'hold', { form: 'nae' }),
        ]
      : []),
    ...(run === 'inUserspace' ? [vmm('run', { vcpu: TARGET })] : []),
  ];
}

export const vcpuMatrix: MatrixChart = {
  id: 'vcpu',
  title: 'vCPU',
  says: 'One vCPU of a launched guest; the boot vCPU makes the requests.',
  vm: { vcpus: 2, memory: MEMORY, flash: 0, maxphyaddr: 48 },
  host: 'manual',
  launched: true,
  root: [
    vmm('set-attributes', { gfn: gpaToGfn(TWO_MEG_VMSA), n: 1, private: true }),
    guest(CALLER, 'pvalidate', { gpa: TWO_MEG_VMSA }),
    ...[FIRST_VMSA, SECOND_VMSA, TWO_MEG_VMSA].map((gpa) => guest(CALLER, 'make-vmsa', { gpa })),
  ],
  roam,
  states: vcpuStates,
  events: vcpuEvents,
  facts,
  caller: CALLER,
  target: TARGET,
  ahead: [runAgain],
};
