/** KVM_SET_MP_STATE and KVM_GET_MP_STATE. */
import { mpStates, x86MpStates } from '../../../abi/mp-state';
import { assert } from '../../../base/assert';
import { carryOut } from '../../../machines/effects';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { acceptApicEvents, clearUnhaltedWhenRunnable, destroyedForGood } from './apic';

/** The number of a state, as the ioctls pass it. */
export function mpStateNumber(name: string): number {
  const found = Object.entries(mpStates).find(([, known]) => known === name);
  assert(found, `no mp_state is called ${name}`);
  return Number(found[0]);
}

/** The name of a number, or the number itself. */
export function mpStateName(number: number): string {
  const names: Readonly<Record<number, string>> = mpStates;
  return names[number] ?? String(number);
}

/** The state of a vCPU as a number, as the ioctls pass it. */
export const mpStateNumberOf = (vcpu: Vcpu): number =>
  vcpu.mpState === 'OTHER' ? vcpu.otherMpState : mpStateNumber(vcpu.mpState);

/** The mp_state of a number on x86. */
function settableFromNumber(number: number): Settable {
  const name = mpStates[number as keyof typeof mpStates] as string | undefined;
  return x86MpStates.find((known) => known === name) ?? 'OTHER';
}

type Settable = (typeof x86MpStates)[number] | 'OTHER';

/** What KVM_SET_MP_STATE did: the rule by which it refused with -EINVAL, or nothing. */
export function setMpState(world: World, vcpu: Vcpu, number: number): RuleId | undefined {
  const value = settableFromNumber(number);
  const effects = world.decideVcpu(vcpu, {
    type: 'SET_MP_STATE',
    value,
    kernelApic: world.vm.kernelApic,
    range: rangeFor(world, value),
    initBlocked: initBlocked(world, vcpu, value),
    destroyedForGood: destroyedForGood(world, vcpu),
  });
  const refusal = carryOut(effects, {
    refuse: ({ reason }): RuleId | undefined => reason,
    latchSipi: () => {
      vcpu.sipiLatched = true;
      return undefined;
    },
  });
  if (refusal) return refusal;
  vcpu.otherMpState = vcpu.mpState === 'OTHER' ? number : 0;
  clearUnhaltedWhenRunnable(world, vcpu);
  return undefined;
}

/** The facet is consulted only for numbers that no kernel's APIC code handles. */
function rangeFor(world: World, value: Settable): 'known' | 'anyNumber' {
  if (value !== 'OTHER' && value !== 'STOPPED') return 'known';
  return world.facet('mp.setRange');
}

function initBlocked(world: World, vcpu: Vcpu, value: Settable): boolean {
  if (!vcpu.smiPending || (value !== 'INIT_RECEIVED' && value !== 'SIPI_RECEIVED')) return false;
  return world.facet('mp.initWithSmi') === 'einval';
}

/** Takes pending INIT and SIPI first; a kicked sleeper is reported as RUNNABLE. */
export function getMpState(world: World, vcpu: Vcpu): number {
  acceptApicEvents(world, vcpu);
  const { mpState } = vcpu;
  const sleeps = mpState === 'HALTED' || mpState === 'AP_RESET_HOLD';
  return sleeps && vcpu.pvUnhalted ? mpStateNumber('RUNNABLE') : mpStateNumberOf(vcpu);
}
