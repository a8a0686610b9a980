/** A thread of the VMM that is lost inside the kernel: by an oops, or in a loop without end. */
import type { Act, VmmAct } from '../acts';
import type { NeverReturns } from '../hardware/rmp';
import type { HostOops } from '../kvm/memory/host-fault';
import { locksHeldBy, lockText, runOf, threadCalled, threadName } from '../kvm/threads/locks';
import type { World } from '../world';
import { keptCall } from './pending-call';
import { callerOf, loseThread, threadOfRun } from './threads';

/** Who is in the kernel during an act. */
export interface InKernel {
  /** Nothing where the host works by itself. */
  readonly thread: string | undefined;
  /** The call that it makes; KVM_RUN where it is missing. */
  readonly call?: VmmAct;
}

/** The thread that performs an act, looked up before the act. */
export function threadOf(world: World, act: Act): InKernel {
  if (act.actor === 'guest') return { thread: threadOfRun(world, act.vcpu) };
  if (act.actor === 'vmm') {
    const caller = callerOf(world, act);
    return { thread: typeof caller === 'object' ? threadName(caller) : undefined, call: act };
  }
  if (act.actor === 'kvm' && act.verb === 'wake') return { thread: threadOfRun(world, act.args.vcpu) };
  if (act.actor !== 'kvm' || act.verb !== 'continue') return { thread: undefined };
  const thread = threadCalled(world, act.args.thread);
  const call = thread && keptCall(thread);
  return { thread: act.args.thread, ...(call && { call }) };
}

/** The kernel oopses in this thread, and panics if it is set up to. */
export function oops(world: World, { thread, call }: InKernel, error: HostOops): void {
  world.host.oopsed = true;
  if (world.host.panicOnOops) {
    world.host.panicked = true;
    world.move('hostPanic', -1, { what: error.what }, 'OopsPanics');
    return;
  }
  if (thread !== undefined) loseThread(world, thread, 'oopsed', call);
  const who = thread === undefined ? 'a thread of the kernel' : `thread ${thread}`;
  world.move('hostOops', -1, { who, what: error.what, left: whatIsLeft(world, thread) }, 'OopsKillsThread');
}

/** The kernel loops for ever in this thread. */
export function hang(world: World, { thread, call }: InKernel, error: NeverReturns): void {
  if (thread !== undefined) loseThread(world, thread, 'hangs', call);
  world.move('neverReturns', -1, { what: error.what, left: whatIsLeft(world, thread) }, 'RmpUpdateRetried');
  world.finding('violation', error.message);
}

/** What VMM and guest find afterwards. */
function whatIsLeft(world: World, name: string | undefined): string {
  const thread = name === undefined ? undefined : threadCalled(world, name);
  if (!thread || name === undefined) return 'no lock of the VM is taken';
  const vcpu = runOf(world, thread);
  const stops = vcpu === undefined ? '' : `v${vcpu} stops, `;
  const locks = locksHeldBy(world, name).map(lockText);
  return `${stops}${locks.length === 0 ? 'no lock' : locks.join(' and ')} stays taken`;
}
