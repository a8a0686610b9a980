/**
 * The pending AP creation request of one vCPU. Two things can be pending: an update request that the run loop serves,
 * and a flag that lets the next INIT apply the address. Kernels differ in where the flag is set and where it is checked.
 */

const refusal = <const R extends string>(reason: R) => ({ type: 'refuse', params: { reason } }) as const;

/** The checks of a create request that a kernel may make after it has already changed the target. */
export type FailedCheck = 'features' | 'gpaLegal' | 'gpaNot2M';
const failed = <const G extends string, const C extends FailedCheck>(guard: G, check: C) =>
  ({ type: guard, params: { check } }) as const;

/**
 * A request whose checks failed in a kernel that had already changed the target: it acts like DESTROY.
 * @param from '.' where the transition belongs to the region, '' where to a state
 */
const spoiledNow = <const C extends FailedCheck, const R extends string, const P extends '' | '.'>(
  check: C,
  reason: R,
  from: P,
) =>
  [
    {
      guard: failed('checkFailsOfflineUnarmed', check),
      target: `${from}destroyUnarmed`,
      actions: [refusal(reason), 'armNothing', 'raiseUpdateRequest'],
    },
    {
      guard: failed('checkFailsOffline', check),
      target: `${from}destroyPending`,
      actions: [refusal(reason), 'armNothing', 'raiseUpdateRequest'],
    },
    { guard: failed('checkFails', check), actions: refusal(reason) },
  ] as const;

/** CREATE_ON_INIT raises no update request once KVM has decoded it, which is after the check of the features. */
const spoiledOnInit = <const C extends FailedCheck, const R extends string>(
  check: C,
  reason: R,
  requestRaised: boolean,
) =>
  [
    {
      guard: failed('checkFailsOffline', check),
      target: requestRaised ? 'destroyPending' : 'destroyArmed',
      actions: [refusal(reason), 'armNothing'],
    },
    { guard: failed('checkFails', check), actions: refusal(reason) },
  ] as const;

/** Which second create is refused: of a vCPU with a guest VMSA, or also of one with a pending create. */
type Waiting = 'nothing' | 'create' | 'destroy';
const refusedSecond = (waiting: Waiting) => {
  if (waiting === 'destroy') return [];
  const guard = waiting === 'create' ? 'secondWhileArmedRejected' : 'secondRejected';
  return [{ guard, actions: refusal('ApAlreadyCreated') }] as const;
};

const createOnInit = (waiting: Waiting, requestRaised: boolean) =>
  [
    ...refusedSecond(waiting),
    ...spoiledNow('features', 'ApFeaturesDiffer', ''),
    ...spoiledOnInit('gpaLegal', 'ApGpaIllegal', requestRaised),
    ...spoiledOnInit('gpaNot2M', 'ApGpaTwoMegAligned', requestRaised),
    {
      guard: 'namesNoVmsa',
      target: requestRaised ? 'destroyPending' : 'destroyArmed',
      actions: 'rememberPendingGpa',
    },
    { target: requestRaised ? 'updatePending' : 'createdOnInit', actions: 'rememberPendingGpa' },
  ] as const;

/** The transitions of every state; some states refuse a second create before them. */
const raised = ['rememberPendingGpa', 'raiseUpdateRequest'] as const;
const createNow = [
  ...spoiledNow('features', 'ApFeaturesDiffer', '.'),
  ...spoiledNow('gpaLegal', 'ApGpaIllegal', '.'),
  ...spoiledNow('gpaNot2M', 'ApGpaTwoMegAligned', '.'),
  { guard: 'namesNoVmsaUnarmed', target: '.destroyUnarmed', actions: raised },
  { guard: 'namesNoVmsa', target: '.destroyPending', actions: raised },
  { guard: 'createDisarms', target: '.updateUnarmed', actions: raised },
  { target: '.updatePending', actions: raised },
] as const;

/** The update request is consumed; the handler or the reset carries it out. */
const takeRequest = <const T extends string>(target: T) =>
  [
    { guard: 'handlerApplies', target, actions: 'applyPendingVmsa' },
    { target, actions: 'resetVcpu' },
  ] as const;

/** The flag is consumed by a reset; a separate handler does not check it. */
const takeFlag = [{ guard: 'flagStays' }, { target: 'noneWaiting' }] as const;
const takeFlagOfTwo = <const T extends string>(target: T) =>
  [{ guard: 'appliesAgain', target }, { target: 'requestLeftOver' }] as const;

const destroyActions = ['forgetPendingGpa', 'raiseUpdateRequest'] as const;

/**
 * The region `creation` of a vCPU's chart. Tag `armed`: the flag is set that lets the next INIT apply the request;
 * `updateRequested`: KVM_REQ_UPDATE_PROTECTED_GUEST_STATE is raised.
 */
export const creation = {
  initial: 'noneWaiting',
  states: {
    /** No AP creation request is pending. */
    noneWaiting: {
      on: { AP_CREATE_ON_INIT: createOnInit('nothing', false), AP_CREATE: refusedSecond('nothing') },
    },
    /** A VMSA GPA is pending for the next INIT. */
    createdOnInit: {
      tags: ['armed'],
      on: {
        AP_CREATE_ON_INIT: createOnInit('create', false),
        AP_CREATE: refusedSecond('create'),
        PENDING_VMSA_TAKEN: takeFlag,
      },
    },
    /** A VMSA GPA is pending, and the update request is raised; the first of request and INIT applies it. */
    updatePending: {
      tags: ['armed', 'updateRequested'],
      on: {
        AP_CREATE_ON_INIT: createOnInit('create', true),
        AP_CREATE: refusedSecond('create'),
        UPDATE_REQUEST_TAKEN: takeRequest('createdOnInit'),
        PENDING_VMSA_TAKEN: takeFlagOfTwo('updateUnarmed'),
      },
    },
    /** A VMSA GPA is pending for the update request only: an INIT does not apply it. */
    updateUnarmed: {
      tags: ['updateRequested'],
      on: {
        AP_CREATE_ON_INIT: createOnInit('create', true),
        AP_CREATE: refusedSecond('create'),
        UPDATE_REQUEST_TAKEN: takeRequest('noneWaiting'),
      },
    },
    /** DESTROY is pending, and the update request is raised. */
    destroyPending: {
      tags: ['armed', 'updateRequested'],
      on: {
        AP_CREATE_ON_INIT: createOnInit('destroy', true),
        UPDATE_REQUEST_TAKEN: takeRequest('destroyArmed'),
        PENDING_VMSA_TAKEN: takeFlagOfTwo('destroyUnarmed'),
      },
    },
    /** DESTROY is pending for the update request only: an INIT does not apply it. */
    destroyUnarmed: {
      tags: ['updateRequested'],
      on: {
        AP_CREATE_ON_INIT: createOnInit('destroy', true),
        UPDATE_REQUEST_TAKEN: takeRequest('noneWaiting'),
      },
    },
    /** "No VMSA" is pending without an update request: the next INIT takes the vCPU offline. */
    destroyArmed: {
      tags: ['armed'],
      on: {
        AP_CREATE_ON_INIT: createOnInit('destroy', false),
        PENDING_VMSA_TAKEN: takeFlag,
      },
    },
    /** An INIT served the request first; the remaining update request only repeats the reset. */
    requestLeftOver: {
      tags: ['updateRequested'],
      on: {
        AP_CREATE_ON_INIT: createOnInit('nothing', true),
        AP_CREATE: refusedSecond('nothing'),
        UPDATE_REQUEST_TAKEN: takeRequest('noneWaiting'),
      },
    },
  },
  on: {
    AP_CREATE: createNow,
    AP_DESTROY: [
      { guard: 'destroyDisarms', target: '.destroyUnarmed', actions: destroyActions },
      { target: '.destroyPending', actions: destroyActions },
    ],
    AP_UNKNOWN_REQUEST: [
      {
        guard: 'unknownTakesOfflineUnarmed',
        target: '.destroyUnarmed',
        actions: [refusal('ApUnknownRequest'), 'armNothing', 'raiseUpdateRequest'],
      },
      {
        guard: 'unknownTakesOffline',
        target: '.destroyPending',
        actions: [refusal('ApUnknownRequest'), 'armNothing', 'raiseUpdateRequest'],
      },
      { actions: refusal('ApUnknownRequest') },
    ],
  },
} as const;
