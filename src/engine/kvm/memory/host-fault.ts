/** The host kernel writes a page that the RMP assigns to a guest: the host is lost, not only the VM. */
import type { RuleId } from '../../rules';
import type { World } from '../../world';
import { pageName } from './kernel-pages';

/** Thrown where the kernel would take the fault: the call never returns. */
export class HostRmpFault extends Error {
  /** @param rule why the host must not write the page */
  constructor(
    readonly pfn: number,
    readonly rule: RuleId,
  ) {
    super('the host takes an RMP fault');
    this.name = 'HostRmpFault';
  }
}

/** Why no act can be taken any more. The state of a host after an oops is not modelled. */
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
