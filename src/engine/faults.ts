/** Faults written into a scenario: the nth operation of a kind gets a given status, whoever asks for it. */
import type { Fault } from './state/host';
import type { World } from './world';

/** "Whatever it is" in a fault. */
export const ANY = 0xffffffff;
/** As a firmware status: the PSP does not answer, and is dead from then on. */
export const TIMEOUT = 0xffffffff;

/** What can fail to be allocated, by the number a fault names it with. */
export const allocations = ['request', 'firmware', 'vmsa', 'command', 'gmem', 'blob', 'cpumask'] as const;
export type Allocation = (typeof allocations)[number];

export type FaultKind = Exclude<Fault['kind'], 'none'>;

export interface FaultToArm {
  readonly kind: FaultKind;
  readonly what?: number;
  readonly nth?: number;
  readonly status: number;
  readonly every?: boolean;
  readonly race?: boolean;
}

/** What a fault answers when its turn has come. */
export interface TakenFault {
  readonly status: number;
  readonly race: boolean;
  /** It will be the same the next time. */
  readonly every: boolean;
}

/** @returns false when the world has no room for one more */
export function armFault(world: World, fault: FaultToArm): boolean {
  const free = world.faults.find(({ kind }) => kind === 'none');
  if (!free) return false;
  free.kind = fault.kind;
  free.what = fault.what ?? ANY;
  free.countdown = fault.nth ?? 1;
  free.status = fault.status;
  free.every = fault.every ?? false;
  free.race = fault.race ?? false;
  return true;
}

/** Counts one operation. @returns the fault whose turn it is, or nothing when the operation goes its way */
export function takeFault(world: World, kind: FaultKind, what: number = ANY): TakenFault | undefined {
  let taken: TakenFault | undefined;
  for (const fault of world.faults) {
    if (fault.kind !== kind || (fault.what !== ANY && fault.what !== what)) continue;
    if (fault.countdown > 1) {
      fault.countdown -= 1;
      continue;
    }
    if (taken) continue;
    taken = { status: fault.status, race: fault.race, every: fault.every };
    if (!fault.every) fault.kind = 'none';
  }
  return taken;
}

/** Whether an allocation fails now. */
export function allocationFails(world: World, what: Allocation): boolean {
  return takeFault(world, 'allocation', allocations.indexOf(what)) !== undefined;
}
