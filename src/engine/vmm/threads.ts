/**
 * Which thread of the VMM makes a call, and what happens when the call finds a lock taken: the thread waits, and goes on
 * later with the arguments that it keeps. A call that finds its locks free is the handler and nothing else.
 */
import { errno } from '../../abi/errno';
import { itemAt } from '../../base/assert';
import { refused, type ActArguments, type Outcome, type VmmAct } from '../acts';
import {
  awaited,
  holderOf,
  isKillable,
  locksHeldBy,
  lockText,
  refusesCalls,
  runOf,
  setHolder,
  threadCalled,
  threadName,
  threadOfVcpu,
} from '../kvm/threads/locks';
import { threadNames, type Thread } from '../state/thread';
import type { World } from '../world';
import { vmmHandlers } from './handlers';
import { vcpuOfPreFault } from './memory';
import { dropCall, isLocking, keepCall, keptCall } from './pending-call';
import { beginWait, callName, firstTaken, holderText, locksOf } from './waiting';

type AnyHandler = (world: World, args: VmmAct['args']) => Outcome;

// A table indexed by the verb loses that the arguments are those of the verb.
const handle = (world: World, act: VmmAct): Outcome => (vmmHandlers[act.verb] as AnyHandler)(world, act.args);

/** One act of the VMM. The thread that makes the call must be in userspace. */
export function callOnThread(world: World, act: VmmAct): Outcome {
  const thread = callerOf(world, act);
  if (typeof thread === 'string') return refused(thread);
  if (thread) {
    const why = whyUnable(world, thread);
    if (why) return refused(why);
  }
  if (world.vm.filesClosed && !needsNoFile(world, act)) return refused('every file of the VM is closed');
  if (thread && isLocking(act) && !refusesCalls(world)) {
    const contended = firstTaken(world, act, thread);
    if (contended) {
      beginWait(world, thread, act, contended);
      return undefined;
    }
  }
  return handle(world, act);
}

/** Signals need no file of the VM, calls on guest_memfd have theirs, and a call that is half done has its own. */
const needsNoFile = ({ vm }: World, { verb }: VmmAct): boolean =>
  verb === 'kill' ||
  verb === 'signal' ||
  (vm.heldByGmem && (verb === 'close-gmem' || verb === 'punch-hole' || verb === 'destroy')) ||
  (verb === 'create-vcpu' && vm.creatingVcpus > 0);

/** The thread that makes a call, or why there is none; nothing for what no thread of the VMM calls. */
export function callerOf(world: World, act: VmmAct): Thread | string | undefined {
  const args: Readonly<Record<string, unknown>> = act.args;
  const given = args['thread'];
  if (typeof given === 'string') return threadCalled(world, given) ?? `the VMM has no thread ${given}`;
  const main = itemAt(world.threads, 0, 'thread');
  switch (act.verb) {
    case 'assume-es-launch':
    case 'signal':
    case 'destroy':
    case 'kill':
      return undefined;
    case 'run':
    case 'set-mp-state':
    case 'get-mp-state':
    case 'vcpu-state':
    case 'handle':
      return threadOfVcpu(world, act.args.vcpu);
    case 'answer':
      return act.args.vcpu === undefined ? undefined : threadOfVcpu(world, act.args.vcpu);
    case 'pre-fault':
      return callerOfPreFault(world, act.args);
    case 'create-vcpu': {
      // Two calls of one act each: a thread of its own begins the call, and completes it.
      const halves = act.args.half === true || world.vm.creatingVcpus > 0;
      return halves ? threadOfVcpu(world, world.vm.vcpuCount) : main;
    }
    default:
      return main;
  }
}

function callerOfPreFault(world: World, { vcpu }: ActArguments<'vmm', 'pre-fault'>): Thread | undefined {
  const found = vcpuOfPreFault(world, vcpu);
  if (!found) return undefined;
  // Without a vCPU the call stands between two KVM_RUN of the first one.
  return vcpu === undefined && found.run !== 'inUserspace' ? undefined : threadOfVcpu(world, found.index);
}

/** What keeps a thread from making a call now. */
function whatItDoes(world: World, thread: Thread): string | undefined {
  const act = keptCall(thread);
  if (thread.fate === 'oopsed') return 'was killed by an oops of the host';
  if (thread.fate === 'hangs') return 'never returns from its call';
  const lock = awaited(thread);
  if (act && lock) {
    const holder = holderText(world, holderOf(world, lock));
    return `waits in ${callName(act)} for ${lockText(lock)}, held by ${holder}`;
  }
  const vcpu = runOf(world, thread);
  return vcpu === undefined ? undefined : `is in KVM_RUN of v${vcpu} and holds its mutex`;
}

function whyUnable(world: World, thread: Thread): string | undefined {
  const does = whatItDoes(world, thread);
  return does && `thread ${threadName(thread)} ${does}`;
}

/** One thread of the VMM in words. */
export interface ThreadState {
  readonly name: string;
  readonly does: string;
  /** Locks that it holds, commas between; empty when none. */
  readonly holds: string;
}

/** The threads that are not in userspace, once one of them waits or is lost; else none. */
export function threadStates(world: World): readonly ThreadState[] {
  if (!world.threads.some(({ call, fate }) => call !== 'none' || fate !== 'alive')) return [];
  return world.threads.flatMap((thread) => {
    const name = threadName(thread);
    const does = whatItDoes(world, thread);
    return does ? [{ name, does, holds: locksHeldBy(world, name).map(lockText).join(', ') }] : [];
  });
}

/** Whether a thread that waits can go on. */
function canContinue(world: World, thread: Thread): boolean {
  const lock = awaited(thread);
  if (!lock || thread.fate !== 'alive') return false;
  return holderOf(world, lock) === 'none' || (world.vm.killed && isKillable[lock.kind]);
}

/** The thread that can go on and waits longest. */
export function threadToContinue(world: World): string | undefined {
  let first: Thread | undefined;
  for (const thread of world.threads) {
    if (thread.waitsFor === 'nothing' || !canContinue(world, thread)) continue;
    if (!first || thread.waitersBefore < first.waitersBefore) first = thread;
  }
  return first && threadName(first);
}

/** A thread that waits gets its lock and goes on with its call, or a fatal signal ends the wait. */
export function continueCall(world: World, name: string): Outcome {
  const thread = threadCalled(world, name);
  const act = thread && keptCall(thread);
  const lock = thread && awaited(thread);
  if (!act || !lock) return refused(`thread ${name} waits for no lock`);
  if (!canContinue(world, thread)) return refused(whyUnable(world, thread) ?? '');
  if (world.vm.killed && isKillable[lock.kind]) {
    endWait(world, thread);
    release(world, name);
    world.vm.ioctlRet = -errno.EINTR;
    const killed = { thread: name, call: callName(act), lock: lockText(lock) };
    world.move('lockWaitKilled', -1, killed, 'KillableWait');
    return undefined;
  }
  endWait(world, thread);
  const index = lock.kind === 'vcpuMutex' ? lock.vcpu : -1;
  world.move('lockTaken', index, { thread: name, call: callName(act), lock: lockText(lock) });
  const next = firstTaken(world, act, thread);
  if (next) {
    beginWait(world, thread, act, next);
    return undefined;
  }
  world.resumesCall = true;
  try {
    // Arguments and thread are those of one act of this verb.
    return handle(world, { ...act, args: { ...act.args, thread: name } } as VmmAct);
  } finally {
    world.resumesCall = false;
    if (thread.fate === 'alive') release(world, name);
  }
}

function endWait(world: World, thread: Thread): void {
  for (const other of world.threads) {
    if (other.waitsFor !== 'nothing' && other.waitersBefore > thread.waitersBefore) other.waitersBefore -= 1;
  }
  dropCall(thread);
}

/** A call is over: its thread holds what its KVM_RUN holds, and nothing else. */
function release(world: World, name: string): void {
  for (const lock of locksHeldBy(world, name)) {
    const inRun = lock.kind === 'vcpuMutex' && world.vcpu(lock.vcpu).run !== 'inUserspace';
    if (!inRun) setHolder(world, lock, 'none');
  }
}

/** A thread is lost inside a call, with every lock that the call takes. */
export function loseThread(world: World, name: string, fate: 'oopsed' | 'hangs', act?: VmmAct): void {
  const thread = threadCalled(world, name);
  if (!thread) return;
  thread.fate = fate;
  if (!act || !isLocking(act) || act.verb === 'run') return;
  for (const lock of locksOf(world, act, thread)) setHolder(world, lock, name);
  keepCall(thread, act);
}

/** The thread whose KVM_RUN a vCPU is in. */
export const threadOfRun = (world: World, vcpu: number): string | undefined => {
  const holder = world.vcpus[vcpu]?.mutexHolder ?? 'none';
  return threadNames.includes(holder) ? holder : undefined;
};
