/** Hypercalls of the guest itself, NAE event 0x81. */
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import type { Handled } from './ghcb';

/** KVM_RUN again after a hypercall exit: the answer goes to RAX as it is. */
export function completeHypercall(world: World, vcpu: Vcpu): Handled {
  world.finding('unmodelled', 'VMMCALL');
  vcpu.completion = 'none';
  return 'resume';
}
