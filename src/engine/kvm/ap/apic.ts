/** INIT and SIPI in the in-kernel local APIC, and what counts as an event for a sleeping vCPU. */
import { apResetHoldResponse } from '../../../abi/ghcb-msr';
import { statesTagged } from '../../../machines/compile';
import { carryOut } from '../../../machines/effects';
import { vcpuChart } from '../../../machines/vcpu';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { writeInfo2, answerPage } from '../ghcb/ghcb';
import type { KnownValue } from '../../../profiles/facets';
import { sevSnpInitProtectedGuestState, waitsForReset, type Applied } from './protected-state';

/** Latches INIT; a pending SIPI is discarded. */
export function latchInit(vcpu: Vcpu): void {
  vcpu.initLatched = true;
  vcpu.sipiLatched = false;
}

export function latchSipi(vcpu: Vcpu): void {
  vcpu.sipiLatched = true;
}

/** kvm_inject_nmi: the NMI is queued until the next guest entry. */
export function queueNmi(vcpu: Vcpu): void {
  vcpu.nmiRequest = true;
  vcpu.nmiQueued += 1;
}

/** Whether an update of the protected state is requested from this vCPU. */
export function updateRequested(vcpu: Vcpu): boolean {
  return updateRequestedStates.has(vcpu.creation);
}

const updateRequestedStates = statesTagged(vcpuChart, 'creation', 'updateRequested');

/** kvm_vcpu_has_events, for the events that are modelled. */
export function hasEvents(vcpu: Vcpu): boolean {
  return (
    vcpu.initLatched ||
    vcpu.sipiLatched ||
    vcpu.pvUnhalted ||
    vcpu.wakeEvent ||
    updateRequested(vcpu) ||
    hasNmi(vcpu)
  );
}

/** An NMI that was taken over counts only where it could be injected. */
const hasNmi = (vcpu: Vcpu): boolean => vcpu.nmiRequest || (vcpu.nmiPending > 0 && !vcpu.nmiBlocked);

/** The signature in RDX after a reset where userspace gave no CPUID table. */
const DEFAULT_SIGNATURE = 0x600;

/** KVM's copy of the registers after RESET or INIT: zeros, and the signature of the processor in RDX. */
export function resetRegisters(world: World, vcpu: Vcpu): void {
  vcpu.rax = 0n;
  vcpu.rbx = 0n;
  vcpu.rcx = 0n;
  vcpu.rsi = 0n;
  const leaf = world.cpuid.find((row) => row.used && row.leaf === 1);
  vcpu.rdx = BigInt(leaf?.eax ?? DEFAULT_SIGNATURE);
}

/** kvm_vcpu_reset for an INIT: NMIs that wait are lost (their request is not), the registers are cleared, and the pending VMSA, if any, is applied. */
export function resetVcpuForInit(world: World, vcpu: Vcpu): Applied {
  vcpu.nmiQueued = 0;
  vcpu.nmiPending = 0;
  resetRegisters(world, vcpu);
  return sevSnpInitProtectedGuestState(world, vcpu);
}

/** Whether the guest destroyed this vCPU in a kernel where neither INIT nor userspace may then start it. */
export function destroyedForGood(world: World, vcpu: Vcpu): boolean {
  return vcpu.destroyed && world.facet('ap.destroySticky') === 'yes';
}

/** The branch that an INIT without a pending VMSA takes. */
const plainInit: Record<KnownValue<'ap.plainInit'>, RuleId> = {
  initBranch: 'InitTaken',
  resetBranch: 'InitRunsResetBranch',
};

/** kvm_apic_accept_events: INIT first, then SIPI. */
export function acceptApicEvents(world: World, vcpu: Vcpu): void {
  const index = vcpu.index;
  if (vcpu.initLatched) {
    vcpu.initLatched = false;
    takeInit(world, vcpu);
  }
  if (vcpu.sipiLatched) {
    vcpu.sipiLatched = false;
    const before = vcpu.mpState;
    carryOut(world.decideVcpu(vcpu, { type: 'SIPI' }), {
      refuse: ({ reason }) => world.move('sipiDropped', index, { state: before }, reason),
      deliverSipi: () => {
        clearUnhaltedWhenRunnable(world, vcpu);
        world.apart(`deliverSipi ${index}`, () => {
          const { effect, rule } = deliverSipi(world, vcpu);
          world.move('sipiAccepted', index, { effect }, rule);
        });
      },
    });
  }
}

/** A latched INIT: the reset, which applies a pending VMSA, then the state that INIT leads to. */
function takeInit(world: World, vcpu: Vcpu): void {
  const index = vcpu.index;
  const rule = waitsForReset(vcpu) ? 'InitTaken' : plainInit[world.facet('ap.plainInit')];
  resetVcpuForInit(world, vcpu);
  const effects = world.decideVcpu(vcpu, {
    type: 'INIT',
    isBootCpu: index === 0,
    destroyedForGood: destroyedForGood(world, vcpu),
  });
  const refused = carryOut(effects, { refuse: ({ reason }) => reason });
  clearUnhaltedWhenRunnable(world, vcpu);
  if (refused) world.move('initRefused', index, { state: vcpu.mpState }, refused);
  else world.move('initAccepted', index, { state: vcpu.mpState }, rule);
}

/** sev_vcpu_deliver_sipi_vector. @returns what it did, in words, and by which rule */
function deliverSipi(world: World, vcpu: Vcpu): { effect: string; rule: RuleId } {
  if (!vcpu.receivedFirstSipi) {
    vcpu.receivedFirstSipi = true;
    return { effect: 'first SIPI, runs on the VMSA it has', rule: 'FirstSipi' };
  }
  if (vcpu.holdType === 'nae') {
    if (!vcpu.ghcbMapped) return { effect: 'hold over, no GHCB mapped', rule: 'SipiEndsHold' };
    writeInfo2(answerPage(world, vcpu), 1n);
    return { effect: 'hold answered with 1', rule: 'SipiEndsHold' };
  }
  if (vcpu.holdType === 'msr') {
    vcpu.ghcbMsr = apResetHoldResponse.encode({ result: 1n });
    return { effect: 'hold answered with 0x1007', rule: 'SipiEndsHold' };
  }
  return { effect: 'no hold, runs on', rule: 'SipiRunsOn' };
}

/** Some kernels clear pv_unhalted wherever mp_state is set to RUNNABLE. */
export function clearUnhaltedWhenRunnable(world: World, vcpu: Vcpu): void {
  if (vcpu.mpState !== 'RUNNABLE' || !vcpu.pvUnhalted) return;
  if (world.facet('mp.runnableClearsUnhalted') === 'yes') vcpu.pvUnhalted = false;
}
