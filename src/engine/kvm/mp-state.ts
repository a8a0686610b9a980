/** KVM_SET_MP_STATE and KVM_GET_MP_STATE. */
import { mpStates } from '../../abi/mp-state';
import { assert } from '../../base/assert';
import { errno } from '../../abi/errno';
import { refused, type Outcome } from '../acts';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { acceptApicEvents, clearUnhaltedWhenRunnable } from './apic';

/** The number of a state, as the ioctls pass it. */
export function mpStateNumber(name: string): number {
  const found = Object.entries(mpStates).find(([, known]) => known === name);
  assert(found, `no mp_state is called ${name}`);
  return Number(found[0]);
}

/** The states a chart has or an ioctl may name; `other` for any other number. */
export function mpStateFromNumber(number: number): SettableMpState {
  const name = mpStates[number as keyof typeof mpStates] as string | undefined;
  return settable.find((known) => known === name) ?? 'other';
}

const settable = [
  'RUNNABLE',
  'UNINITIALIZED',
  'INIT_RECEIVED',
  'HALTED',
  'SIPI_RECEIVED',
  'STOPPED',
  'AP_RESET_HOLD',
] as const;

export type SettableMpState = Vcpu['mpState'] | 'SIPI_RECEIVED' | 'other';

/** @returns 0 or a negative errno */
export function setMpState(world: World, vcpu: Vcpu, value: SettableMpState): number {
  const known = value;
  const effects = world.sendVcpu(vcpu, {
    type: 'SET_MP_STATE',
    value: known,
    kernelApic: world.vm.kernelApic,
  });
  const refusal = effects.find((effect) => effect.type === 'refuse');
  if (refusal) return -errno.EINVAL;
  if (effects.some((effect) => effect.type === 'latchSipi')) vcpu.sipiLatched = true;
  clearUnhaltedWhenRunnable(vcpu);
  return 0;
}

/** Takes pending INIT and SIPI first; a kicked sleeper is reported as RUNNABLE. */
export function getMpState(world: World, vcpu: Vcpu): string {
  acceptApicEvents(world, vcpu);
  const { mpState } = vcpu;
  const sleeps = mpState === 'HALTED' || mpState === 'AP_RESET_HOLD';
  return sleeps && vcpu.pvUnhalted ? 'RUNNABLE' : mpState;
}

/** The vCPU mutex: KVM_SET_MP_STATE waits while the thread is in KVM_RUN. */
export function mutexHeld(world: World, index: number): Outcome {
  const { run } = world.vcpu(index);
  if (run === 'inUserspace') return undefined;
  return refused(`v${index} is in KVM_RUN and holds its mutex; the ioctl would wait`);
}
