/** The only way the world moves: one act in, visible moves out. */
import { refused, type Act, type Outcome } from './acts';
import { guestHandlers } from './guest/handlers';
import { injectHandlers } from './inject/handlers';
import { HostRmpFault, HOST_LOST, loseHost } from './kvm/memory/host-fault';
import { kvmHandlers } from './kvm/handlers';
import { vmmHandlers } from './vmm/handlers';
import { NeverReturns } from './hardware/rmp';
import { Watch } from './invariants/watch';
import type { World } from './world';

type AnyGuestHandler = (world: World, vcpu: number, args: Act['args']) => Outcome;
type AnyHandler = (world: World, args: Act['args']) => Outcome;

/**
 * Performs one act. An act that is refused before its first move leaves no write; one that is refused later has got as far
 * as its moves show. Throws `BudgetSpent` where the act may do no more; `performFound` then takes it back to its last move.
 * @returns why it cannot be taken in this state, or nothing when it was
 */
export function perform(world: World, act: Act): Outcome {
  if (world.host.rmpFault) return refused(HOST_LOST);
  const { log, meter } = world;
  meter.begin(log.top);
  log.meter = meter;
  log.setLimit();
  try {
    const outcome = performWatched(world, act);
    meter.finish();
    return outcome;
  } finally {
    meter.end(log.top);
    log.setLimit();
  }
}

function performWatched(world: World, act: Act): Outcome {
  world.clearReported();
  const watch = new Watch(world);
  const mark = world.mark();
  world.watcher = watch;
  try {
    const refusal = dispatch(world, act);
    if (refusal && !watch.hasMoved) world.undo(mark);
    return refusal;
  } catch (error) {
    if (error instanceof HostRmpFault) {
      loseHost(world, error);
      return undefined;
    }
    if (!(error instanceof NeverReturns)) throw error;
    return threadLost(world, error);
  }
}

/** The kernel loops forever inside a call: the call never returns to its caller. */
function threadLost(world: World, error: NeverReturns): Outcome {
  for (const vcpu of world.vcpus) if (vcpu.run === 'inKvm') world.sendVcpu(vcpu, { type: 'SPIN' });
  world.move('neverReturns', -1, { what: error.what }, 'RmpUpdateRetried');
  world.finding('violation', error.message);
  return undefined;
}

function dispatch(world: World, act: Act): Outcome {
  switch (act.actor) {
    case 'guest':
      return (guestHandlers[act.verb] as AnyGuestHandler)(world, act.vcpu, act.args);
    case 'vmm':
      return (vmmHandlers[act.verb] as AnyHandler)(world, act.args);
    case 'kvm':
      return (kvmHandlers[act.verb] as AnyHandler)(world, act.args);
    case 'inject':
      return (injectHandlers[act.verb] as AnyHandler)(world, act.args);
  }
}
