/** What KVM prints: trace events, and its lines in the host's kernel log. */
import { gpaToGfn } from '../../abi/address';
import { apInfo1 } from '../../abi/ap-creation';
import { errno } from '../../abi/errno';
import { SEV_RET_NO_FW_CALL } from '../../abi/firmware';
import { ghcbPage } from '../../abi/ghcb-page';
import { GHCB_MSR_TERM_REQ, ghcbMsrInfo, terminationRequest } from '../../abi/ghcb-msr';
import { kvmExitReasons, kvmRun } from '../../abi/kvm-run';
import { gmemPageOf, slotOf } from '../../engine/frames/slots';
import type { RuleId } from '../../engine/rules';
import type { StepRecord } from '../../recording/timeline/timeline';
import { lineOf, moveNumber, type PrintedLine, type Printer, type Printers, type Printing } from './printed';

/** Bit 49: KVM sets it for a private access of an SNP guest before it traces the fault. */
const PRIVATE_ACCESS = 1n << 49n;
const ENCRYPTED = 1n << 34n;
const NO_EXCEPTION = { intr: 0n, error: 0n } as const;

const kvmExit = (vcpu: number, reason: string, info1 = 0n, info2 = 0n): PrintedLine =>
  lineOf('ftrace', 'kvm_exit', { vcpu: BigInt(vcpu), reason, rip: 0n, info1, info2, ...NO_EXCEPTION });

const nestedFault: Printer = ({ move }) => {
  const [gpa, error] = [moveNumber(move, 'gpa'), moveNumber(move, 'error')];
  const traced = (error & ENCRYPTED) === 0n ? error : error | PRIVATE_ACCESS;
  const vcpu = BigInt(move.vcpu);
  return [
    kvmExit(move.vcpu, 'npf', error, gpa),
    lineOf('ftrace', 'kvm_page_fault', { vcpu, rip: 0n, address: gpa, error: traced }),
  ];
};

/** The RMP fault of a nested fault: the move has no vCPU, the fault before it has. */
const rmpFault: Printer = ({ move, step, timeline, after }) => {
  const fault = faultBefore(timeline, step);
  const gpa = moveNumber(move, 'gpa');
  const gfn = gpaToGfn(gpa);
  const slot = slotOf(after(), gfn);
  if (!fault?.move || !slot) return [];
  const error = moveNumber(fault.move, 'error');
  return [
    lineOf('ftrace', 'kvm_rmp_fault', {
      vcpu: BigInt(fault.move.vcpu),
      gpa,
      pfn: BigInt(gmemPageOf(slot, gfn)),
      error: (error & ENCRYPTED) === 0n ? error : error | PRIVATE_ACCESS,
      level: moveNumber(move, 'level'),
      ret: moveNumber(move, 'ret'),
    }),
  ];
};

/** The last nested fault of the same act. */
function faultBefore(timeline: Printing['timeline'], step: StepRecord): StepRecord | undefined {
  const first = timeline.acts[step.actIndex]?.firstStep ?? 0;
  for (let index = step.index - 1; index >= first; index--)
    if (timeline.moveKind(index) === 'nestedFault') return timeline.step(index);
  return undefined;
}

/** Texts about one vCPU begin with its number; the model has neither process ids nor instruction pointers. */
const about = (vcpu: number) => ({ pid: 0n, vcpu: BigInt(vcpu), rip: 0n });
const host = (id: string, vcpu: number, fields: PrintedLine['fields'], format = 0): PrintedLine =>
  lineOf('host', id, { ...about(vcpu), ...fields }, format);

/** The line about a malformed request, by the rule that refused it. */
const refusals: Readonly<Partial<Record<RuleId, (at: Printing) => PrintedLine[]>>> = {
  UnknownEvent: ({ move, vcpu }) => [host('exit-code-unknown', move.vcpu, { code: vcpu().exitCode })],
  MissingInput: ({ move, vcpu }) => [host('exit-code-input', move.vcpu, { code: vcpu().exitCode })],
  SnpOnly: ({ move, vcpu }) => [
    host(moveNumber(move, 'code') === 6n ? 'exit-code-snp-only' : 'exit-code-input', move.vcpu, {
      code: vcpu().exitCode,
    }),
  ],
  GhcbUsage: ({ move, after, vcpu }) => {
    const page = after().findImage('shared', gpaToGfn(vcpu().ghcbGpa));
    const usage = page ? BigInt(ghcbPage.get(page, 'ghcbUsage')) : 0n;
    return [host('ghcb-usage', move.vcpu, { usage })];
  },
  GhcbNotRegistered: ({ move, vcpu }) => [host('ghcb-not-registered', move.vcpu, { gpa: vcpu().ghcbGpa })],
  ScratchInvalid: ({ vcpu }) => (vcpu().swScratch === 0n ? [lineOf('host', 'scratch-missing', {})] : []),
  JumpTableSelector: ({ vcpu }) => [lineOf('host', 'jump-table', { info1: vcpu().exitInfo1 })],
  ApTargetUnknown: ({ move, vcpu }) => [
    host('ap-id', move.vcpu, { apic: BigInt(apInfo1.decode(vcpu().exitInfo1).apicId) }),
  ],
  ApUnknownRequest: ({ move, vcpu }) => [
    host('ap-request', move.vcpu, { request: vcpu().exitInfo1 & 0xffff_ffffn }),
  ],
  ApGpaIllegal: ({ move, vcpu }) => [host('ap-vmsa', move.vcpu, { gpa: vcpu().exitInfo2 })],
  ApGpaTwoMegAligned: ({ move, vcpu }) => [host('ap-vmsa-2m', move.vcpu, { gpa: vcpu().exitInfo2 })],
  ApFeaturesDiffer: ({ move, vcpu, after }) =>
    after().profile.facets['ap.features'] === 'exactEqual'
      ? [host('ap-features', move.vcpu, { asked: vcpu().rax, own: after().vm.vmsaFeatures })]
      : [host('ap-injection', move.vcpu, { features: vcpu().rax })],
};

const refusal: Printer = (at) => (at.step.rule === undefined ? [] : (refusals[at.step.rule]?.(at) ?? []));

/** A termination request: the MSR says it whole, the GHCB page in its info words. */
const termination: Printer = ({ move, vcpu }) => {
  const data = moveNumber(move, 'data');
  if (BigInt(ghcbMsrInfo(data)) !== BigInt(GHCB_MSR_TERM_REQ))
    return [lineOf('host', 'termination-nae', { info1: vcpu().exitInfo1, info2: vcpu().exitInfo2 })];
  const { reasonSet, reasonCode } = terminationRequest.decode(data);
  return [lineOf('host', 'termination-msr', { set: BigInt(reasonSet), code: BigInt(reasonCode) })];
};

/** KVM's texts about an RMP fault, by what the step says. */
const rmpTexts: Readonly<Record<string, string>> = {
  'RMP fault outside private memory': 'rmp-fault-0',
  'RMP fault on a page that cannot be had': 'rmp-fault-2',
};

const kernelLog: Printer = ({ move, step, timeline }) => {
  const fault = faultBefore(timeline, step);
  const id = rmpTexts[String(move.args['what'])];
  if (!fault?.move || id === undefined) return [];
  return [lineOf('host', id, { gpa: moveNumber(fault.move, 'gpa') })];
};

const firmwareCommand: Printer = ({ move }) => {
  const status = moveNumber(move, 'status');
  return status === 0n || status === BigInt(SEV_RET_NO_FW_CALL)
    ? []
    : [lineOf('host', 'sev-command', { command: moveNumber(move, 'id'), status })];
};

/** The firmware's status of the last command of an act that failed; 0 when none did. */
function failedStatus(timeline: Printing['timeline'], step: StepRecord): bigint {
  const first = timeline.acts[step.actIndex]?.firstStep ?? 0;
  for (let index = step.index - 1; index >= first; index--) {
    if (timeline.moveKind(index) !== 'firmwareCommand') continue;
    const { move } = timeline.step(index);
    const status = move ? BigInt.asIntN(32, moveNumber(move, 'status')) : 0n;
    if (status !== 0n) return status;
  }
  return 0n;
}

/** KVM logs one refusal of a launch call. */
const callRefused: Printer = ({ step, timeline }) => {
  if (step.rule !== 'ContextNotCreated') return [];
  const status = failedStatus(timeline, step);
  return status > 0n ? [lineOf('host', 'snp-context', { ret: BigInt(-errno.EIO), status })] : [];
};

const rmpUpdateFailed: Printer = ({ move }) => [
  lineOf('host', 'rmpupdate-failed', {
    pfn: moveNumber(move, 'pfn'),
    level: 1n,
    ret: moveNumber(move, 'code'),
  }),
];

/** What a step prints, by its move. Ways to userspace and into the guest are in {@link exitLines} and {@link entryLines}. */
export const kvmPrinters: Printers = {
  naeRequest: ({ move }) => [
    kvmExit(move.vcpu, 'vmgexit'),
    lineOf('ftrace', 'kvm_vmgexit_enter', {
      vcpu: BigInt(move.vcpu),
      code: moveNumber(move, 'code'),
      info1: moveNumber(move, 'info1'),
      info2: moveNumber(move, 'info2'),
    }),
  ],
  naeIgnored: ({ move, step, vcpu }) => [
    kvmExit(move.vcpu, 'vmgexit'),
    step.rule === 'GhcbMsrZero'
      ? host('ghcb-not-set', move.vcpu, {})
      : host('ghcb-not-mapped', move.vcpu, { gpa: vcpu().ghcbMsr }),
  ],
  msrRequest: ({ move }) => [
    kvmExit(move.vcpu, 'vmgexit'),
    lineOf('ftrace', 'kvm_vmgexit_msr_protocol_enter', {
      vcpu: BigInt(move.vcpu),
      msr: moveNumber(move, 'value'),
    }),
  ],
  // The answer to a request that went to userspace is written at the next KVM_RUN, and no event shows it.
  msrAnswer: ({ move, before }) =>
    before().vcpu(move.vcpu).exchange === 'received'
      ? [msrExit(move.vcpu, moveNumber(move, 'value'), 1n)]
      : [],
  msrIgnored: ({ move }) => [msrExit(move.vcpu, moveNumber(move, 'value'), 1n)],
  malformedInput: refusal,
  nestedFault,
  rmpFaultTraced: rmpFault,
  kernelLog,
  systemEventExit: termination,
  kvmRunReturns: (at) =>
    at.step.rule === 'GhcbNotRegistered'
      ? refusal(at)
      : at.step.rule === 'UnsupportedEvent'
        ? unsupported(at)
        : [],
  firmwareCommand,
  ioctlRefused: callRefused,
  rmpUpdateFailed,
  attributesSet: ({ move }) => {
    const start = moveNumber(move, 'gfn');
    if (move.args['ret'] !== '0') return [];
    return [
      lineOf('ftrace', 'kvm_vm_set_mem_attributes', {
        start,
        end: start + moveNumber(move, 'pages'),
        attributes: move.args['attribute'] === 'PRIVATE' ? 8n : 0n,
      }),
    ];
  },
};

const unsupported: Printer = ({ move, vcpu }) => [
  host('unsupported-event', move.vcpu, { info1: vcpu().exitInfo1, info2: vcpu().exitInfo2 }),
];

const msrExit = (vcpu: number, msr: bigint, result: bigint): PrintedLine =>
  lineOf('ftrace', 'kvm_vmgexit_msr_protocol_exit', { vcpu: BigInt(vcpu), msr, result });

/** The lines of a step that enters the guest: KVM unmaps the GHCB page before, and traces what stands in it then. */
export function entryLines({ before }: Printing, index: number): PrintedLine[] {
  const vcpu = before().vcpu(index);
  const isAnswered = vcpu.exchange === 'answered' && vcpu.ghcbMsr === vcpu.ghcbGpa;
  const page = isAnswered ? before().findImage('shared', gpaToGfn(vcpu.ghcbGpa)) : undefined;
  const answer = page && {
    code: ghcbPage.get(page, 'swExitCode'),
    info1: ghcbPage.get(page, 'swExitInfo1'),
    info2: ghcbPage.get(page, 'swExitInfo2'),
  };
  return [
    ...(answer ? [lineOf('ftrace', 'kvm_vmgexit_exit', { vcpu: BigInt(index), ...answer })] : []),
    lineOf('ftrace', 'kvm_entry', { vcpu: BigInt(index), rip: 0n, ...NO_EXCEPTION }),
  ];
}

/** The highest reason in the table of kvm_userspace_exit; later ones are printed as numbers. */
const LAST_NAMED_EXIT = 30;

/** The lines of a step that takes a vCPU out of KVM_RUN. */
export function exitLines({ before, after }: Printing, index: number): PrintedLine[] {
  const earlier = before().vcpu(index);
  const isMsr = earlier.exchange === 'received' && ghcbMsrInfo(earlier.ghcbMsr) !== 0;
  const isTermination = BigInt(ghcbMsrInfo(earlier.ghcbMsr)) === BigInt(GHCB_MSR_TERM_REQ);
  const vcpu = after().vcpu(index);
  const run = after().kvmRun[index];
  const reason = run ? kvmRun.get(run, 'exitReason') : 0;
  const failed = vcpu.runErrno;
  // A termination leaves the handler by a way that has no event.
  const request =
    isMsr && !isTermination ? [msrExit(index, vcpu.ghcbMsr, failed === 0 ? 0n : BigInt(-failed))] : [];
  return [...request, userspaceExit(index, reason, failed)];
}

function userspaceExit(vcpu: number, reason: number, failed: number): PrintedLine {
  if (failed !== 0) {
    const name = failed === errno.EINTR ? 'restart' : 'error';
    return { ...lineOf('ftrace', 'kvm_userspace_exit', { name, number: BigInt(failed) }), vcpu };
  }
  const known = reason <= LAST_NAMED_EXIT ? kvmExitReasons[reason] : undefined;
  const name = known ?? `0x${reason.toString(16)}`;
  return { ...lineOf('ftrace', 'kvm_userspace_exit', { name, number: BigInt(reason) }), vcpu };
}
