/** NAE event 0x80000013 on the requester: it checks, stores and kicks. The target applies it in its own thread. */
import { apInfo1, apCreationRequests } from '../../../abi/ap-creation';
import { isLargePageAligned, isPageAligned } from '../../../abi/address';
import { GHCB_ERR_INVALID_INPUT } from '../../../abi/error-words';
import { carryOut, type EffectTable } from '../../../machines/effects';
import type { VcpuEvent } from '../../../machines/vcpu-events';
import type { FacetValue } from '../../../profiles/facets';
import { takesTargetOffline } from '../../../profiles/facets/ap-creation';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import { NO_GPA, type World } from '../../world';
import { malformed, resumeAnswered, svmVmgexitInjectGp, type Handled } from '../ghcb/ghcb';
import { noVmsaGpa } from './protected-state';

/** Interrupt injection modes in SEV_FEATURES: restricted and alternate. */
const INJECTION_MODES = 0x18n;

/** Request value as KVM compares it: the whole low half of SW_EXITINFO1. */
const requestOf = (info1: bigint): number => Number(info1 & 0xffffffffn);

/** sev_snp_ap_creation. */
export function sevSnpApCreation(world: World, caller: Vcpu): Handled {
  const { apicId } = apInfo1.decode(caller.exitInfo1);
  const target = world.vcpus[apicId];
  if (!target?.exists) return refusals[world.facet('ap.onError')](world, caller, 'ApTargetUnknown');
  const refusal = changeTarget(world, caller, target);
  if (!refusal) return resumeAnswered(world, caller);
  return refusals[world.facet('ap.onError')](world, caller, refusal);
}

/** Sends the request to the target's chart. @returns the rule that refuses it; the target may have changed even then */
function changeTarget(world: World, caller: Vcpu, target: Vcpu): RuleId | undefined {
  const effects = world.decideVcpu(target, eventFor(world, caller, target));
  const kicks = effects.some(({ type }) => type === 'raiseUpdateRequest');
  let refusal: RuleId | undefined;
  const table: EffectTable<(typeof effects)[number], void> = {
    refuse: ({ reason }) => {
      refusal = reason;
    },
    rememberPendingGpa: () => rememberPendingGpa(world, target, caller.exitInfo2, kicks),
    forgetPendingGpa: () => forgetPendingGpa(world, target),
    armNothing: () => forgetPendingGpa(world, target),
    raiseUpdateRequest: () => raiseUpdateRequest(world, target),
  };
  carryOut(effects, table);
  return refusal;
}

type Refusal = (world: World, caller: Vcpu, rule: RuleId) => Handled;

const badInput: Refusal = (world, caller, rule) => malformed(world, caller, GHCB_ERR_INVALID_INPUT, rule);

/** The answer to the requester after a refusal. Effects on the target are decided by the chart. */
const refusals: Record<FacetValue<'ap.onError'>, Refusal> = {
  'silent+offline': (world, caller, rule) => {
    world.move('apIgnored', caller.index, {}, rule);
    return resumeAnswered(world, caller);
  },
  'gp+offline': svmVmgexitInjectGp,
  'badInput+offline': badInput,
  'badInput+untouched': badInput,
};

const offlineOnError = (world: World): 'offline' | 'untouched' =>
  takesTargetOffline(world.facet('ap.onError')) ? 'offline' : 'untouched';

/** What a failed CREATE_ON_INIT does; a kernel that takes the target offline arms it after a bad address. */
const badOnInit: Record<FacetValue<'ap.badOnInit'>, 'offline' | 'untouched'> = {
  modeErrorKicks: 'offline',
  'modeErrorKicks+gpaErrorArms': 'offline',
  nothing: 'untouched',
};

type ApRequestEvent = Extract<
  VcpuEvent,
  { type: 'AP_CREATE' | 'AP_CREATE_ON_INIT' | 'AP_DESTROY' | 'AP_UNKNOWN_REQUEST' }
>;

function eventFor(world: World, caller: Vcpu, target: Vcpu): ApRequestEvent {
  const request = apCreationRequests[requestOf(caller.exitInfo1) as keyof typeof apCreationRequests] as
    | 'CREATE_ON_INIT'
    | 'CREATE'
    | 'DESTROY'
    | undefined;
  const armedFlag = world.facet('ap.armedFlag');
  if (request === 'DESTROY') return { type: 'AP_DESTROY', armedFlag };
  if (!request) return { type: 'AP_UNKNOWN_REQUEST', onError: offlineOnError(world), armedFlag };
  const facts = {
    featuresMatch: featuresMatch(world, caller.rax),
    gpa: vmsaGpa[world.facet('ap.gpaCheck')](world, caller.exitInfo2),
    secondCreate: secondCreate(world, target),
    armedFlag,
  };
  if (request === 'CREATE') return { type: 'AP_CREATE', ...facts, onError: offlineOnError(world) };
  return { type: 'AP_CREATE_ON_INIT', ...facts, onError: badOnInit[world.facet('ap.badOnInit')] };
}

/** Only a guest VMSA makes a vCPU a created one: the VMSA it was launched with may be replaced once. */
function secondCreate(world: World, target: Vcpu): 'replace' | 'rejectIfArmed' | 'reject' {
  if (world.facet('ap.doubleCreate') === 'replace') return 'replace';
  return target.vmsa === 'guestVmsa' ? 'reject' : 'rejectIfArmed';
}

function featuresMatch(world: World, declared: bigint): boolean {
  const difference = declared ^ featuresBase(world);
  switch (world.facet('ap.features')) {
    case 'exactEqual':
      return difference === 0n;
    case 'injModeXor':
      return (difference & INJECTION_MODES) === 0n;
    case 'injModeXor+snpActive':
      return (difference & (INJECTION_MODES | 1n)) === 0n;
  }
}

/** Both are equal after a LAUNCH_FINISH; before it no VMSA was built. */
function featuresBase(world: World): bigint {
  const { vmsaFeatures, finishedVmsaFeatures } = world.vm;
  if (vmsaFeatures === finishedVmsaFeatures) return vmsaFeatures;
  const base = world.facet('ap.featuresBase');
  return base === 'vmsaFeatures' ? vmsaFeatures : finishedVmsaFeatures;
}

type GpaFact = 'legal' | 'illegal' | 'twoMegAligned' | 'none';

const noneOr = (world: World, gpa: bigint): GpaFact => (gpa === noVmsaGpa(world) ? 'none' : 'legal');
const legal = (world: World, gpa: bigint): boolean =>
  isPageAligned(gpa) && gpa >> BigInt(world.vm.maxPhysicalAddress) === 0n;

/** The checks of the request on the address of the VMSA. */
const vmsaGpa: Record<FacetValue<'ap.gpaCheck'>, (world: World, gpa: bigint) => GpaFact> = {
  alignedAtApply: noneOr,
  'legal+aligned': (world, gpa) => (legal(world, gpa) ? noneOr(world, gpa) : 'illegal'),
  'legal+aligned+not2M': (world, gpa) => {
    if (!legal(world, gpa)) return 'illegal';
    return isLargePageAligned(gpa) ? 'twoMegAligned' : noneOr(world, gpa);
  },
};

/** The value of "no VMSA" after a request that wrote before it checked, or after DESTROY. */
const clearedGpa: Record<FacetValue<'ap.touchedBeforeChecks'>, (world: World) => bigint> = {
  gpaZeroDisarmed: () => 0n,
  gpaInvalidDisarmed: () => NO_GPA,
  gpaInvalidArmed: () => NO_GPA,
  nothing: noVmsaGpa,
};

function rememberPendingGpa(world: World, target: Vcpu, gpa: bigint, kicks: boolean): void {
  const index = target.index;
  target.pendingVmsaGpa = gpa;
  world.move(
    'apRemembered',
    index,
    { target: index, request: kicks ? 'CREATE' : 'CREATE_ON_INIT', gpa },
    kicks ? 'ApUpdateRequested' : 'ApArmed',
  );
}

function forgetPendingGpa(world: World, target: Vcpu): void {
  const index = target.index;
  target.pendingVmsaGpa = clearedGpa[world.facet('ap.touchedBeforeChecks')](world);
  world.move('apDestroyed', index, { target: index }, 'ApUpdateRequested');
}

function raiseUpdateRequest(world: World, target: Vcpu): void {
  const index = target.index;
  if (target.mpState === 'UNINITIALIZED') startUninitialized(world, target);
  world.move('kick', index, { target: index }, 'ApUpdateRequested');
}

/** Only one kernel lets the requester write the mp_state of the target. */
function startUninitialized(world: World, target: Vcpu): void {
  if (world.facet('ap.wakesUninitialized') !== 'requesterFlips') return;
  world.sendVcpu(target, { type: 'START_UNINITIALIZED' });
  world.move('uninitializedStarted', target.index, { by: 'the requester' }, 'ApRequesterFlips');
}
