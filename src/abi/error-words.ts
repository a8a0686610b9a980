/** What a hypervisor answers in SW_EXITINFO1 and SW_EXITINFO2 when an NAE event did not simply succeed. */
import type { Names } from './layout';
import { word } from './layout';
import { source, type Source } from './source';

const errors = source.ghcb('error reporting for NAE events');
const answered = source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', 'sev_handle_vmgexit', 'executed');

/** [31:0] of SW_EXITINFO1 after resume. */
export const GHCB_HV_RESP_NO_ACTION = 0n;
export const GHCB_HV_RESP_ISSUE_EXCEPTION = 1n;
export const GHCB_HV_RESP_MALFORMED_INPUT = 2n;

export const hypervisorResponses = {
  0: 'no action',
  1: 'issue exception',
  2: 'malformed input',
} as const satisfies Names;

/** SW_EXITINFO1 after resume. 0 is success, but page state changes and guest requests report through SW_EXITINFO2. */
export const responseInfo1 = word('NAE response (SW_EXITINFO1)', errors, {
  response: { bits: [31, 0], names: hypervisorResponses, doc: 'What is asked of the guest' },
  unused: { bits: [63, 32], reserved: true, doc: 'Unused in every source' },
});

/** Why input was malformed: SW_EXITINFO2 when SW_EXITINFO1 is 2. */
export const GHCB_ERR_NOT_REGISTERED = 1n;
export const GHCB_ERR_INVALID_USAGE = 2n;
export const GHCB_ERR_INVALID_SCRATCH_AREA = 3n;
export const GHCB_ERR_MISSING_INPUT = 4n;
export const GHCB_ERR_INVALID_INPUT = 5n;
export const GHCB_ERR_INVALID_EVENT = 6n;

/** Name of a reason: what the guest reads in SW_EXITINFO2. */
export type MalformedReason =
  | 'GHCB_ERR_NOT_REGISTERED'
  | 'GHCB_ERR_INVALID_USAGE'
  | 'GHCB_ERR_INVALID_SCRATCH_AREA'
  | 'GHCB_ERR_MISSING_INPUT'
  | 'GHCB_ERR_INVALID_INPUT'
  | 'GHCB_ERR_INVALID_EVENT';

/** Every malformed-input reason with its number. */
export const malformedReasons: Readonly<Record<MalformedReason, bigint>> = {
  GHCB_ERR_NOT_REGISTERED,
  GHCB_ERR_INVALID_USAGE,
  GHCB_ERR_INVALID_SCRATCH_AREA,
  GHCB_ERR_MISSING_INPUT,
  GHCB_ERR_INVALID_INPUT,
  GHCB_ERR_INVALID_EVENT,
};

/** What KVM uses a reason for; where kernels differ the text says so. */
export const malformedReasonUses: Readonly<Record<MalformedReason, { doc: string; source: Source }>> = {
  GHCB_ERR_NOT_REGISTERED: {
    doc: 'GHCB GPA not registered; up to 6.17 KVM_RUN fails with -EINVAL instead',
    source: answered,
  },
  GHCB_ERR_INVALID_USAGE: { doc: 'ghcb_usage is not 0', source: answered },
  GHCB_ERR_INVALID_SCRATCH_AREA: {
    doc: 'scratch area zero, wrapping, or outside the shared buffer',
    source: answered,
  },
  GHCB_ERR_MISSING_INPUT: {
    doc: 'a required field not marked valid; up to 6.17 also SNP-only events of other guests and bad guest-request pages',
    source: answered,
  },
  GHCB_ERR_INVALID_INPUT: {
    doc: 'a value that the event does not allow; in 7.2 also bad guest-request pages',
    source: answered,
  },
  GHCB_ERR_INVALID_EVENT: {
    doc: 'unknown exit code; in 7.2 also SNP-only events of other guests',
    source: answered,
  },
};

const reasonNames: Names = Object.fromEntries(
  Object.entries(malformedReasons).map(([name, code]) => [Number(code), name]),
);

/** SW_EXITINFO2 when SW_EXITINFO1 is 2. */
export const malformedInfo2 = word('Malformed input (SW_EXITINFO2)', errors, {
  reason: { bits: [63, 0], names: reasonNames, doc: 'Why the input was refused' },
});

/** Event types of an injection word. */
export const EVENT_TYPE_INTERRUPT = 0;
export const EVENT_TYPE_NMI = 2;
export const EVENT_TYPE_EXCEPTION = 3;
export const EVENT_TYPE_SOFTWARE_INTERRUPT = 4;

/** Vectors that Linux and EDK2 let a hypervisor raise. */
export const VECTOR_UD = 6;
export const VECTOR_GP = 13;
/** Vectors of the protocol itself. */
export const VECTOR_HV = 28;
export const VECTOR_VC = 29;

/** SW_EXITINFO2 when SW_EXITINFO1 is 1, in the format of a VMCB event injection. */
export const eventInjection = word('Event injection (SW_EXITINFO2)', errors, {
  vector: { bits: [7, 0], as: 'dec', names: { 6: '#UD', 13: '#GP', 28: '#HV', 29: '#VC' }, doc: 'Vector' },
  type: {
    bits: [10, 8],
    as: 'dec',
    names: { 0: 'interrupt', 2: 'NMI', 3: 'exception', 4: 'software interrupt' },
    doc: 'Event type',
  },
  errorCodeValid: { bits: [11, 11], as: 'flag', doc: 'The error code counts' },
  reserved: { bits: [30, 12], reserved: true, doc: 'Zero' },
  valid: { bits: [31, 31], as: 'flag', doc: 'The word counts' },
  errorCode: {
    bits: [63, 32],
    as: 'hex',
    doc: 'Error code; all ones in the word KVM writes, which is sign-extended',
  },
});

/** The word KVM writes for #GP: bit 31 comes from a signed constant, so [63:32] is all ones although bit 11 is clear. */
export const KVM_INJECT_GP = 0xffff_ffff_8000_030dn;

/** [63:32] of SW_EXITINFO2 after a guest request. */
export const SNP_GUEST_VMM_ERR_INVALID_LEN = 1;
export const SNP_GUEST_VMM_ERR_BUSY = 2;
export const SNP_GUEST_VMM_ERR_GENERIC = 0xffff_ffff;

const vmmErrors: Names = {
  0: 'none',
  [SNP_GUEST_VMM_ERR_INVALID_LEN]: 'certificate buffer too small, RBX pages needed',
  [SNP_GUEST_VMM_ERR_BUSY]: 'busy, try again',
  [SNP_GUEST_VMM_ERR_GENERIC]: 'generic (KVM)',
};

/** An error of the hypervisor with its name, as `2 (busy, try again)`. */
export const vmmErrorText = (code: number): string =>
  vmmErrors[code] === undefined ? String(code) : `${code} (${vmmErrors[code]})`;

/** SW_EXITINFO2 after a guest request; SW_EXITINFO1 is 0 even when the firmware failed. */
export const guestRequestInfo2 = word(
  'Guest request result (SW_EXITINFO2)',
  source.ghcb('SNP guest request'),
  {
    firmwareError: { bits: [31, 0], as: 'hex', doc: 'Firmware status' },
    vmmError: {
      bits: [63, 32],
      names: vmmErrors,
      doc: 'Hypervisor error',
      source: source.mail(
        'KVM: SEV: certificate fetching (KVM_EXIT_SNP_REQ_CERTS)',
        'Michael Roth',
        '2024 to 2026',
      ),
    },
  },
);
