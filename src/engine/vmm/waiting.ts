/** What a call of the VMM does when it finds a lock taken: its thread takes those in front of it, and waits. */
import type { VmmAct } from '../acts';
import {
  holderOf,
  lockText,
  refusesCalls,
  runOf,
  setHolder,
  threadCalled,
  threadName,
  threadOfVcpu,
  type Lock,
} from '../kvm/threads/locks';
import type { RuleId } from '../rules';
import type { LockKind, Thread } from '../state/thread';
import type { World } from '../world';
import { calls } from './calls';
import { keepCall, keptCall, type LockingAct } from './pending-call';

type AnyCall = {
  readonly name: (args: VmmAct['args']) => string;
  readonly locks: (world: World, args: VmmAct['args']) => readonly Lock[];
};

// A table indexed by the verb loses that the arguments are those of the verb.
const callOf = (act: LockingAct): AnyCall => calls[act.verb] as AnyCall;

/** The name of a call, as userspace knows it. */
export const callName = (act: LockingAct): string => callOf(act).name(act.args);

/** The first lock of a call that another thread holds. */
export function firstTaken(world: World, act: LockingAct, thread: Thread): Lock | undefined {
  const own = threadName(thread);
  return locksOf(world, act, thread).find((lock) => {
    const holder = holderOf(world, lock);
    return holder !== 'none' && holder !== own;
  });
}

/** The locks of a call in their order; a KVM_RUN that a call passes by holds no lock against it. */
export function locksOf(world: World, act: LockingAct, thread: Thread): readonly Lock[] {
  const between = act.verb === 'pre-fault' && act.args.vcpu === undefined;
  const locks = callOf(act).locks(world, act.args);
  return between ? locks.filter((lock) => holderOf(world, lock) === threadName(thread)) : locks;
}

/** Takes the locks in front of the one that is taken, and waits for that one. */
export function beginWait(world: World, thread: Thread, act: LockingAct, lock: Lock): void {
  const own = threadName(thread);
  for (const earlier of locksOf(world, act, thread)) {
    if (earlier.kind === lock.kind && earlier.vcpu === lock.vcpu) break;
    setHolder(world, earlier, own);
  }
  thread.waitersBefore = world.threads.filter(({ waitsFor }) => waitsFor !== 'nothing').length;
  keepCall(thread, act);
  thread.waitsFor = lock.kind;
  thread.waitsForVcpu = lock.vcpu;
  const holder = holderText(world, holderOf(world, lock));
  const inFinish = act.verb === 'launch-finish' && lock.kind === 'vcpuMutex';
  if (inFinish) world.facetOrUnspecified('lf.locksVcpus');
  world.move(
    'lockWait',
    lock.kind === 'vcpuMutex' ? lock.vcpu : -1,
    { thread: own, call: callName(act), lock: lockText(lock), holder },
    inFinish ? 'FinishTakesMutexes' : waitRules[lock.kind],
  );
}

const waitRules: Record<LockKind, RuleId> = {
  vcpuMutex: 'VcpuMutexHeld',
  vmLock: 'VmLockHeld',
  slotsLock: 'SlotsLockHeld',
  gmemLock: 'GmemLockHeld',
};

/** Who holds a lock, and in which call. */
export function holderText(world: World, holder: string): string {
  const thread = threadCalled(world, holder);
  if (!thread) return holder;
  const act = keptCall(thread);
  const lost = { alive: '', oopsed: ', which an oops killed', hangs: ', which never returns' }[thread.fate];
  if (act) return `${callName(act)} on thread ${holder}${lost}`;
  const vcpu = runOf(world, thread);
  if (vcpu !== undefined) return `KVM_RUN of v${vcpu} on thread ${holder}${lost}`;
  return `KVM_CREATE_VCPU on thread ${holder}${lost}`;
}

/** Thrown where a call waits that a personality makes to handle an exit: its thread has the call, and comes back to the exit. */
export class CallWaits extends Error {}

/**
 * A call inside the handling of an exit, on the thread of that vCPU. When a lock is taken it waits as any call does; the
 * exit is then handled anew, and the calls that were made already find nothing to do.
 */
export function callToHandleExit<T>(world: World, index: number, act: LockingAct, make: () => T): T {
  const thread = threadOfVcpu(world, index);
  const contended = thread && !refusesCalls(world) && firstTaken(world, act, thread);
  if (contended) {
    beginWait(world, thread, act, contended);
    throw new CallWaits();
  }
  world.callInside = act;
  const made = make();
  world.callInside = undefined;
  return made;
}
