/** Which failure of a log follows from which: a refusal is logged by KVM, traced as an answer, and told by the guest. */
import { malformedReasons } from '../../abi/error-words';
import { SEV_CMD_SNP_GCTX_CREATE, SEV_CMD_SNP_GUEST_REQUEST, firmwareCommands } from '../../abi/firmware';
import { errno } from '../../abi/errno';
import {
  ghcbMsrInfo,
  GHCB_MSR_PSC_RESP,
  GHCB_MSR_TERM_REQ,
  GHCB_SEV_ES_GEN_REQ,
  GHCB_TERM_PSC,
  terminationRequest,
} from '../../abi/ghcb-msr';
import { KVM_EXIT_FAIL_ENTRY, KVM_EXIT_SYSTEM_EVENT } from '../../abi/kvm-exits';
import {
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_PSC,
  SVM_VMGEXIT_TERM_REQUEST,
  terminationInfo1,
} from '../../abi/nae';
import { own } from '../../base/table';
import { numberIn, signedIn, textIn } from '../form';
import type { TraceLine } from '../read';
import { errnoOfText } from '../strerror';
import type { Fields } from '../template';

/** What a line says, as far as another may follow from it. */
interface Said {
  readonly id: string;
  readonly fields: Fields;
}

/** The reason that KVM answers, by the line with which it logs the refusal. */
const refusedFor: Readonly<Record<string, keyof typeof malformedReasons>> = {
  'ghcb-not-registered': 'GHCB_ERR_NOT_REGISTERED',
  'ghcb-usage': 'GHCB_ERR_INVALID_USAGE',
  'scratch-missing': 'GHCB_ERR_INVALID_SCRATCH_AREA',
  'scratch-area': 'GHCB_ERR_INVALID_SCRATCH_AREA',
  'exit-code-input': 'GHCB_ERR_MISSING_INPUT',
  'exit-code-unknown': 'GHCB_ERR_INVALID_EVENT',
  'exit-code-snp-only': 'GHCB_ERR_INVALID_EVENT',
  'jump-table': 'GHCB_ERR_INVALID_INPUT',
  'ap-id': 'GHCB_ERR_INVALID_INPUT',
  'ap-request': 'GHCB_ERR_INVALID_INPUT',
  'ap-vmsa': 'GHCB_ERR_INVALID_INPUT',
  'ap-vmsa-2m': 'GHCB_ERR_INVALID_INPUT',
  'ap-features': 'GHCB_ERR_INVALID_INPUT',
  'ap-injection': 'GHCB_ERR_INVALID_INPUT',
};

const isAnswer = ({ id }: Said): boolean => id === 'kvm_vmgexit_exit';
const codeOf = ({ fields }: Said): bigint => numberIn(fields, 'code');
const isApCreation = (said: Said): boolean =>
  said.id.startsWith('ap-') || (isAnswer(said) && codeOf(said) === BigInt(SVM_VMGEXIT_AP_CREATION));

/** Whether an answer with this reason, of the event of this code, is the one that the line announces. */
function announces(cause: Said, reason: bigint, code: bigint | undefined): boolean {
  const name = own(refusedFor, cause.id);
  if (name === undefined || BigInt(malformedReasons[name]) !== reason) return false;
  if (code === undefined) return true;
  if (isApCreation(cause)) return code === BigInt(SVM_VMGEXIT_AP_CREATION);
  return cause.fields['code'] === undefined || codeOf(cause) === code;
}

interface Reason {
  readonly set: number;
  readonly code: number;
}

/** The reason with which a line asks for termination. */
function terminationOf({ id, fields }: Said): Reason | undefined {
  const ofMsr = (msr: bigint): Reason | undefined => {
    if (ghcbMsrInfo(msr) !== GHCB_MSR_TERM_REQ) return undefined;
    const { reasonSet, reasonCode } = terminationRequest.decode(msr);
    return { set: reasonSet, code: reasonCode };
  };
  const ofInfo1 = (info1: bigint): Reason => {
    const { reasonSet, reasonCode } = terminationInfo1.decode(info1);
    return { set: reasonSet, code: reasonCode };
  };
  switch (id) {
    case 'termination-msr':
      return { set: Number(numberIn(fields, 'set')), code: Number(numberIn(fields, 'code')) };
    case 'termination-nae':
      return ofInfo1(numberIn(fields, 'info1'));
    case 'kvm_vmgexit_enter':
      return codeOf({ id, fields }) === BigInt(SVM_VMGEXIT_TERM_REQUEST)
        ? ofInfo1(numberIn(fields, 'info1'))
        : undefined;
    case 'kvm_vmgexit_msr_protocol_enter':
      return ofMsr(numberIn(fields, 'msr'));
    case 'rust-system-event':
      return ofMsr(numberIn(fields, 'data'));
    default:
      return undefined;
  }
}

/** The exit reason, as KVM and QEMU trace it and as QEMU prints it last: in this order. */
const exitLines: readonly (readonly [id: string, field: string])[] = [
  ['kvm_userspace_exit', 'number'],
  ['kvm_run_exit', 'reason'],
  ['kvm_run_exit_system_event', ''],
  ['qemu-exit-reason', 'reason'],
  ['qemu-entry-failed', ''],
];
/** The reason of a line that names none. */
const impliedReasons: Readonly<Record<string, bigint>> = {
  kvm_run_exit_system_event: BigInt(KVM_EXIT_SYSTEM_EVENT),
  'qemu-entry-failed': BigInt(KVM_EXIT_FAIL_ENTRY),
};

/** The reason of an exit and the place of its line among those of the exit. */
function exitOf({ id, fields }: Said): { readonly reason: bigint; readonly place: number } | undefined {
  const place = exitLines.findIndex(([known]) => known === id);
  const field = exitLines[place]?.[1];
  if (field === undefined || (id === 'kvm_userspace_exit' && errnoOf({ id, fields }) !== undefined))
    return undefined;
  return { reason: own(impliedReasons, id) ?? numberIn(fields, field), place };
}

/** The errno that KVM_RUN returns, of a line that says so. */
function errnoOf({ id, fields }: Said): number | undefined {
  switch (id) {
    case 'kvm_userspace_exit':
      return textIn(fields, 'name') === 'error' ? Math.abs(signedIn(fields, 'number') ?? 0) : undefined;
    case 'qemu-run-failed':
      return errnoOfText(textIn(fields, 'error'));
    default:
      return undefined;
  }
}

const isRefusedPsc = ({ id, fields }: Said): boolean =>
  id === 'psc-failed' ||
  (id === 'kvm_vmgexit_exit' && numberIn(fields, 'code') === BigInt(SVM_VMGEXIT_PSC)) ||
  (id === 'kvm_vmgexit_msr_protocol_exit' && ghcbMsrInfo(numberIn(fields, 'msr')) === GHCB_MSR_PSC_RESP);

const isReason = (reason: Reason, set: number, code: number): boolean =>
  reason.set === set && reason.code === code;

/** The reasons for which Linux ends after a failure, as its functions that handle page state changes and #VC do. */
function endsFor(cause: Said, reason: Reason): boolean {
  if (isRefusedPsc(cause)) return isReason(reason, 1, GHCB_TERM_PSC);
  return cause.id === 'vc-unsupported' && isReason(reason, 0, GHCB_SEV_ES_GEN_REQ);
}

const statusIn = ({ fields }: Said): bigint => BigInt.asUintN(32, numberIn(fields, 'status'));
const isCommand = (number: number, name: string): boolean => own(firmwareCommands, String(number)) === name;

/** A command of the firmware fails, then the call that sent it. */
function launchFollows(cause: Said, effect: Said): boolean {
  const call = textIn(effect.fields, 'call');
  const command = Number(numberIn(cause.fields, 'command'));
  const isOfStart = call === 'SNP_LAUNCH_START';
  switch (cause.id) {
    case 'sev-command':
      if (statusIn(cause) !== statusIn(effect) && effect.id !== 'qemu-cpuid') return false;
      if (effect.id === 'snp-context') return command === SEV_CMD_SNP_GCTX_CREATE;
      if (effect.id === 'qemu-cpuid') return isCommand(command, 'SNP_LAUNCH_UPDATE');
      return isCommand(command, call) || (isOfStart && command === SEV_CMD_SNP_GCTX_CREATE);
    case 'snp-context':
      return effect.id === 'qemu-launch' && isOfStart;
    case 'qemu-cpuid':
      return effect.id === 'qemu-launch' && call === 'SNP_LAUNCH_UPDATE';
    default:
      return false;
  }
}

/** By what the second says, whether it follows from the first. */
function isConsequence(cause: Said, effect: Said): boolean {
  const { id, fields } = effect;
  const reason = terminationOf(effect);
  if (reason) return endsFor(cause, reason);
  const exit = exitOf(effect);
  if (exit) {
    const before = exitOf(cause);
    if (exit.reason === BigInt(KVM_EXIT_SYSTEM_EVENT) && terminationOf(cause)) return true;
    return before !== undefined && before.reason === exit.reason && before.place < exit.place;
  }
  const failed = errnoOf(effect);
  if (failed !== undefined) {
    if (failed === errno.EINVAL && ['unsupported-event', 'ghcb-not-registered'].includes(cause.id))
      return true;
    return failed === errno.EFAULT && isMemoryFault(cause);
  }
  switch (id) {
    case 'kvm_vmgexit_exit':
      return announces(cause, numberIn(fields, 'info2'), codeOf(effect));
    case 'ap-creation-error':
      return isApCreation(cause);
    case 'svsm-vmgexit-error':
      return (
        announces(cause, numberIn(fields, 'info2'), undefined) ||
        (isAnswer(cause) && numberIn(cause.fields, 'info2') === numberIn(fields, 'info2'))
      );
    case 'psc-failed':
      return isRefusedPsc(cause);
    case 'asp-request':
      return (
        cause.id === 'sev-command' &&
        numberIn(cause.fields, 'command') === BigInt(SEV_CMD_SNP_GUEST_REQUEST) &&
        statusIn(cause) === (numberIn(fields, 'info2') & 0xffff_ffffn)
      );
    case 'snp-context':
    case 'qemu-cpuid':
    case 'qemu-launch':
      return launchFollows(cause, effect);
    default:
      return false;
  }
}

const said = ({ form, fields }: TraceLine): Said | undefined => form && fields && { id: form.id, fields };

/** Whether the failure of one line follows from that of another. */
export function follows(cause: TraceLine, effect: TraceLine): boolean {
  const [first, second] = [said(cause), said(effect)];
  return first !== undefined && second !== undefined && isConsequence(first, second);
}

const MEMORY_FAULTS = ['kvm_memory_fault', 'rust-memory-fault'];
const isMemoryFault = ({ id }: Said): boolean => MEMORY_FAULTS.includes(id);

/** Whether the first is printed before the failure that it follows from: KVM_RUN returns, then the VMM says where. */
export const isPrintedBefore = (effect: TraceLine, cause: TraceLine): boolean =>
  MEMORY_FAULTS.includes(cause.form?.id ?? '') && effect.form?.id === 'kvm_userspace_exit';
