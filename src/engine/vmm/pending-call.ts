/** The call that a thread waits in, as declared state: its verb and its arguments. */
import { outside } from '../../base/assert';
import {
  actTables,
  type Act,
  type ActArguments,
  type Parameter,
  type ParameterKind,
  type VmmAct,
} from '../acts';
import { lockingCalls, type LockingCall, type Thread } from '../state/thread';

/** A call that can find a lock taken. */
export type LockingAct = {
  [V in LockingCall]: { readonly actor: 'vmm'; readonly verb: V; readonly args: ActArguments<'vmm', V> };
}[LockingCall];

const locking: ReadonlySet<string> = new Set(lockingCalls);
export const isLocking = (act: VmmAct): act is Extract<VmmAct, { verb: LockingCall }> =>
  locking.has(act.verb);

const slots = [
  ...(['argument0', 'argument1', 'argument2', 'argument3', 'argument4', 'argument5'] as const),
  ...(['argument6', 'argument7', 'argument8', 'argument9', 'argument10', 'argument11'] as const),
];

type Kept = readonly [name: string, kind: ParameterKind, slot: (typeof slots)[number]];

/** The parameters that a waiting call keeps: all but its thread. @throws when there are more than a thread has room for */
function parametersOf(verb: LockingCall): Kept[] {
  const params: Readonly<Record<string, Parameter>> = actTables.vmm[verb].params;
  const kept = Object.entries(params).filter(([name]) => name !== 'thread');
  const room = slots.length;
  return kept.map(([name, { kind }], at) => [name, kind, slots[at] ?? outside('argument', at, room)]);
}

function wordOf(kind: ParameterKind, value: unknown): bigint {
  // The act table says which type a parameter of this kind has.
  if (kind === 'u64') return value as bigint;
  if (kind === 'count') return BigInt(value as number);
  if (kind === 'flag') return value === true ? 1n : 0n;
  return BigInt(kind.indexOf(value as string));
}

function valueOf(kind: ParameterKind, word: bigint): unknown {
  if (kind === 'u64') return word;
  if (kind === 'count') return Number(word);
  if (kind === 'flag') return word === 1n;
  return kind[Number(word)];
}

/** Keeps a call in the state of its thread. */
export function keepCall(thread: Thread, { verb, args }: LockingAct): void {
  const given: Readonly<Record<string, unknown>> = args;
  thread.call = verb;
  parametersOf(verb).forEach(([name, kind, slot], bit) => {
    const value = given[name];
    if (value === undefined) return;
    thread.given |= 1 << bit;
    thread[slot] = wordOf(kind, value);
  });
}

/** The call that a thread waits in. */
export function keptCall(thread: Thread): LockingAct | undefined {
  const { call, given } = thread;
  if (call === 'none') return undefined;
  const args = parametersOf(call).flatMap(([name, kind, slot], bit) =>
    (given >>> bit) & 1 ? [[name, valueOf(kind, thread[slot])] as const] : [],
  );
  // The verb was kept together with arguments of its own kinds.
  return { actor: 'vmm', verb: call, args: Object.fromEntries(args) } as Act as LockingAct;
}

/** Forgets the call: the thread is back in userspace. */
export function dropCall(thread: Thread): void {
  for (const slot of slots) thread[slot] = 0n;
  thread.given = 0;
  thread.call = 'none';
  thread.waitsFor = 'nothing';
  thread.waitsForVcpu = 0;
  thread.waitersBefore = 0;
}
