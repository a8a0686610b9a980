/** The only way the world moves: one act in, visible moves out. */
import { refused, type Act, type Outcome } from './acts';
import { guestHandlers } from './guest/handlers';
import { injectHandlers } from './inject/handlers';
import { HostOops, HOST_PANICKED } from './kvm/memory/host-fault';
import { kvmHandlers } from './kvm/handlers';
import { closeAfterLastCall } from './kvm/teardown/close-files';
import { NeverReturns } from './hardware/rmp';
import { Watch } from './invariants/watch';
import { hang, oops, threadOf } from './vmm/lost-threads';
import { callOnThread, continueCall } from './vmm/threads';
import type { World } from './world';

type AnyGuestHandler = (world: World, vcpu: number, args: Act['args']) => Outcome;
type AnyHandler = (world: World, args: Act['args']) => Outcome;

/**
 * Performs one act. An act that is refused before its first move leaves no write; one that is refused later has got as far
 * as its moves show. Throws `BudgetSpent` where the act may do no more; `performFound` then takes it back to its last move.
 * @returns why it cannot be taken in this state, or nothing when it was
 */
export function perform(world: World, act: Act): Outcome {
  if (world.host.panicked) return refused(HOST_PANICKED);
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
  const inKernel = threadOf(world, act);
  const watch = new Watch(world);
  const mark = world.mark();
  world.watcher = watch;
  try {
    const refusal = dispatch(world, act);
    if (refusal && !watch.hasMoved) world.undo(mark);
    closeAfterLastCall(world);
    return refusal;
  } catch (error) {
    const within = world.callInside ? { ...inKernel, call: world.callInside } : inKernel;
    if (error instanceof HostOops) oops(world, within, error);
    else if (error instanceof NeverReturns) hang(world, within, error);
    else throw error;
    return undefined;
  } finally {
    world.callInside = undefined;
  }
}

function dispatch(world: World, act: Act): Outcome {
  switch (act.actor) {
    case 'guest':
      return (guestHandlers[act.verb] as AnyGuestHandler)(world, act.vcpu, act.args);
    case 'vmm':
      return callOnThread(world, act);
    case 'kvm':
      if (act.verb === 'continue') return continueCall(world, act.args.thread);
      return (kvmHandlers[act.verb] as AnyHandler)(world, act.args);
    case 'inject':
      return (injectHandlers[act.verb] as AnyHandler)(world, act.args);
  }
}
