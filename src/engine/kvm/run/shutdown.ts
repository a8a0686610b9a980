/** The processor shut down inside the guest: a triple fault, such as an exception without a handler. */
import { KVM_EXIT_SHUTDOWN } from '../../../abi/kvm-run';
import type { Outcome } from '../../acts';
import type { World } from '../../world';
import { leaveToUserspace } from '../exit';

/** shutdown_interception: no payload, and the encrypted state is not reset. */
export function shutdownInterception(world: World, index: number): Outcome {
  const vcpu = world.vcpu(index);
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_SHUTDOWN });
  world.move('shutdownExit', index, {}, 'GuestShutdown');
  world.finding('ambiguity', 'no source says what the hardware does when this vCPU is entered again');
  return undefined;
}
