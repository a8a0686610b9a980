/** Instructions whose ordinary handler may want userspace. */
import { KVM_EXIT_UNKNOWN } from '../../abi/kvm-run';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { leaveToUserspace } from './exit';
import type { Handled } from './ghcb';

/** The handler of an instruction left for userspace; which exit that is depends on the handler. */
export function leaveForHandler(world: World, vcpu: Vcpu): Handled {
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_UNKNOWN });
  world.move('handlerExit', world.indexOf(vcpu), {}, 'HandlerExits');
  return 'left';
}
