/** Faults written into a scenario: the nth operation of a kind, from any caller, gets a given status. */
import type { Fault } from './state/host';
import type { World } from './world';

/** In a fault: matches any command or allocation. */
export const ANY = 0xffffffff;
/** As a firmware status: the PSP does not answer and counts as dead from then on. */
export const TIMEOUT = 0xffffffff;

/** The kinds of allocations that can fail; a fault names one by its index. */
export const allocations = [
  'request',
  'firmware',
  'vmsa',
  'command',
  'gmem',
  'blob',
  'cpumask',
  'mmu',
] as const;
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

/** The effect of a fault once its count is reached. */
export interface TakenFault {
  readonly status: number;
  readonly race: boolean;
  /** Later operations of the kind fail as well. */
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

/** Counts one operation. @returns the fault that hits this operation, or nothing when the operation proceeds normally */
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
