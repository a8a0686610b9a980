/**
 * One vCPU. Parallel regions: KVM's mp_state, the pending AP creation request, the VMSA that the VMCB names, and `run`,
 * the place of its thread. "created-on-init", "never run" and "destroyed" of the review threads are derived from these,
 * see `engine/reviewer-view`.
 */
import { setup } from 'xstate';
import { compile } from './compile';
import { action, actionWith, type ActionNames } from './effects';
import { creation, type FailedCheck } from './vcpu-creation';
import { vcpuEvents, type VcpuEvent } from './vcpu-events';

type EventArgs = { event: VcpuEvent };
type Refusable = Extract<VcpuEvent, { type: 'AP_CREATE' | 'AP_CREATE_ON_INIT' }>;
const request = (event: VcpuEvent): Refusable => event as Refusable;

const refusal = <const R extends string>(reason: R) => ({ type: 'refuse', params: { reason } }) as const;
/** KVM_SET_MP_STATE names this state. */
const setTo = <const V extends string>(value: V) => ({ type: 'setTo', params: { value } }) as const;

/** Whether a check of a create request fails. */
const failedChecks: Record<FailedCheck, (event: Refusable) => boolean> = {
  features: ({ featuresMatch }) => !featuresMatch,
  gpaLegal: ({ gpa }) => gpa === 'illegal',
  gpaNot2M: ({ gpa }) => gpa === 'twoMegAligned',
};

const definition = {
  id: 'vcpu',
  type: 'parallel',
  states: {
    mpState: {
      initial: 'UNINITIALIZED',
      states: {
        UNINITIALIZED: {
          on: {
            VCPU_CREATED: [{ guard: 'startsRunnable', target: 'RUNNABLE' }, { target: 'UNINITIALIZED' }],
            START_UNINITIALIZED: 'RUNNABLE',
            WAKE: { actions: 'failRunEintr' },
          },
        },
        INIT_RECEIVED: {
          on: { SIPI: { target: 'RUNNABLE', actions: 'deliverSipi' }, WAKE: {} },
        },
        RUNNABLE: {
          on: {
            AP_RESET_HOLD: [{ guard: 'staysRunnable' }, { target: 'AP_RESET_HOLD' }],
            HLT: [{ guard: 'staysRunnable' }, { target: 'HALTED' }],
          },
        },
        HALTED: { on: { WAKE: { target: 'RUNNABLE', actions: 'clearPvUnhalted' } } },
        AP_RESET_HOLD: { on: { WAKE: { target: 'RUNNABLE', actions: 'clearPvUnhalted' } } },
        /** No event revives it: KVM_RUN returns -EINTR and leaves the event pending. */
        STOPPED: { on: { WAKE: { actions: 'failRunEintr' } } },
        /** A number without a meaning on x86, set by userspace. */
        OTHER: { on: { WAKE: { actions: 'failRunEintr' } } },
      },
      on: {
        INIT: [
          { guard: 'destroyedForGood', actions: refusal('DestroyedForGood') },
          { guard: 'isBootCpu', target: '.RUNNABLE' },
          { target: '.INIT_RECEIVED' },
        ],
        SIPI: { actions: refusal('SipiDropped') },
        // The engine clears pv_unhalted: one kernel keeps it when the VMSA cannot be looked up.
        PENDING_VMSA_TAKEN: [
          { guard: 'offlineIsStopped', target: '.STOPPED' },
          { guard: 'offlineIsUninitialized', target: '.UNINITIALIZED' },
          { target: '.HALTED' },
        ],
        GO_ONLINE: '.RUNNABLE',
        SET_MP_STATE: [
          { guard: 'mpStateUnknown', actions: refusal('MpStateUnknown') },
          { guard: 'needsKernelApic', actions: refusal('MpStateNeedsKernelApic') },
          { guard: 'initBlocked', actions: refusal('MpStateInitBlocked') },
          { guard: 'destroyedForGood', actions: refusal('DestroyedForGood') },
          { guard: setTo('RUNNABLE'), target: '.RUNNABLE' },
          { guard: setTo('UNINITIALIZED'), target: '.UNINITIALIZED' },
          { guard: setTo('INIT_RECEIVED'), target: '.INIT_RECEIVED' },
          { guard: setTo('HALTED'), target: '.HALTED' },
          { guard: setTo('SIPI_RECEIVED'), target: '.INIT_RECEIVED', actions: 'latchSipi' },
          { guard: setTo('AP_RESET_HOLD'), target: '.AP_RESET_HOLD' },
          { guard: setTo('STOPPED'), target: '.STOPPED' },
          { guard: setTo('OTHER'), target: '.OTHER' },
        ],
      },
    },
    creation,
    vmsa: {
      initial: 'launchVmsa',
      states: {
        /** The VMCB names the page KVM allocated and LAUNCH_FINISH measured. */
        launchVmsa: {},
        /** The VMCB names a page the guest passed by AP creation. */
        guestVmsa: {},
        /** The VMCB names nothing: the invalid marker of the kernel. */
        noVmsa: {},
        /** The VMCB names physical address 0, which results from the error PFN of a missing memslot. */
        physicalZero: {},
      },
      on: {
        VMSA_APPLIED: [
          { guard: 'vmsaFound', target: '.guestVmsa' },
          { guard: 'zeroFound', target: '.physicalZero' },
          { guard: 'launchVmsaComesBack', target: '.launchVmsa' },
          { target: '.noVmsa' },
        ],
      },
    },
    run: {
      initial: 'inUserspace',
      states: {
        inUserspace: { on: { KVM_RUN: 'inKvm' } },
        inKvm: {
          on: { ENTER: 'inGuest', BLOCK: 'blocked', SPIN: 'spinning', EXIT_TO_USERSPACE: 'inUserspace' },
        },
        inGuest: { on: { LEAVE: 'inKvm' } },
        blocked: { on: { UNBLOCK: 'inKvm' } },
        /** The thread loops inside KVM_RUN without progress until something else changes. */
        spinning: { on: { UNBLOCK: 'inKvm' } },
      },
    },
  },
} as const;
export type VcpuDefinition = typeof definition;

const actions = {
  refuse: actionWith<{ reason: string }>(),
  rememberPendingGpa: action,
  forgetPendingGpa: action,
  armNothing: action,
  raiseUpdateRequest: action,
  deliverSipi: action,
  clearPvUnhalted: action,
  latchSipi: action,
  applyPendingVmsa: action,
  resetVcpu: action,
  failRunEintr: action,
} satisfies ActionNames<VcpuDefinition, VcpuEvent>;

export const vcpuMachine = setup({
  types: { events: {} as VcpuEvent },
  guards: {
    startsRunnable: ({ event }: EventArgs) => event.type === 'VCPU_CREATED' && event.startsRunnable,
    isBootCpu: ({ event }: EventArgs) => event.type === 'INIT' && event.isBootCpu,
    staysRunnable: ({ event }: EventArgs) =>
      (event.type === 'AP_RESET_HOLD' || event.type === 'HLT') && event.staysRunnable,
    mpStateUnknown: ({ event }: EventArgs) =>
      event.type === 'SET_MP_STATE' &&
      event.range === 'known' &&
      (event.value === 'OTHER' || event.value === 'STOPPED'),
    initBlocked: ({ event }: EventArgs) =>
      event.type === 'SET_MP_STATE' &&
      event.initBlocked &&
      (event.value === 'INIT_RECEIVED' || event.value === 'SIPI_RECEIVED'),
    destroyedForGood: ({ event }: EventArgs) =>
      (event.type === 'INIT' || event.type === 'SET_MP_STATE') && event.destroyedForGood,
    needsKernelApic: ({ event }: EventArgs) =>
      event.type === 'SET_MP_STATE' && event.value !== 'RUNNABLE' && !event.kernelApic,
    setTo: ({ event }: EventArgs, { value }: { value: string }) =>
      event.type === 'SET_MP_STATE' && event.value === value,
    checkFails: ({ event }: EventArgs, { check }: { check: FailedCheck }) =>
      failedChecks[check](request(event)),
    checkFailsOffline: ({ event }: EventArgs, { check }: { check: FailedCheck }) =>
      failedChecks[check](request(event)) && request(event).onError === 'offline',
    checkFailsOfflineUnarmed: ({ event }: EventArgs, { check }: { check: FailedCheck }) =>
      failedChecks[check](request(event)) &&
      request(event).onError === 'offline' &&
      request(event).armedFlag === 'onInitOnly',
    secondRejected: ({ event }: EventArgs) => request(event).secondCreate === 'reject',
    secondWhileArmedRejected: ({ event }: EventArgs) => request(event).secondCreate !== 'replace',
    namesNoVmsa: ({ event }: EventArgs) => request(event).gpa === 'none',
    namesNoVmsaUnarmed: ({ event }: EventArgs) =>
      request(event).gpa === 'none' && request(event).armedFlag === 'onInitOnly',
    createDisarms: ({ event }: EventArgs) => request(event).armedFlag === 'onInitOnly',
    destroyDisarms: ({ event }: EventArgs) => event.type === 'AP_DESTROY' && event.armedFlag === 'onInitOnly',
    unknownTakesOffline: ({ event }: EventArgs) =>
      event.type === 'AP_UNKNOWN_REQUEST' && event.onError === 'offline',
    unknownTakesOfflineUnarmed: ({ event }: EventArgs) =>
      event.type === 'AP_UNKNOWN_REQUEST' && event.onError === 'offline' && event.armedFlag === 'onInitOnly',
    handlerApplies: ({ event }: EventArgs) =>
      event.type === 'UPDATE_REQUEST_TAKEN' && event.appliedBy === 'requestHandler',
    flagStays: ({ event }: EventArgs) => event.type === 'PENDING_VMSA_TAKEN' && event.by === 'requestHandler',
    appliesAgain: ({ event }: EventArgs) => event.type === 'PENDING_VMSA_TAKEN' && event.appliesAgain,
    offlineIsStopped: ({ event }: EventArgs) =>
      event.type === 'PENDING_VMSA_TAKEN' && event.offlineState === 'STOPPED',
    offlineIsUninitialized: ({ event }: EventArgs) =>
      event.type === 'PENDING_VMSA_TAKEN' && event.offlineState === 'UNINITIALIZED',
    vmsaFound: ({ event }: EventArgs) => event.type === 'VMSA_APPLIED' && event.found === 'page',
    zeroFound: ({ event }: EventArgs) => event.type === 'VMSA_APPLIED' && event.found === 'physicalZero',
    launchVmsaComesBack: ({ event }: EventArgs) =>
      event.type === 'VMSA_APPLIED' && event.restoresLaunchVmsa && !event.hadGuestVmsa,
  },
  actions,
}).createMachine(definition);

export const vcpuChart = compile(vcpuMachine, vcpuEvents);
