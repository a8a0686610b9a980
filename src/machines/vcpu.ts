/**
 * One vCPU. Three things move side by side: what KVM calls mp_state, the AP creation request that waits for this
 * vCPU, and which VMSA its VMCB names; `run` says where its thread is. "created-on-init", "never run" and
 * "destroyed" of the review threads are views over these, see `engine/reviewer-view`.
 */
import { setup } from 'xstate';
import { compile } from './compile';
import { creation } from './vcpu-creation';
import { vcpuEvents, type VcpuEvent } from './vcpu-events';

type EventArgs = { event: VcpuEvent };
type Refusable = Extract<VcpuEvent, { type: 'AP_CREATE' | 'AP_CREATE_ON_INIT' }>;
const request = ({ event }: EventArgs): Refusable => event as Refusable;

const refusal = (reason: string) => ({ type: 'refuse', params: { reason } }) as const;

type Check = (event: Refusable) => boolean;
const featuresDiffer: Check = ({ featuresMatch }) => !featuresMatch;
const gpaIllegal: Check = ({ gpa }) => gpa === 'illegal';
const gpaTwoMegAligned: Check = ({ gpa }) => gpa === 'twoMegAligned';

/** The check of a create request failed; it takes the target offline; by the update request alone. */
const failed = (check: Check) => (args: EventArgs) => check(request(args));
const offline = (check: Check) => (args: EventArgs) =>
  check(request(args)) && request(args).onError === 'offline';
const offlineUnarmed = (check: Check) => (args: EventArgs) =>
  offline(check)(args) && request(args).armedFlag === 'onInitOnly';

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
    toRunnable: ({ event }: EventArgs) => event.type === 'SET_MP_STATE' && event.value === 'RUNNABLE',
    toUninitialized: ({ event }: EventArgs) =>
      event.type === 'SET_MP_STATE' && event.value === 'UNINITIALIZED',
    toInitReceived: ({ event }: EventArgs) =>
      event.type === 'SET_MP_STATE' && event.value === 'INIT_RECEIVED',
    toHalted: ({ event }: EventArgs) => event.type === 'SET_MP_STATE' && event.value === 'HALTED',
    toSipiReceived: ({ event }: EventArgs) =>
      event.type === 'SET_MP_STATE' && event.value === 'SIPI_RECEIVED',
    toApResetHold: ({ event }: EventArgs) => event.type === 'SET_MP_STATE' && event.value === 'AP_RESET_HOLD',
    toStopped: ({ event }: EventArgs) => event.type === 'SET_MP_STATE' && event.value === 'STOPPED',
    toOther: ({ event }: EventArgs) => event.type === 'SET_MP_STATE' && event.value === 'OTHER',
    featuresDiffer: failed(featuresDiffer),
    featuresDifferOffline: offline(featuresDiffer),
    featuresDifferOfflineUnarmed: offlineUnarmed(featuresDiffer),
    gpaIllegal: failed(gpaIllegal),
    gpaIllegalOffline: offline(gpaIllegal),
    gpaIllegalOfflineUnarmed: offlineUnarmed(gpaIllegal),
    gpaTwoMegAligned: failed(gpaTwoMegAligned),
    gpaTwoMegAlignedOffline: offline(gpaTwoMegAligned),
    gpaTwoMegAlignedOfflineUnarmed: offlineUnarmed(gpaTwoMegAligned),
    secondRejected: (args: EventArgs) => request(args).secondCreate === 'reject',
    secondWhileArmedRejected: (args: EventArgs) => request(args).secondCreate !== 'replace',
    namesNoVmsa: (args: EventArgs) => request(args).gpa === 'none',
    namesNoVmsaUnarmed: (args: EventArgs) =>
      request(args).gpa === 'none' && request(args).armedFlag === 'onInitOnly',
    createDisarms: (args: EventArgs) => request(args).armedFlag === 'onInitOnly',
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
  actions: {
    refuse: (_, _params: { reason: string }) => {},
    rememberPendingGpa: () => {},
    forgetPendingGpa: () => {},
    armNothing: () => {},
    raiseUpdateRequest: () => {},
    deliverSipi: () => {},
    clearPvUnhalted: () => {},
    latchSipi: () => {},
    applyPendingVmsa: () => {},
    resetVcpu: () => {},
    failRunEintr: () => {},
  },
}).createMachine({
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
        /** No event brings it back: KVM_RUN returns -EINTR and leaves the event where it is. */
        STOPPED: { on: { WAKE: { actions: 'failRunEintr' } } },
        /** A number that means nothing on x86, set by userspace. */
        OTHER: { on: { WAKE: { actions: 'failRunEintr' } } },
      },
      on: {
        INIT: [
          { guard: 'destroyedForGood', actions: refusal('DestroyedForGood') },
          { guard: 'isBootCpu', target: '.RUNNABLE' },
          { target: '.INIT_RECEIVED' },
        ],
        SIPI: { actions: refusal('SipiDropped') },
        // pv_unhalted is the engine's to clear: one kernel keeps it when the VMSA cannot be had.
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
          { guard: 'toRunnable', target: '.RUNNABLE' },
          { guard: 'toUninitialized', target: '.UNINITIALIZED' },
          { guard: 'toInitReceived', target: '.INIT_RECEIVED' },
          { guard: 'toHalted', target: '.HALTED' },
          { guard: 'toSipiReceived', target: '.INIT_RECEIVED', actions: 'latchSipi' },
          { guard: 'toApResetHold', target: '.AP_RESET_HOLD' },
          { guard: 'toStopped', target: '.STOPPED' },
          { guard: 'toOther', target: '.OTHER' },
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
        /** The VMCB names physical address 0, which is what the PFN of a page without memslot turns into. */
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
});

export const vcpuChart = compile(vcpuMachine, vcpuEvents);
