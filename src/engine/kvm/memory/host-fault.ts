/** The host kernel touches a page that the RMP gives to a guest: the machine is lost, not just the VM. */
import type { RuleId } from '../../rules';
import type { World } from '../../world';
import { pageName } from './kernel-pages';

/** Thrown where the kernel would take the fault: the call that led there never comes back. */
export class HostRmpFault extends Error {
  /** @param rule why the page is not the host's to write */
  constructor(
    readonly pfn: number,
    readonly rule: RuleId,
  ) {
    super('the host takes an RMP fault');
    this.name = 'HostRmpFault';
  }
}

/** Why nothing can be done any more. What an oops leaves of a host is not modelled. */
export const HOST_LOST = 'the host is lost after an RMP fault in the kernel';

/** Marks the host as lost. */
export function loseHost(world: World, { pfn, rule }: HostRmpFault): void {
  world.host.rmpFault = true;
  const name = pageName(world, pfn);
  world.move('hostRmpFault', -1, { pfn, name }, rule);
  world.violation(
    'HostKeepsOutOfGuestPages',
    `KVM writes into ${name}, which the guest owns: the host takes an RMP fault`,
  );
}
