/** What a VMM thread does with a vCPU: run it, answer its exits, set its mp_state. */
import { refused, type Outcome } from '../acts';
import { getMpState, mutexHeld, setMpState } from '../kvm/mp-state';
import { kvmRunIoctl } from '../kvm/run';
import type { HandlersOf } from '../perform';
import type { World } from '../world';
import { answer } from './answer';

/** VMM acts on single vCPUs. */
export const runHandlers = {
  run: (world, args) => kvmRunIoctl(world, args.vcpu, { immediateExit: args['immediate-exit'] ?? false }),
  answer,
  'set-mp-state': (world, { vcpu, state }) => {
    const impossible = existing(world, vcpu) ?? mutexHeld(world, vcpu);
    if (impossible) return impossible;
    const ret = setMpState(world, world.vcpu(vcpu), state);
    world.vm.ioctlRet = ret;
    world.move('mpStateSet', vcpu, { value: state, ret }, ret === 0 ? undefined : 'MpStateUnknown');
    return undefined;
  },
  'get-mp-state': (world, { vcpu }) => {
    const impossible = existing(world, vcpu) ?? mutexHeld(world, vcpu);
    if (impossible) return impossible;
    world.move('mpStateRead', vcpu, { value: getMpState(world, world.vcpu(vcpu)) });
    return undefined;
  },
  signal: (world, { vcpu }) => {
    const impossible = existing(world, vcpu);
    if (impossible) return impossible;
    world.vcpu(vcpu).signalPending = true;
    world.move('signalSent', vcpu, { vcpu });
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;

function existing(world: World, index: number): Outcome {
  return world.vcpus[index]?.exists ? undefined : refused(`there is no vCPU ${index}`);
}
