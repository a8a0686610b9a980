/**
 * The locks of KVM that one call of userspace can hold while another wants them. A lock that is free again before its
 * call returns or waits is never held here, so that a lock which nobody contends costs nothing.
 */
import { outside } from '../../../base/assert';
import type { LockKind, Thread } from '../../state/thread';
import { threadNames } from '../../state/thread';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';

export interface Lock {
  readonly kind: LockKind;
  /** Of vcpu->mutex: the vCPU; else 0. */
  readonly vcpu: number;
}

export const vmLock: Lock = { kind: 'vmLock', vcpu: 0 };
export const slotsLock: Lock = { kind: 'slotsLock', vcpu: 0 };
export const gmemLock: Lock = { kind: 'gmemLock', vcpu: 0 };
export const vcpuMutex = (vcpu: number): Lock => ({ kind: 'vcpuMutex', vcpu });

/** How long a wait lasts: vcpu->mutex is taken killably, the others whatever signal comes. */
export const isKillable: Record<LockKind, boolean> = {
  vmLock: false,
  slotsLock: false,
  gmemLock: false,
  vcpuMutex: true,
};

const variableOf = {
  vmLock: 'lockHolder',
  slotsLock: 'slotsLockHolder',
  gmemLock: 'gmemLockHolder',
} as const satisfies Record<Exclude<LockKind, 'vcpuMutex'>, string>;

/** Name of the thread that holds a lock, or `none`. */
export function holderOf({ vm, vcpus }: World, { kind, vcpu }: Lock): string {
  return kind === 'vcpuMutex' ? (vcpus[vcpu]?.mutexHolder ?? 'none') : vm[variableOf[kind]];
}

/** @param holder name of a thread, or `none` */
export function setHolder(world: World, { kind, vcpu }: Lock, holder: string): void {
  if (kind === 'vcpuMutex') world.vcpu(vcpu).mutexHolder = holder;
  else world.vm[variableOf[kind]] = holder;
}

/** Every lock that a thread holds. */
export function locksHeldBy(world: World, thread: string): Lock[] {
  const all = [vmLock, slotsLock, gmemLock, ...world.vcpus.map(({ index }) => vcpuMutex(index))];
  return all.filter((lock) => holderOf(world, lock) === thread);
}

/** The lock as kernel engineers call it. */
export function lockText({ kind, vcpu }: Lock): string {
  const names = {
    vmLock: 'kvm->lock',
    slotsLock: 'kvm->slots_lock',
    gmemLock: 'the invalidation lock of guest_memfd',
    vcpuMutex: `the mutex of v${vcpu}`,
  };
  return names[kind];
}

export const threadName = ({ index }: Thread): string =>
  threadNames[index] ?? outside('thread', index, threadNames.length);
/** The thread of a name; nothing when this VMM has no such thread. */
export const threadCalled = (world: World, name: string): Thread | undefined =>
  world.threads[threadNames.indexOf(name)];
/** The thread that a vCPU belongs to. */
export const threadOfVcpu = (world: World, vcpu: number): Thread | undefined => world.threads[vcpu + 1];

/** The lock that a thread waits for. */
export const awaited = ({ waitsFor, waitsForVcpu }: Thread): Lock | undefined =>
  waitsFor === 'nothing' ? undefined : { kind: waitsFor, vcpu: waitsForVcpu };

/**
 * The vCPU whose KVM_RUN a thread is in: mostly its own. That one is looked at first, so that what is read for one thread is
 * read for the other where two vCPUs exchange their names.
 */
export const runOf = (world: World, thread: Thread): number | undefined => {
  const name = threadName(thread);
  const runs = ({ run, mutexHolder }: Vcpu): boolean => run !== 'inUserspace' && mutexHolder === name;
  const own = world.vcpus[thread.index - 1];
  return own && runs(own) ? own.index : world.vcpus.find(runs)?.index;
};

/** Names of the threads inside a call: they wait, run a vCPU, create one or never return. */
export function threadsInCalls(world: World): string[] {
  const creates = world.vm.creatingVcpus > 0 ? threadOfVcpu(world, world.vm.vcpuCount) : undefined;
  const inside = world.threads.filter(
    (thread) =>
      thread === creates ||
      thread.call !== 'none' ||
      thread.fate !== 'alive' ||
      runOf(world, thread) !== undefined,
  );
  return inside.map(threadName);
}

/** A dead VM refuses a call at its beginning; one that waited has passed that check. */
export const refusesCalls = (world: World): boolean => world.vm.health !== 'sound' && !world.resumesCall;
