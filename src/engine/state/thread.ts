/**
 * The threads of the VMM, a main one and one for each vCPU: what a thread waits for inside a call, and with which
 * arguments the call goes on. A thread that waits for nothing has all its variables at 0.
 */
import { MAX_VCPUS } from '../../base/limits';
import { count, group, oneOf, word32, word64 } from './schema';

/** Names of threads, in texts too; the thread of vCPU n is at n + 1. */
export const threadNames: readonly string[] = [
  'main',
  ...Array.from({ length: MAX_VCPUS }, (_, index) => `v${index}`),
];
/** Who holds a lock: a thread, or nobody. */
export const lockHolders: readonly string[] = ['none', ...threadNames];

/** The calls that take a lock which another call may hold: verbs of the VMM. */
export const lockingCalls = [
  'run',
  'set-mp-state',
  'get-mp-state',
  'vcpu-state',
  'pre-fault',
  'create-vcpu',
  'init2',
  'enable-certs',
  'launch-start',
  'launch-update',
  'launch-finish',
  'sev-command',
  'register-region',
  'memslot',
  'set-attributes',
  'punch-hole',
  'close-gmem',
] as const;
export type LockingCall = (typeof lockingCalls)[number];

/** The locks that a call can find taken; others are free again before a call returns or waits. */
export const lockKinds = ['vmLock', 'slotsLock', 'gmemLock', 'vcpuMutex'] as const;
export type LockKind = (typeof lockKinds)[number];

const argument = (ordinal: string) =>
  word64(`The ${ordinal} parameter of the call, in the order of its act.`);

export const threadGroup = group('thread', {
  call: oneOf(['none', ...lockingCalls], 'The call that waits for a lock or never returns.'),
  waitsFor: oneOf(['nothing', ...lockKinds], 'The lock that the call waits for.'),
  waitsForVcpu: count('Of vcpu->mutex: the vCPU.'),
  waitersBefore: count('Threads that wait and began before this one.'),
  fate: oneOf(
    ['alive', 'oopsed', 'hangs'],
    'Whether the thread can go on: an oops killed it, or its call loops in the kernel for ever.',
  ),
  given: word32('Parameters that the call was given, one bit each.'),
  argument0: argument('first'),
  argument1: argument('second'),
  argument2: argument('third'),
  argument3: argument('fourth'),
  argument4: argument('fifth'),
  argument5: argument('sixth'),
  argument6: argument('seventh'),
  argument7: argument('eighth'),
  argument8: argument('ninth'),
  argument9: argument('tenth'),
  argument10: argument('eleventh'),
  argument11: argument('twelfth'),
});
export type Thread = ReturnType<typeof threadGroup.create>;
