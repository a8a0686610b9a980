/** KVM_EXIT_SYSTEM_EVENT for a guest that gives up. */
import { kvmRunSystemEvent, KVM_EXIT_SYSTEM_EVENT, KVM_SYSTEM_EVENT_SEV_TERM } from '../../abi/kvm-run';
import type { RuleId } from '../rules';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { kvmRunOf, leaveToUserspace } from './exit';
import type { Handled } from './ghcb';

const DATA = kvmRunSystemEvent.offsetOf('data');

/** @param data the one word of data: the GHCB MSR value, or the GHCB address for the NAE form */
export function exitSevTerm(world: World, vcpu: Vcpu, data: bigint, rule: RuleId): Handled {
  const form = world.facet('term.msr');
  if (form !== 'sysEventNdata') world.finding('unmodelled', `termination as ${form}`);
  const run = kvmRunOf(world, vcpu);
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  kvmRunSystemEvent.set(run, 'type', KVM_SYSTEM_EVENT_SEV_TERM);
  kvmRunSystemEvent.set(run, 'ndata', 1);
  run.setU64(DATA, data);
  leaveToUserspace(world, vcpu, { errno: 0, reason: KVM_EXIT_SYSTEM_EVENT });
  world.move('systemEventExit', world.indexOf(vcpu), { type: KVM_SYSTEM_EVENT_SEV_TERM, data }, rule);
  return 'left';
}
