/** Acts of a VMM thread on a vCPU: run it, answer its exits, set its mp_state. */
import { errno } from '../../abi/errno';
import { refused, type Outcome } from '../acts';
import { getMpState, mpStateName, mpStateNumber, setMpState } from '../kvm/ap/mp-state';
import { refuseCall } from '../kvm/launch/sev-call';
import { kvmRunIoctl } from '../kvm/run/run';
import type { HandlersOf } from '../handlers';
import { refusesCalls } from '../kvm/threads/locks';
import type { World } from '../world';
import { answer } from './answer';

/** VMM acts on single vCPUs. */
export const runHandlers = {
  run: (world, args) =>
    kvmRunIoctl(world, args.vcpu, {
      immediateExit: args['immediate-exit'] ?? false,
      thread: args.thread,
    }),
  answer,
  'set-mp-state': (world, { vcpu, state }) => {
    const impossible = existing(world, vcpu);
    if (impossible) return impossible;
    const dead = refusesCalls(world);
    const refusal = dead ? 'VmBugged' : setMpState(world, world.vcpu(vcpu), mpStateNumber(state));
    const ret = dead ? -errno.EIO : refusal ? -errno.EINVAL : 0;
    world.vm.ioctlRet = ret;
    world.move('mpStateSet', vcpu, { value: state, ret }, refusal);
    return undefined;
  },
  'get-mp-state': (world, { vcpu }) => {
    const impossible = existing(world, vcpu);
    if (impossible) return impossible;
    if (refusesCalls(world)) {
      world.vm.ioctlRet = refuseCall(world, 'KVM_GET_MP_STATE', 'VmBugged', 'EIO');
      return undefined;
    }
    world.vm.ioctlRet = 0;
    const value = mpStateName(getMpState(world, world.vcpu(vcpu)));
    world.move('mpStateRead', vcpu, { value });
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
