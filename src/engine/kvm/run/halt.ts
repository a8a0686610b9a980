/** HLT of the guest. */
import { KVM_EXIT_HLT } from '../../../abi/kvm-run';
import type { Outcome } from '../../acts';
import type { World } from '../../world';
import { hasEvents } from '../ap/apic';
import { leaveToUserspace } from '../exit';
import { afterGuestExit } from './run';

/** kvm_emulate_halt: sleep in HALTED, or leave when the local APIC is in userspace. */
export function kvmEmulateHalt(world: World, index: number): Outcome {
  const vcpu = world.vcpu(index);
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  if (!world.vm.kernelApic) {
    leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_HLT });
    world.move('haltExit', index, {});
    return undefined;
  }
  const staysRunnable = hasEvents(vcpu) && world.facet('hold.eventPending') === 'staysRunnable';
  world.sendVcpu(vcpu, { type: 'HLT', staysRunnable });
  if (staysRunnable) vcpu.pvUnhalted = false;
  world.move('halted', index, { state: vcpu.mpState });
  afterGuestExit(world, vcpu);
  return undefined;
}
