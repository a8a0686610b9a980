/** AP reset hold: the vCPU sleeps until a SIPI or any other event. */
import { KVM_EXIT_AP_RESET_HOLD } from '../../../abi/kvm-run';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { hasEvents } from './apic';
import { leaveToUserspace } from '../exit';
import type { Handled } from '../ghcb/ghcb';

/** kvm_emulate_ap_reset_hold. The answer "woken, no SIPI" is preset. */
export function apResetHold(world: World, vcpu: Vcpu, form: 'msr' | 'nae'): Handled {
  const index = vcpu.index;
  vcpu.holdType = form;
  world.sendExchange(vcpu, { type: 'ANSWER' });
  if (!world.vm.kernelApic) {
    leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_AP_RESET_HOLD });
    world.move('apResetHoldExit', index, {}, 'HoldNeedsUserspaceApic');
    return 'left';
  }
  const staysRunnable = hasEvents(vcpu) && world.facet('hold.eventPending') === 'staysRunnable';
  world.sendVcpu(vcpu, { type: 'AP_RESET_HOLD', staysRunnable });
  if (staysRunnable) vcpu.pvUnhalted = false;
  world.move('holdTaken', index, { state: vcpu.mpState }, form === 'msr' ? 'MsrHold' : 'NaeHold');
  return 'resume';
}
