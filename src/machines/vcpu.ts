/**
 * One vCPU. Three things move side by side: what KVM calls mp_state, the AP creation request that waits for this
 * vCPU, and which VMSA its VMCB names; `run` says where its thread is. "created-on-init", "never run" and
 * "destroyed" of the review threads are views over these, see `engine/views-of-state`.
 */
import { setup } from 'xstate';
import { compile } from './compile';
import { events, type EventOf } from './events';

const refusalFacts = {
  featuresMatch: 'flag',
  gpaLegal: 'flag',
  gpaTwoMegAligned: 'flag',
  doubleCreate: ['replace', 'reject'],
  onError: ['untouched', 'offline'],
} as const;

export const vcpuEvents = events({
  /** A vCPU was created; it starts RUNNABLE when it is the boot CPU or the APIC is not in the kernel. */
  VCPU_CREATED: { startsRunnable: 'flag' },
  /** A latched INIT was accepted by the local APIC code. */
  INIT: { isBootCpu: 'flag' },
  /** A latched SIPI was accepted by the local APIC code. */
  SIPI: {},
  /** An event made a sleeping vCPU runnable. */
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
      'other',
    ],
    kernelApic: 'flag',
  },
  AP_CREATE_ON_INIT: refusalFacts,
  AP_CREATE: refusalFacts,
  AP_DESTROY: {},
  AP_UNKNOWN_REQUEST: { onError: ['untouched', 'offline'] },
  /** The run loop consumed the update request. */
  UPDATE_REQUEST_TAKEN: {},
  /** The waiting AP creation request was consumed, whoever came first: the update request or an INIT. */
  PENDING_VMSA_TAKEN: { offlineState: ['HALTED', 'STOPPED', 'UNINITIALIZED'] },
  /** The VMSA named by the request was looked up, and the VMCB now names it or nothing. */
  VMSA_APPLIED: { found: 'flag', hadGuestVmsa: 'flag', restoresLaunchVmsa: 'flag' },
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

type EventArgs = { event: VcpuEvent };
type Refusable = Extract<VcpuEvent, { type: 'AP_CREATE' | 'AP_CREATE_ON_INIT' }>;
const request = ({ event }: EventArgs): Refusable => event as Refusable;

const refusal = (reason: string) => ({ type: 'refuse', params: { reason } }) as const;

/** What a refused request leaves behind in kernels that spoil the target on errors. */
interface Spoiled {
  readonly target: string;
  readonly actions: readonly ('armNothing' | 'raiseUpdateRequest')[];
}
/** Such kernels raise the update request unless they have seen that it is CREATE_ON_INIT, after the features. */
const spoiledNow: Spoiled = { target: 'destroyPending', actions: ['armNothing', 'raiseUpdateRequest'] };
const spoiledOnInit = (requestPending: boolean): Spoiled => ({
  target: requestPending ? 'destroyPending' : 'destroyArmed',
  actions: ['armNothing'],
});

/** The refusals of a create request, in KVM's order. */
const createRefusals = ({ target, actions }: Spoiled) =>
  [
    {
      guard: 'featuresDifferOffline',
      target: spoiledNow.target,
      actions: [refusal('ApFeaturesDiffer'), ...spoiledNow.actions],
    },
    { guard: 'featuresDiffer', actions: refusal('ApFeaturesDiffer') },
    { guard: 'gpaIllegalOffline', target, actions: [refusal('ApGpaIllegal'), ...actions] },
    { guard: 'gpaIllegal', actions: refusal('ApGpaIllegal') },
    { guard: 'gpaTwoMegOffline', target, actions: [refusal('ApGpaTwoMegAligned'), ...actions] },
    { guard: 'gpaTwoMegAligned', actions: refusal('ApGpaTwoMegAligned') },
  ] as const;

const armOnInit = (target: 'createdOnInit' | 'updatePending', alreadyArmed: boolean) =>
  [
    ...createRefusals(spoiledOnInit(target === 'updatePending')),
    ...(alreadyArmed
      ? ([{ guard: 'doubleCreateRejected', actions: refusal('ApAlreadyCreated') }] as const)
      : []),
    { target, actions: ['rememberPendingGpa'] },
  ] as const;
const armNow = (alreadyArmed: boolean) =>
  [
    ...createRefusals(spoiledNow),
    ...(alreadyArmed
      ? ([{ guard: 'doubleCreateRejected', actions: refusal('ApAlreadyCreated') }] as const)
      : []),
    { target: 'updatePending', actions: ['rememberPendingGpa', 'raiseUpdateRequest'] },
  ] as const;
const destroy = { target: 'destroyPending', actions: ['forgetPendingGpa', 'raiseUpdateRequest'] } as const;

export const vcpuMachine = setup({
  types: { events: {} as VcpuEvent },
  guards: {
    startsRunnable: ({ event }: EventArgs) => event.type === 'VCPU_CREATED' && event.startsRunnable,
    isBootCpu: ({ event }: EventArgs) => event.type === 'INIT' && event.isBootCpu,
    staysRunnable: ({ event }: EventArgs) =>
      (event.type === 'AP_RESET_HOLD' || event.type === 'HLT') && event.staysRunnable,
    mpStateUnknown: ({ event }: EventArgs) =>
      event.type === 'SET_MP_STATE' && (event.value === 'other' || event.value === 'STOPPED'),
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
    featuresDiffer: (args: EventArgs) => !request(args).featuresMatch,
    featuresDifferOffline: (args: EventArgs) =>
      !request(args).featuresMatch && request(args).onError === 'offline',
    gpaIllegal: (args: EventArgs) => !request(args).gpaLegal,
    gpaIllegalOffline: (args: EventArgs) => !request(args).gpaLegal && request(args).onError === 'offline',
    gpaTwoMegAligned: (args: EventArgs) => request(args).gpaTwoMegAligned,
    gpaTwoMegOffline: (args: EventArgs) =>
      request(args).gpaTwoMegAligned && request(args).onError === 'offline',
    doubleCreateRejected: (args: EventArgs) => request(args).doubleCreate === 'reject',
    unknownTakesOffline: ({ event }: EventArgs) =>
      event.type === 'AP_UNKNOWN_REQUEST' && event.onError === 'offline',
    offlineIsStopped: ({ event }: EventArgs) =>
      event.type === 'PENDING_VMSA_TAKEN' && event.offlineState === 'STOPPED',
    offlineIsUninitialized: ({ event }: EventArgs) =>
      event.type === 'PENDING_VMSA_TAKEN' && event.offlineState === 'UNINITIALIZED',
    vmsaFound: ({ event }: EventArgs) => event.type === 'VMSA_APPLIED' && event.found,
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
          },
        },
        INIT_RECEIVED: {
          on: { SIPI: { target: 'RUNNABLE', actions: 'deliverSipi' } },
        },
        RUNNABLE: {
          on: {
            AP_RESET_HOLD: [{ guard: 'staysRunnable' }, { target: 'AP_RESET_HOLD' }],
            HLT: [{ guard: 'staysRunnable' }, { target: 'HALTED' }],
          },
        },
        HALTED: { on: { WAKE: { target: 'RUNNABLE', actions: 'clearPvUnhalted' } } },
        AP_RESET_HOLD: { on: { WAKE: { target: 'RUNNABLE', actions: 'clearPvUnhalted' } } },
        STOPPED: {},
      },
      on: {
        INIT: [{ guard: 'isBootCpu', target: '.RUNNABLE' }, { target: '.INIT_RECEIVED' }],
        SIPI: { actions: refusal('SipiDropped') },
        PENDING_VMSA_TAKEN: [
          { guard: 'offlineIsStopped', target: '.STOPPED', actions: 'clearPvUnhalted' },
          { guard: 'offlineIsUninitialized', target: '.UNINITIALIZED', actions: 'clearPvUnhalted' },
          { target: '.HALTED', actions: 'clearPvUnhalted' },
        ],
        GO_ONLINE: { target: '.RUNNABLE', actions: 'clearPvUnhalted' },
        SET_MP_STATE: [
          { guard: 'mpStateUnknown', actions: refusal('MpStateUnknown') },
          { guard: 'needsKernelApic', actions: refusal('MpStateNeedsKernelApic') },
          { guard: 'toRunnable', target: '.RUNNABLE' },
          { guard: 'toUninitialized', target: '.UNINITIALIZED' },
          { guard: 'toInitReceived', target: '.INIT_RECEIVED' },
          { guard: 'toHalted', target: '.HALTED' },
          { guard: 'toSipiReceived', target: '.INIT_RECEIVED', actions: 'latchSipi' },
          { guard: 'toApResetHold', target: '.AP_RESET_HOLD' },
        ],
      },
    },
    creation: {
      initial: 'noneWaiting',
      states: {
        /** No AP creation request waits. */
        noneWaiting: {
          on: {
            AP_CREATE_ON_INIT: armOnInit('createdOnInit', false),
            AP_CREATE: armNow(false),
          },
        },
        /** A VMSA GPA waits for the next INIT. */
        createdOnInit: {
          on: {
            AP_CREATE_ON_INIT: armOnInit('createdOnInit', true),
            AP_CREATE: armNow(true),
            PENDING_VMSA_TAKEN: 'noneWaiting',
          },
        },
        /** A VMSA GPA waits, and the update request is raised. */
        updatePending: {
          on: {
            AP_CREATE_ON_INIT: armOnInit('updatePending', true),
            AP_CREATE: armNow(true),
            UPDATE_REQUEST_TAKEN: 'createdOnInit',
            PENDING_VMSA_TAKEN: 'requestLeftOver',
          },
        },
        /** DESTROY waits, and the update request is raised. */
        destroyPending: {
          on: {
            AP_CREATE_ON_INIT: armOnInit('updatePending', false),
            AP_CREATE: armNow(false),
            UPDATE_REQUEST_TAKEN: 'destroyArmed',
            PENDING_VMSA_TAKEN: 'requestLeftOver',
          },
        },
        /** "No VMSA" waits without an update request: the next INIT takes the vCPU offline. */
        destroyArmed: {
          on: {
            AP_CREATE_ON_INIT: armOnInit('createdOnInit', false),
            AP_CREATE: armNow(false),
            PENDING_VMSA_TAKEN: 'noneWaiting',
          },
        },
        /** An INIT served the request first; the update request that is left repeats the reset only. */
        requestLeftOver: {
          on: {
            AP_CREATE_ON_INIT: armOnInit('updatePending', false),
            AP_CREATE: armNow(false),
            UPDATE_REQUEST_TAKEN: 'noneWaiting',
          },
        },
      },
      on: {
        AP_DESTROY: { ...destroy, target: '.destroyPending' },
        AP_UNKNOWN_REQUEST: [
          {
            guard: 'unknownTakesOffline',
            target: '.destroyPending',
            actions: [refusal('ApUnknownRequest'), ...spoiledNow.actions],
          },
          { actions: refusal('ApUnknownRequest') },
        ],
      },
    },
    vmsa: {
      initial: 'launchVmsa',
      states: {
        /** The VMCB names the page KVM allocated and LAUNCH_FINISH measured. */
        launchVmsa: {},
        /** The VMCB names a page the guest passed by AP creation. */
        guestVmsa: {},
        /** The VMCB names nothing. */
        noVmsa: {},
      },
      on: {
        VMSA_APPLIED: [
          { guard: 'vmsaFound', target: '.guestVmsa' },
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
