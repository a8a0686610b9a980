/** Invariants of threads that wait for each other. */
import { hasEvents } from '../kvm/ap/apic';
import { awaited, holderOf, lockText, runOf, threadCalled, threadName } from '../kvm/threads/locks';
import type { Thread } from '../state/thread';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { afterEach, checks } from './invariant';

/** Asleep or in a loop that only an event from elsewhere ends, and none is there. */
const needsEvent = (vcpu: Vcpu): boolean =>
  !vcpu.signalPending &&
  ((vcpu.run === 'blocked' && !hasEvents(vcpu)) ||
    (vcpu.run === 'spinning' && !vcpu.sipiLatched && !vcpu.initLatched));

/** Whether some vCPU executes guest code that could send an interrupt, or could be run and then do so. */
const guestCanAct = ({ vcpus, vm }: World): boolean =>
  vcpus.some(
    ({ exists, run, mutexHolder }) =>
      run === 'inGuest' || (exists && mutexHolder === 'none' && vm.gstate === 'RUNNING'),
  );

/** The end of the chain of holders that a thread waits for, and why it cannot go on. */
function whyStuck(world: World, waiting: Thread): string | undefined {
  const passed = new Set<Thread>([waiting]);
  let last = waiting;
  for (let lock = awaited(last); lock; lock = awaited(last)) {
    const holder = threadCalled(world, holderOf(world, lock));
    if (!holder) return undefined;
    if (passed.has(holder)) return `thread ${threadName(holder)} waits for it in turn`;
    passed.add(holder);
    last = holder;
  }
  const name = threadName(last);
  if (last.fate === 'oopsed') return `thread ${name}, which holds on to it, was killed by an oops`;
  if (last.fate === 'hangs') return `thread ${name}, which holds on to it, never returns`;
  const vcpu = runOf(world, last);
  if (vcpu === undefined || !needsEvent(world.vcpu(vcpu)) || guestCanAct(world)) return undefined;
  return `KVM_RUN of v${vcpu} sleeps, and no other vCPU can wake it: only a signal to thread ${name} ends that`;
}

function stuckWait(world: World): string | undefined {
  for (const thread of world.threads) {
    const lock = awaited(thread);
    const why = lock && whyStuck(world, thread);
    if (why) return `thread ${threadName(thread)} waits for ${lockText(lock)}: ${why}`;
  }
  return undefined;
}

export const threadChecks = checks({
  WaitEnds: afterEach(['lockWait', 'block', 'spin', 'hostOops', 'neverReturns'], ({ world }) =>
    stuckWait(world),
  ),
});
