/** The events of one vCPU, with the facts that decide their outcome. */
import { events, type EventOf } from './events';

const armedFlag = ['onInitOnly', 'allRequests'] as const;
const onError = ['untouched', 'offline'] as const;

const refusalFacts = {
  featuresMatch: 'flag',
  /** The kind of address; `none` is the value of "no VMSA". */
  gpa: ['legal', 'illegal', 'twoMegAligned', 'none'],
  /** `rejectIfArmed`: only a pending create causes a refusal. `reject`: the target has a guest VMSA. */
  secondCreate: ['replace', 'rejectIfArmed', 'reject'],
  onError,
  armedFlag,
} as const;

export const vcpuEvents = events({
  /** A vCPU was created; it starts RUNNABLE when it is the boot CPU or the APIC is not in the kernel. */
  VCPU_CREATED: { startsRunnable: 'flag' },
  /** A latched INIT was accepted by the local APIC code. */
  INIT: { isBootCpu: 'flag', destroyedForGood: 'flag' },
  /** A latched SIPI was accepted by the local APIC code. */
  SIPI: {},
  /** The wait of a vCPU that is not runnable is over: an event is pending. */
  WAKE: {},
  AP_RESET_HOLD: { staysRunnable: 'flag' },
  HLT: { staysRunnable: 'flag' },
  SET_MP_STATE: {
    value: [
      'RUNNABLE',
      'UNINITIALIZED',
      'INIT_RECEIVED',
      'HALTED',
      'SIPI_RECEIVED',
      'AP_RESET_HOLD',
      'STOPPED',
      'OTHER',
    ],
    kernelApic: 'flag',
    range: ['known', 'anyNumber'],
    /** INIT is blocked now, and this kernel checks for it. */
    initBlocked: 'flag',
    destroyedForGood: 'flag',
  },
  AP_CREATE_ON_INIT: refusalFacts,
  AP_CREATE: refusalFacts,
  AP_DESTROY: { armedFlag },
  AP_UNKNOWN_REQUEST: { onError, armedFlag },
  /** AP creation makes a vCPU runnable that never received an INIT. */
  START_UNINITIALIZED: {},
  /** The run loop consumed the update request. */
  UPDATE_REQUEST_TAKEN: { appliedBy: ['requestHandler', 'initReset'] },
  /** The pending AP creation request is applied: by an INIT reset, or by a separate handler that keeps the flag. */
  PENDING_VMSA_TAKEN: {
    by: ['initReset', 'requestHandler'],
    /** A remaining update request will apply the address once more. */
    appliesAgain: 'flag',
    offlineState: ['HALTED', 'STOPPED', 'UNINITIALIZED'],
  },
  /** The VMSA named by the request was looked up, and the VMCB now names it or nothing. */
  VMSA_APPLIED: {
    found: ['page', 'physicalZero', 'nothing'],
    hadGuestVmsa: 'flag',
    restoresLaunchVmsa: 'flag',
  },
  GO_ONLINE: {},
  ENTER: {},
  LEAVE: {},
  BLOCK: {},
  SPIN: {},
  UNBLOCK: {},
  EXIT_TO_USERSPACE: {},
  KVM_RUN: {},
});
export type VcpuEvent = EventOf<typeof vcpuEvents>;
