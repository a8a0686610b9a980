/** Scenarios for `kvm_run`: what a guest does to make KVM write this record. */
import { isPageAligned, PAGE_SIZE } from '../../abi/address';
import {
  GHCB_MSR_PREF_GPA_REQ,
  GHCB_MSR_PSC_REQ,
  GHCB_MSR_REG_GPA_REQ,
  ghcbMsrInfo,
  GHCB_MSR_TERM_REQ,
} from '../../abi/ghcb-msr';
import * as run from '../../abi/kvm-run';
import { bytesView, littleEndian, type ByteView } from '../../base/bytes';
import { hex } from '../../base/hex';
import type { Act } from '../../engine/acts';
import { defaultVm } from '../scenario';
import { GHCB_GPA, guest, machineWith, memoryFor, vmm, type Plan, type Planned } from './plan';
import { planOfMsr } from './requests';
import { planOfMemoryFault } from './words';

/** The plan for the bytes of `kvm_run` with one member of the union. */
type RecordPlanner = (view: ByteView) => Planned;

function hypercall(view: ByteView): Plan {
  const nr = run.kvmRunHypercall.get(view, 'nr');
  const arg = (index: number): bigint => run.kvmRunHypercall.item(view, 'args', index);
  const [a0, a1, a2, a3] = [arg(0), arg(1), arg(2), arg(3)];
  return {
    title: `Hypercall ${nr} with ${[a0, a1, a2].map((arg) => hex(arg)).join(' ')}`,
    notes: [
      'A page state change or VMMCALL leads to this record, which does not say which; VMMCALL carries the arguments over as they are.',
    ],
    acts: [guest('vmmcall', { nr, a0, a1, a2, a3 })],
  };
}

function systemEvent(view: ByteView): Planned {
  const type = run.kvmRunSystemEvent.get(view, 'type');
  if (type !== run.KVM_SYSTEM_EVENT_SEV_TERM)
    return 'Of the system events these scenarios know the termination of an SEV guest, type 6.';
  const value = run.kvmRunSystemEvent.item(view, 'data', 0);
  if (ghcbMsrInfo(value) === GHCB_MSR_TERM_REQ) return planOfMsr(value);
  if (isForSnpOnly(value)) return { ...planOfMsr(value), notes: [ES_ONLY], launch: esLaunch };
  if (!isPageAligned(value) || value === 0n || memoryFor([value]) === undefined)
    return 'The word data[0] is neither a termination request nor the address of a page of the guest.';
  return {
    title: `Termination through the GHCB page at ${hex(value)}`,
    notes: ['Reason set and code stand in the page, not in this record; here they are 0.'],
    vm: machineWith(value, GHCB_GPA),
    acts: [guest('register-ghcb', { gpa: value }), guest('terminate', { form: 'nae', set: 0, code: 0 })],
  };
}

const ES_ONLY = 'KVM takes this request for a termination when the guest is SEV-ES and not SNP.';
const esLaunch: readonly Act[] = [
  vmm('create-vm', { type: 'seves' }),
  vmm('init2', {}),
  vmm('hypercall-exits', {}),
  vmm('memslot', { gfn: 0, n: defaultVm.memory / PAGE_SIZE, backing: 'none' }),
  vmm('create-vcpu', {}),
  vmm('assume-es-launch', {}),
  vmm('run', { vcpu: 0 }),
];
const isForSnpOnly = (value: bigint): boolean =>
  [GHCB_MSR_PREF_GPA_REQ, GHCB_MSR_REG_GPA_REQ, GHCB_MSR_PSC_REQ].includes(ghcbMsrInfo(value));

function memoryFault(view: ByteView): Planned {
  const gpa = run.kvmRunMemoryFault.get(view, 'gpa');
  if (memoryFor([gpa]) === undefined) return `No machine of these scenarios has memory at ${hex(gpa)}.`;
  return planOfMemoryFault(gpa, run.kvmRunMemoryFault.get(view, 'flags'));
}

const SIZES = [1, 2, 4];

function portAccess(view: ByteView): Planned {
  const { kvmRunIo: io } = run;
  const [size, port, n] = [io.get(view, 'size'), io.get(view, 'port'), io.get(view, 'count')];
  const isOut = io.get(view, 'direction') === 1;
  if (!SIZES.includes(size)) return `A port access has 1, 2 or 4 bytes, not ${size}.`;
  const title = `${isOut ? 'OUT' : 'IN'} at port ${hex(port)}`;
  const notes = isOut ? ['The data lies outside this record; here it is 0.'] : [];
  if (n !== 1)
    return { title, notes, acts: [guest('io-string', { direction: isOut ? 'out' : 'in', port, size, n })] };
  return {
    title,
    notes,
    acts: [isOut ? guest('io-out', { port, size, value: 0n }) : guest('io-in', { port, size })],
  };
}

function mmio(view: ByteView): Plan {
  const { kvmRunMmio } = run;
  const [gpa, len] = [kvmRunMmio.get(view, 'physAddr'), kvmRunMmio.get(view, 'len')];
  const value = littleEndian(kvmRunMmio.bytes(view, 'data'));
  const isWrite = kvmRunMmio.get(view, 'isWrite') !== 0;
  return {
    title: `MMIO ${isWrite ? 'write' : 'read'} of ${len} bytes at ${hex(gpa)}`,
    acts: [isWrite ? guest('mmio-write', { gpa, len, value }) : guest('mmio-read', { gpa, len })],
  };
}

const OUTCOME = (): string => 'The record says how the vCPU stopped, not what was asked of KVM.';

/** By the kind of the member. */
const members: Readonly<Record<string, RecordPlanner>> = {
  'kvm-run-hypercall': hypercall,
  'kvm-run-system-event': systemEvent,
  'kvm-run-memory-fault': memoryFault,
  'kvm-run-io': portAccess,
  'kvm-run-mmio': mmio,
  'kvm-run-hw': OUTCOME,
  'kvm-run-fail-entry': OUTCOME,
  'kvm-run-internal': OUTCOME,
  'kvm-run-notify': OUTCOME,
  'kvm-run-msr': () => 'KVM leaves for an MSR only with a filter, which these scenarios do not set.',
  'kvm-run-snp-req-certs': () =>
    'Certificates are asked for when the VM was told to before its vCPUs exist: see the acts enable-certs and ext-guest-request.',
  'kvm-run-vmgexit-psc-msr': () => 'A record of posted patches; nothing that was released writes it.',
  'kvm-run-vmgexit-psc': () => 'A record of posted patches; nothing that was released writes it.',
  'kvm-run-vmgexit': () => 'A record of posted patches; nothing that was released writes it.',
};

const runView = (bytes: Uint8Array, at: number): ByteView => {
  const whole = new Uint8Array(run.KVM_RUN_SIZE);
  whole.set(bytes, at);
  return bytesView(whole);
};

export const planOfRun = (bytes: Uint8Array): Planned => {
  const view = runView(bytes, 0);
  const exit = run.exitOfUnknownKernel(run.kvmRun.get(view, 'exitReason'));
  const payload = run.payloadIn(exit, view);
  return (payload && members[run.kvmRunMemberKind(payload.member)]?.(view)) ?? OUTCOME();
};

/** One planner for every member of the union, whose bytes stand alone. */
export const memberPlanners: Readonly<Record<string, (bytes: Uint8Array) => Planned>> = Object.fromEntries(
  Object.entries(members).map(([kind, planner]) => [
    kind,
    (bytes) => planner(runView(bytes, run.KVM_RUN_UNION)),
  ]),
);
