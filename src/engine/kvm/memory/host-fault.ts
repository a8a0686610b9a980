/** Where the kernel itself takes a fault: the call never returns to its caller, and the thread is gone with its locks. */
import type { RuleId } from '../../rules';
import type { World } from '../../world';
import { pageName } from './kernel-pages';

/** Thrown where the kernel would take the fault. */
export class HostOops extends Error {
  /** @param what the access, as a phrase */
  constructor(
    readonly what: string,
    readonly rule: RuleId,
  ) {
    super(`the host oopses: ${what}`);
    this.name = 'HostOops';
  }
}

/** The host kernel writes a page that the RMP assigns to a guest. @param rule why the host must not write the page */
export function hostWritesGuestPage(world: World, pfn: number, rule: RuleId): never {
  const name = pageName(world, pfn);
  world.host.rmpFault = true;
  world.move('hostRmpFault', -1, { pfn, name }, rule);
  world.violation(
    'HostKeepsOutOfGuestPages',
    `KVM writes into ${name}, which the guest owns: the host takes an RMP fault`,
  );
  throw new HostOops('RMP fault of a host write', rule);
}

/** Why no act can be taken any more. */
export const HOST_PANICKED = 'the host panicked';
