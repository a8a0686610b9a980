/**
 * The launch of one VM for KVM and for the firmware. `launch` is the state of KVM, `gstate` the guest state of the
 * firmware, `health` whether the VM is bugged or dead. The checks of each command are in the order of KVM and of the
 * firmware; a refusal names its rule.
 */
import { setup } from 'xstate';
import type { FirmwareStatusName } from '../abi/firmware';
import { compile } from './compile';
import { action, actionWith, type ActionNames } from './effects';
import { events, type AnyEvent, type EventOf } from './events';

/** What every firmware command on a guest checks first. */
const firmwareFacts = { reservedZero: 'flag', platformReady: 'flag', contextPage: 'flag' } as const;

export const launchEvents = events({
  CREATE_VM: {},
  /** KVM_SEV_INIT2 up to the first change. */
  INIT2: {
    sevType: 'flag',
    readable: 'flag',
    noVcpus: 'flag',
    flagsZero: 'flag',
    featuresSupported: 'flag',
    versionKnown: 'flag',
    versionAllowed: 'flag',
  },
  INIT2_DONE: {},
  /** KVM_SEV_SNP_LAUNCH_START up to the first change. */
  START: {
    snp: 'flag',
    readable: 'flag',
    flagsZero: 'flag',
    policySupported: 'flag',
    policyComplete: 'flag',
    tscKnown: 'flag',
  },
  /** Flags and policy, where they are checked after the context was created. */
  START_CHECKS: { flagsZero: 'flag', policySupported: 'flag', policyComplete: 'flag' },
  /** KVM holds a firmware context. */
  CONTEXT_CREATED: {},
  /** A failed LAUNCH_START gave its context back. */
  CONTEXT_FREED: {},
  /** KVM_SEV_SNP_LAUNCH_UPDATE up to the first page. */
  UPDATE: {
    snp: 'flag',
    /** KVM has no check of its own that ends the launch. */
    stillOpen: 'flag',
    readable: 'flag',
    argumentsLegal: 'flag',
    uaddrAligned: 'flag',
    /** The source lies in a registered region, where the kernel asks for one. */
    regionRegistered: 'flag',
    slotHasGmem: 'flag',
  },
  /** KVM_SEV_SNP_LAUNCH_FINISH up to the first VMSA. */
  FINISH: {
    snp: 'flag',
    readable: 'flag',
    flagsZero: 'flag',
    noVcpuInCreation: 'flag',
    vcpusLocked: 'flag',
  },
  FINISH_DONE: {},
  /** `unwound`: everything is undone. */
  FINISH_FAILED: { finishedBefore: 'flag', unwound: 'flag' },
  /** KVM found an error that it cannot undo. */
  BUGGED: {},
  /** KVM marks the VM dead without a KVM_BUG_ON. */
  KILLED: {},
  DESTROY: {},

  SNP_GCTX_CREATE: { reservedZero: 'flag', platformReady: 'flag', firmwarePage: 'flag' },
  SNP_LAUNCH_START: { ...firmwareFacts, policyLegal: 'flag' },
  SNP_ACTIVATE: {
    ...firmwareFacts,
    asidUnusedInRmp: 'flag',
    socketLegal: 'flag',
    asidFree: 'flag',
    guestInactive: 'flag',
    asidClean: 'flag',
  },
  SNP_LAUNCH_UPDATE: {
    ...firmwareFacts,
    pagePreGuest: 'flag',
    sizeMatches: 'flag',
    typeKnown: 'flag',
    activated: 'flag',
    pageOwned: 'flag',
    contentLegal: 'flag',
  },
  SNP_LAUNCH_FINISH: {
    ...firmwareFacts,
    activated: 'flag',
    identity: ['none', 'good', 'digestDiffers', 'policyDiffers', 'algorithm', 'signature', 'authorSignature'],
  },
  SNP_DECOMMISSION: { ...firmwareFacts },
});
export type LaunchEvent = EventOf<typeof launchEvents>;

type EventArgs = { event: LaunchEvent };
/** A guard that holds when the event says that a fact is not so. */
const lacks =
  (fact: string) =>
  ({ event }: EventArgs): boolean =>
    (event as AnyEvent)[fact] === false;
const identityIs =
  (value: string) =>
  ({ event }: EventArgs): boolean =>
    event.type === 'SNP_LAUNCH_FINISH' && event.identity === value;

const refusal = <const R extends string>(reason: R) => ({ type: 'refuse', params: { reason } }) as const;
/** The firmware returns a status and does not carry out the command. */
const status = <const S extends FirmwareStatusName>(name: S) =>
  ({ type: 'refuseFirmware', params: { status: name } }) as const;

const commandChecks = [
  { guard: 'reservedSet', actions: status('INVALID_PARAM') },
  { guard: 'platformNotReady', actions: status('INVALID_PLATFORM_STATE') },
  { guard: 'notContextPage', actions: status('INVALID_GUEST') },
] as const;
const wrongGstate = [...commandChecks, { actions: status('INVALID_GUEST_STATE') }] as const;
const pageChecks = [
  { guard: 'notPreGuest', actions: status('INVALID_PAGE_STATE') },
  { guard: 'sizeDiffers', actions: status('INVALID_PAGE_SIZE') },
  { guard: 'typeUnknown', actions: status('INVALID_PARAM') },
] as const;

const decommission = [...commandChecks, { target: '#launch.gstate.none', actions: 'freeGuest' }] as const;
const activate = [
  ...commandChecks,
  { guard: 'asidInRmp', actions: status('INVALID_CONFIG') },
  { guard: 'socketIllegal', actions: status('POLICY_FAILURE') },
  { guard: 'asidOwned', actions: status('ASID_OWNED') },
  { guard: 'guestActive', actions: status('ACTIVE') },
  { guard: 'asidDirty', actions: status('DFFLUSH_REQUIRED') },
  { actions: 'bindAsid' },
] as const;

const start = [
  { guard: 'notSnp', actions: refusal('StartNotSnp') },
  { guard: 'notReadable', actions: refusal('ArgumentUnreadable') },
  { guard: 'flagsSet', actions: refusal('StartFlags') },
  { guard: 'policyUnsupported', actions: refusal('StartPolicyUnsupported') },
  { guard: 'policyIncomplete', actions: refusal('StartPolicyReservedBit') },
  { guard: 'tscUnknown', actions: ['warn', refusal('StartTscUnknown')] },
  { actions: 'createContext' },
] as const;
const startAgain = [
  { guard: 'notSnp', actions: refusal('StartNotSnp') },
  { guard: 'notReadable', actions: refusal('ArgumentUnreadable') },
  { actions: refusal('StartTwice') },
] as const;
const startChecks = [
  { guard: 'flagsSet', actions: refusal('StartFlags') },
  { guard: 'policyUnsupported', actions: refusal('StartPolicyUnsupported') },
  { guard: 'policyIncomplete', actions: refusal('StartPolicyReservedBit') },
  { actions: 'startGuest' },
] as const;
const update = [
  { guard: 'notSnp', actions: refusal('UpdateNotStarted') },
  { guard: 'launchClosed', actions: refusal('UpdateAfterFinish') },
  { guard: 'notReadable', actions: refusal('ArgumentUnreadable') },
  { guard: 'argumentsIllegal', actions: refusal('UpdateArguments') },
  { guard: 'uaddrUnaligned', actions: refusal('UpdateUaddrUnaligned') },
  { guard: 'regionMissing', actions: refusal('UpdateRegionMissing') },
  { guard: 'slotWithoutGmem', actions: refusal('UpdateSlotWithoutGmem') },
  { actions: 'populate' },
] as const;
const finish = [
  { guard: 'notSnp', actions: refusal('FinishNotSnp') },
  { guard: 'notReadable', actions: refusal('ArgumentUnreadable') },
  { guard: 'flagsSet', actions: refusal('FinishFlags') },
  { guard: 'vcpuInCreation', actions: refusal('FinishVcpuInCreation') },
  { guard: 'vcpusNotLocked', actions: refusal('FinishInterrupted') },
  { target: 'finishing', actions: 'encryptVmsas' },
] as const;
const finishNotStarted = [
  { guard: 'notSnp', actions: refusal('FinishNotSnp') },
  { actions: refusal('FinishNotStarted') },
] as const;

const definition = {
  id: 'launch',
  type: 'parallel',
  states: {
    launch: {
      initial: 'noVm',
      states: {
        noVm: { on: { CREATE_VM: 'created' } },
        /** KVM_CREATE_VM was done; nothing SEV is set up. */
        created: {
          on: {
            INIT2: [
              { guard: 'notSevType', actions: refusal('Init2VmType') },
              { guard: 'notReadable', actions: refusal('ArgumentUnreadable') },
              { guard: 'vcpusExist', actions: refusal('Init2VcpusExist') },
              { guard: 'flagsSet', actions: refusal('Init2Flags') },
              { guard: 'featuresUnsupported', actions: refusal('Init2Features') },
              { guard: 'versionUnknown', actions: refusal('Init2GhcbVersion') },
              { guard: 'versionRefused', actions: refusal('Init2GhcbVersion1') },
              { actions: 'allocateAsid' },
            ],
            INIT2_DONE: 'initialised',
            START: { actions: refusal('StartNotSnp') },
            UPDATE: { actions: refusal('UpdateNotStarted') },
            FINISH: { actions: refusal('FinishNotSnp') },
          },
        },
        /** An active SEV guest without a firmware context. */
        initialised: {
          on: {
            INIT2: { actions: refusal('Init2Twice') },
            START: start,
            CONTEXT_CREATED: 'started',
            UPDATE: { actions: refusal('UpdateNotStarted') },
            FINISH: finishNotStarted,
          },
        },
        /** KVM holds a context: pages may be added. */
        started: {
          on: {
            START: startAgain,
            START_CHECKS: startChecks,
            CONTEXT_FREED: 'initialised',
            UPDATE: update,
            FINISH: finish,
          },
        },
        /** VMSAs are being encrypted; encrypted ones are not undone. */
        finishing: {
          on: {
            FINISH_DONE: 'finished',
            FINISH_FAILED: [
              { guard: 'finishedBefore', target: 'finished' },
              { guard: 'unwound', target: 'started' },
              { target: 'finishFailed' },
            ],
          },
        },
        finished: { on: { START: startAgain, UPDATE: update, FINISH: finish } },
        /** LAUNCH_FINISH failed after its checks; some VMSAs may be encrypted. */
        finishFailed: { on: { START: startAgain, UPDATE: update, FINISH: finish } },
        destroyed: { on: { CREATE_VM: 'created' } },
      },
      on: { DESTROY: '.destroyed' },
    },
    gstate: {
      initial: 'none',
      states: {
        none: {
          on: {
            SNP_GCTX_CREATE: [
              { guard: 'reservedSet', actions: status('INVALID_PARAM') },
              { guard: 'platformNotReady', actions: status('INVALID_PLATFORM_STATE') },
              { guard: 'notFirmwarePage', actions: status('INVALID_PAGE_STATE') },
              { target: 'INIT', actions: 'makeContextPage' },
            ],
            SNP_LAUNCH_START: wrongGstate,
            SNP_ACTIVATE: wrongGstate,
            SNP_LAUNCH_FINISH: wrongGstate,
            SNP_DECOMMISSION: wrongGstate,
          },
        },
        INIT: {
          on: {
            SNP_LAUNCH_START: [
              ...commandChecks,
              { guard: 'policyIllegal', actions: status('POLICY_FAILURE') },
              { target: 'LAUNCH' },
            ],
            SNP_ACTIVATE: wrongGstate,
            SNP_LAUNCH_FINISH: wrongGstate,
            SNP_DECOMMISSION: decommission,
          },
        },
        LAUNCH: {
          on: {
            SNP_LAUNCH_START: wrongGstate,
            SNP_ACTIVATE: activate,
            SNP_LAUNCH_UPDATE: [
              ...commandChecks,
              ...pageChecks,
              { guard: 'notActivated', actions: status('INACTIVE') },
              { guard: 'pageNotOwned', actions: status('INVALID_PAGE_OWNER') },
              { guard: 'contentIllegal', actions: status('INVALID_PARAM') },
              { actions: 'makeGuestValid' },
            ],
            SNP_LAUNCH_FINISH: [
              ...commandChecks,
              { guard: 'notActivated', actions: status('INACTIVE') },
              { guard: 'digestDiffers', actions: status('BAD_MEASUREMENT') },
              { guard: 'policyDiffers', actions: status('POLICY_FAILURE') },
              { guard: 'algorithmUnknown', actions: status('INVALID_PARAM') },
              { guard: 'signatureBad', actions: status('BAD_SIGNATURE') },
              { guard: 'authorSignatureBad', actions: status('BAD_SIGNATURE') },
              { target: 'RUNNING' },
            ],
            SNP_DECOMMISSION: decommission,
          },
        },
        RUNNING: {
          on: {
            SNP_LAUNCH_START: wrongGstate,
            SNP_ACTIVATE: activate,
            SNP_LAUNCH_FINISH: wrongGstate,
            SNP_DECOMMISSION: decommission,
          },
        },
      },
      on: {
        SNP_LAUNCH_UPDATE: [...commandChecks, ...pageChecks, { actions: status('INVALID_GUEST_STATE') }],
        // The context of the VM before may have leaked; the next VM starts without one.
        CREATE_VM: '.none',
      },
    },
    health: {
      initial: 'sound',
      states: {
        sound: { on: { BUGGED: 'bugged', KILLED: 'dead' } },
        /** KVM_BUG_ON fired: every ioctl of the VM is -EIO, it can only be destroyed. */
        bugged: { on: { BUGGED: 'bugged', KILLED: 'bugged' } },
        /** The VM is dead: it behaves as bugged, without a KVM_BUG_ON. */
        dead: { on: { BUGGED: 'dead', KILLED: 'dead' } },
      },
      on: { CREATE_VM: '.sound' },
    },
  },
} as const;
export type LaunchDefinition = typeof definition;

const actions = {
  refuse: actionWith<{ reason: string }>(),
  refuseFirmware: actionWith<{ status: FirmwareStatusName }>(),
  warn: action,
  allocateAsid: action,
  createContext: action,
  startGuest: action,
  populate: action,
  encryptVmsas: action,
  makeContextPage: action,
  bindAsid: action,
  makeGuestValid: action,
  freeGuest: action,
} satisfies ActionNames<LaunchDefinition, LaunchEvent>;

export const launchMachine = setup({
  types: { events: {} as LaunchEvent },
  guards: {
    notSevType: lacks('sevType'),
    notSnp: lacks('snp'),
    notReadable: lacks('readable'),
    vcpusExist: lacks('noVcpus'),
    flagsSet: lacks('flagsZero'),
    featuresUnsupported: lacks('featuresSupported'),
    versionUnknown: lacks('versionKnown'),
    versionRefused: lacks('versionAllowed'),
    policyUnsupported: lacks('policySupported'),
    policyIncomplete: lacks('policyComplete'),
    tscUnknown: lacks('tscKnown'),
    launchClosed: lacks('stillOpen'),
    argumentsIllegal: lacks('argumentsLegal'),
    uaddrUnaligned: lacks('uaddrAligned'),
    regionMissing: lacks('regionRegistered'),
    slotWithoutGmem: lacks('slotHasGmem'),
    vcpuInCreation: lacks('noVcpuInCreation'),
    vcpusNotLocked: lacks('vcpusLocked'),
    finishedBefore: ({ event }: EventArgs) => event.type === 'FINISH_FAILED' && event.finishedBefore,
    unwound: ({ event }: EventArgs) => event.type === 'FINISH_FAILED' && event.unwound,
    reservedSet: lacks('reservedZero'),
    platformNotReady: lacks('platformReady'),
    notContextPage: lacks('contextPage'),
    notFirmwarePage: lacks('firmwarePage'),
    policyIllegal: lacks('policyLegal'),
    asidInRmp: lacks('asidUnusedInRmp'),
    socketIllegal: lacks('socketLegal'),
    asidOwned: lacks('asidFree'),
    guestActive: lacks('guestInactive'),
    asidDirty: lacks('asidClean'),
    notPreGuest: lacks('pagePreGuest'),
    sizeDiffers: lacks('sizeMatches'),
    typeUnknown: lacks('typeKnown'),
    notActivated: lacks('activated'),
    pageNotOwned: lacks('pageOwned'),
    contentIllegal: lacks('contentLegal'),
    digestDiffers: identityIs('digestDiffers'),
    policyDiffers: identityIs('policyDiffers'),
    algorithmUnknown: identityIs('algorithm'),
    signatureBad: identityIs('signature'),
    authorSignatureBad: identityIs('authorSignature'),
  },
  actions,
}).createMachine(definition);

export const launchChart = compile(launchMachine, launchEvents);
