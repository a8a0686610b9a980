/** NAE event 0x80000013: the requester's half. It checks, remembers and kicks; the target acts in its own time. */
import { apInfo1, apCreationRequests } from '../../abi/ap-creation';
import { isLargePageAligned, isPageAligned } from '../../abi/address';
import { GHCB_ERR_INVALID_INPUT } from '../../abi/error-words';
import type { Effect } from '../../machines/compile';
import type { RuleId } from '../rules';
import type { Vcpu } from '../state/vcpu';
import { NO_GPA, type World } from '../world';
import { malformed, resumeAnswered, type Handled } from './ghcb';

/** Interrupt injection modes in SEV_FEATURES: restricted and alternate. */
const INJECTION_MODES = 0x18n;

/** Request value as KVM compares it: the whole low half of SW_EXITINFO1. */
const requestOf = (info1: bigint): number => Number(info1 & 0xffffffffn);

/** sev_snp_ap_creation. */
export function sevSnpApCreation(world: World, caller: Vcpu): Handled {
  const info1 = caller.exitInfo1;
  const apicId = apInfo1.decode(info1).apicId;
  const target = world.vcpus[apicId];
  if (!target?.exists) return malformed(world, caller, GHCB_ERR_INVALID_INPUT, 'ApTargetUnknown');
  const effects = sendRequest(world, caller, target);
  const refusal = effects.find((effect) => effect.type === 'refuse');
  const touched = effects.filter((effect) => effect.type !== 'refuse');
  applyRequest(world, caller, target, touched);
  if (refusal) {
    return malformed(world, caller, GHCB_ERR_INVALID_INPUT, refusal.params['reason'] as RuleId);
  }
  return resumeAnswered(world, caller);
}

function sendRequest(world: World, caller: Vcpu, target: Vcpu): readonly Effect[] {
  const onError = world.facet('ap.onError').endsWith('offline')
    ? ('offline' as const)
    : ('untouched' as const);
  const request = apCreationRequests[requestOf(caller.exitInfo1) as keyof typeof apCreationRequests] as
    'CREATE_ON_INIT' | 'CREATE' | 'DESTROY' | undefined;
  if (request === 'DESTROY') return world.sendVcpu(target, { type: 'AP_DESTROY' });
  const gpa = caller.exitInfo2;
  const facts = {
    featuresMatch: featuresMatch(world, caller.rax),
    gpaLegal: isPageAligned(gpa) && gpa >> BigInt(world.vm.maxPhysicalAddress) === 0n,
    gpaTwoMegAligned: world.facet('ap.gpaCheck') === 'legal+aligned+not2M' && isLargePageAligned(gpa),
    doubleCreate: world.facet('ap.doubleCreate'),
    onError,
  };
  if (request === 'CREATE_ON_INIT') return world.sendVcpu(target, { type: 'AP_CREATE_ON_INIT', ...facts });
  if (request === 'CREATE') return world.sendVcpu(target, { type: 'AP_CREATE', ...facts });
  return world.sendVcpu(target, { type: 'AP_UNKNOWN_REQUEST', onError });
}

function featuresMatch(world: World, declared: bigint): boolean {
  const difference = declared ^ world.vm.vmsaFeatures;
  switch (world.facet('ap.features')) {
    case 'exactEqual':
      return difference === 0n;
    case 'injModeXor':
      return (difference & INJECTION_MODES) === 0n;
    case 'injModeXor+snpActive':
      return (difference & (INJECTION_MODES | 1n)) === 0n;
  }
}

function applyRequest(world: World, caller: Vcpu, target: Vcpu, effects: readonly Effect[]): void {
  const targetIndex = world.indexOf(target);
  for (const { type } of effects) {
    if (type === 'rememberPendingGpa') {
      target.pendingVmsaGpa = caller.exitInfo2;
      const kicked = effects.some((effect) => effect.type === 'raiseUpdateRequest');
      world.move(
        'apRemembered',
        targetIndex,
        { target: targetIndex, request: kicked ? 'CREATE' : 'CREATE_ON_INIT', gpa: caller.exitInfo2 },
        kicked ? 'ApUpdateRequested' : 'ApArmed',
      );
    } else if (type === 'forgetPendingGpa' || type === 'armNothing') {
      target.pendingVmsaGpa = NO_GPA;
      world.move('apDestroyed', targetIndex, { target: targetIndex }, 'ApUpdateRequested');
    } else if (type === 'raiseUpdateRequest') {
      world.move('kick', targetIndex, { target: targetIndex }, 'ApUpdateRequested');
    }
  }
}
