/** Trace events that show a failure: requests to end, answers that refuse, exits after which nobody runs the vCPU again. */
import { GHCB_HV_RESP_MALFORMED_INPUT, malformedReasons } from '../../abi/error-words';
import { errno } from '../../abi/errno';
import { ghcbMsrInfo, GHCB_MSR_PSC_RESP, GHCB_MSR_TERM_REQ, terminationRequest } from '../../abi/ghcb-msr';
import { KVM_EXIT_FAIL_ENTRY, KVM_EXIT_SHUTDOWN, KVM_EXIT_SYSTEM_EVENT } from '../../abi/kvm-exits';
import { naeEvent, SVM_VMGEXIT_PSC, SVM_VMGEXIT_TERM_REQUEST } from '../../abi/nae';
import { hex } from '../../base/hex';
import { numberIn, signedIn, textIn } from '../form';
import type { Fields } from '../template';
import type { Ending, Endings } from './ending';
import { failedRun } from './host';
import { ENTER, malformedCauses, pscFailed, terminatedByNae, termination } from './requests';

const reasonName = (reason: bigint): string =>
  Object.entries(malformedReasons).find(([, number]) => number === reason)?.[0] ??
  `the reason ${hex(reason)}`;

/** An answer in the GHCB page. */
function answer(fields: Fields): Ending | undefined {
  const [code, info1, info2] = ['code', 'info1', 'info2'].map((name) => numberIn(fields, name)) as [
    bigint,
    bigint,
    bigint,
  ];
  const response = info1 & 0xffff_ffffn;
  if (response === 0n)
    return code === BigInt(SVM_VMGEXIT_PSC) && info2 !== 0n ? pscFailed({ info2, ret: 0n }) : undefined;
  if (response !== GHCB_HV_RESP_MALFORMED_INPUT) return undefined;
  return {
    what: `KVM refused ${naeEvent(code)?.name ?? `the request ${hex(code)}`} with ${reasonName(info2)}.`,
    refusedBy: 'KVM',
    causes: malformedCauses[String(info2)] ?? [],
    next: ['The kernel log of the host has a line about the refused request.', ENTER],
  };
}

/** What the MSR holds after a request: KVM's own refusal of a page state change, or an errno of KVM_RUN. */
function afterMsr(fields: Fields): Ending | undefined {
  const result = signedIn(fields, 'result') ?? 1;
  if (result < 0) return failedRun(-result);
  const msr = numberIn(fields, 'msr');
  if (ghcbMsrInfo(msr) !== GHCB_MSR_PSC_RESP || msr >> 32n === 0n) return undefined;
  return {
    what: `A page state change by the MSR protocol was answered with ${hex(msr >> 32n)}.`,
    refusedBy: 'KVM',
    causes: ['MsrPscOperation', 'PscExitsDisabled', 'PscRetRefused'],
    next: [
      'The request before it names frame and operation; Linux asks for termination with 0x1:0x1 after it.',
    ],
  };
}

const terminated: Ending = {
  what: 'The guest left for good with KVM_EXIT_SYSTEM_EVENT: most likely it asked to be terminated.',
  refusedBy: 'the guest',
  causes: ['MsrTerminate', 'MsrSnpOnlyTerminates', 'Termination'],
  next: [
    'The kvm_vmgexit_msr_protocol_enter event before it, or the kernel log of the host, names the reason.',
  ],
};

/** Exits after which the vCPU has nothing to run. */
const fatal: Readonly<Record<number, Ending>> = {
  [KVM_EXIT_SYSTEM_EVENT]: terminated,
  [KVM_EXIT_SHUTDOWN]: {
    what: 'The guest left for good with KVM_EXIT_SHUTDOWN.',
    refusedBy: 'the guest',
    causes: ['GuestShutdown'],
    next: ['The last lines of the guest console: an SNP guest shuts down on a fault that it cannot handle.'],
  },
  [KVM_EXIT_FAIL_ENTRY]: {
    what: 'VMRUN failed: KVM_RUN left with KVM_EXIT_FAIL_ENTRY.',
    refusedBy: 'the processor',
    causes: ['VmsaNotUsable', 'VmsaMissing', 'GuestNotRunning', 'VmsaAtPhysicalZero'],
    next: ['The AP creation requests before it, and whether LAUNCH_FINISH succeeded.'],
  },
};

/** The end of KVM_RUN as KVM traces it: an errno, or an exit reason. */
function userspaceExit(fields: Fields): Ending | undefined {
  const number = signedIn(fields, 'number') ?? 0;
  const name = textIn(fields, 'name');
  if (name === 'error') return number === errno.EAGAIN ? undefined : failedRun(Math.abs(number));
  return name === 'restart' ? undefined : fatal[number];
}

export const eventEndings: Endings = {
  kvm_vmgexit_msr_protocol_enter: (fields) => {
    const msr = numberIn(fields, 'msr');
    if (ghcbMsrInfo(msr) !== GHCB_MSR_TERM_REQ) return undefined;
    const { reasonSet, reasonCode } = terminationRequest.decode(msr);
    return termination(reasonSet, reasonCode);
  },
  kvm_vmgexit_enter: (fields) =>
    numberIn(fields, 'code') === BigInt(SVM_VMGEXIT_TERM_REQUEST) ? terminatedByNae(fields) : undefined,
  kvm_vmgexit_exit: answer,
  kvm_vmgexit_msr_protocol_exit: afterMsr,
  kvm_userspace_exit: userspaceExit,
  kvm_run_exit: (fields) => fatal[Number(numberIn(fields, 'reason'))],
  kvm_run_exit_system_event: (fields) => (numberIn(fields, 'type') === 6n ? terminated : undefined),
};
