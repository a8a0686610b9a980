/** The RMP: one entry for each host page, and the instructions that change entries. The page chart says what is legal. */
import {
  pageStateOf,
  RMP_FAIL_INUSE,
  RMP_FAIL_OVERLAP,
  RMP_FAIL_PERMISSION,
  RMP_FAIL_SIZEMISMATCH,
  RMP_SUCCESS,
  type PageState,
} from '../../abi/rmp';
import { gfnToGpa, PAGES_PER_LARGE_PAGE } from '../../abi/address';
import { take } from '../../machines/compile';
import { carryOut, type EffectFor } from '../../machines/effects';
import { pageChart, type InstructionCode, type PageDefinition, type PageEvent } from '../../machines/page';
import { assert } from '../../base/assert';
import { takeFault } from '../faults';
import { RMP_ASID_MASK, RMP_ASID_SHIFT, rmpBits } from '../memory/page-bits';
import type { World } from '../world';

/** One entry as fields. */
export interface RmpEntry {
  readonly assigned: boolean;
  readonly twoMeg: boolean;
  readonly immutable: boolean;
  readonly validated: boolean;
  readonly vmsa: boolean;
  readonly asid: number;
  readonly gfn: number;
}

/** Result of `snp_lookup_rmpentry`. */
export interface RmpLookup {
  readonly assigned: boolean;
  readonly level: '4K' | '2M';
}

/** What RMPUPDATE writes. */
export interface RmpUpdate {
  readonly assigned: boolean;
  readonly immutable: boolean;
  readonly asid: number;
  readonly gfn: number;
  readonly twoMeg: boolean;
}

/** The instruction that never succeeds: the thread loops in the kernel for ever. */
export class NeverReturns extends Error {
  constructor(readonly what: 'RMPUPDATE' | 'PSMASH') {
    super(`${what} never succeeds; the kernel retries for ever`);
  }
}

const TWO_32 = 2 ** 32;
const region = pageChart.regions[0];
assert(region, 'the page chart has one region');
const pageRegion = region;
const stateCodes = new Map(pageRegion.states.map((state, code) => [state, code]));

/** State codes by the six facts that determine a state; -1 where the table has no state. */
const stateByFacts = Int8Array.from({ length: 64 }, (_, facts) => {
  const state = pageStateOf({
    assigned: (facts & 1) !== 0,
    immutable: (facts & 2) !== 0,
    validated: (facts & 4) !== 0,
    vmsa: (facts & 8) !== 0,
    asid: (facts & 16) !== 0 ? 1 : 0,
    gpa: gfnToGpa(facts >> 5),
  });
  return state === undefined ? -1 : (stateCodes.get(state) ?? -1);
});

export const hasRmpEntry = (world: World, pfn: number): boolean =>
  pfn >= 0 && pfn < world.pages.rmp.pageCount;

/** The first page of the 2 MiB region a page lies in. */
export const largePagePfn = (pfn: number): number => pfn - (pfn % PAGES_PER_LARGE_PAGE);

/** The frame in the entry of an assigned page, stored as its distance from the page: a run has one value. */
export function rmpGfn(world: World, pfn: number): number {
  const { rmpGfnLow, rmpGfnHigh } = world.pages;
  return pfn + rmpGfnHigh.get(pfn) * TWO_32 + (rmpGfnLow.get(pfn) >>> 0);
}

/** Stores consecutive frames from `gfn` on into `count` entries from `pfn` on; an entry without owner has no frame. */
function setRmpGfns(world: World, pfn: number, count: number, gfn: number | undefined): void {
  const distance = gfn === undefined ? 0 : gfn - pfn;
  const high = Math.floor(distance / TWO_32);
  world.pages.rmpGfnLow.setRun(pfn, count, (distance - high * TWO_32) | 0);
  world.pages.rmpGfnHigh.setRun(pfn, count, high);
}

/** The entry of a page with its own size bit; `rmpLookup` gives the effective size. */
export function rmpEntry(world: World, pfn: number): RmpEntry {
  const word = world.pages.rmp.get(pfn);
  return {
    assigned: (word & rmpBits.assigned) !== 0,
    twoMeg: (word & rmpBits.twoMeg) !== 0,
    immutable: (word & rmpBits.immutable) !== 0,
    validated: (word & rmpBits.validated) !== 0,
    vmsa: (word & rmpBits.vmsa) !== 0,
    asid: (word >>> RMP_ASID_SHIFT) & RMP_ASID_MASK,
    gfn: rmpGfn(world, pfn),
  };
}

function stateCode(world: World, pfn: number): number {
  const word = world.pages.rmp.get(pfn);
  const owned = ((word >>> RMP_ASID_SHIFT) & RMP_ASID_MASK) !== 0;
  const gpaSet = rmpGfn(world, pfn) !== 0;
  const facts =
    (word & rmpBits.assigned ? 1 : 0) |
    (word & rmpBits.immutable ? 2 : 0) |
    (word & rmpBits.validated ? 4 : 0) |
    (word & rmpBits.vmsa ? 8 : 0) |
    (owned ? 16 : 0) |
    (gpaSet ? 32 : 0);
  const code = stateByFacts[facts] ?? -1;
  assert(code >= 0, `page ${pfn}: no page state has these RMP bits`);
  return code;
}

/** The state of a page. */
export function pageState(world: World, pfn: number): PageState {
  return pageRegion.states[stateCode(world, pfn)] as PageState;
}

/** The effective size of a page: the entry of the 2 MiB-aligned page decides. */
function levelOf(world: World, pfn: number): '4K' | '2M' {
  return world.pages.rmp.get(largePagePfn(pfn)) & rmpBits.twoMeg ? '2M' : '4K';
}

/** snp_lookup_rmpentry. @returns undefined when the page has no entry */
export function rmpLookup(world: World, pfn: number): RmpLookup | undefined {
  if (!hasRmpEntry(world, pfn) || takeFault(world, 'rmpLookup')) return undefined;
  return { assigned: (world.pages.rmp.get(pfn) & rmpBits.assigned) !== 0, level: levelOf(world, pfn) };
}

/** What an event of this type does to a page: the state it leads to, -1 when it stays, and the effects. */
export interface PageTransition<E extends PageEvent['type']> {
  readonly target: number;
  readonly effects: readonly EffectFor<PageDefinition, E>[];
}

/** Looks up in the page chart what an event does to a page. */
export function pageTransition<E extends PageEvent>(
  world: World,
  pfn: number,
  event: E,
): PageTransition<E['type']> {
  const eventCode = pageChart.eventCodes.get(event.type);
  assert(eventCode !== undefined, `the page chart does not declare ${event.type}`);
  const taken = take(pageRegion, stateCode(world, pfn), eventCode, pageChart.eventTypes.length, event);
  assert(taken, `the page chart does not accept ${event.type}`);
  return taken as unknown as PageTransition<E['type']>;
}

const instructionCodes: Readonly<Record<InstructionCode, number>> = {
  RMP_FAIL_OVERLAP,
  RMP_FAIL_PERMISSION,
  RMP_FAIL_SIZEMISMATCH,
};
const refuseInstruction = ({ code }: { code: InstructionCode }): number => instructionCodes[code];

/** The code with which an instruction is refused, or 0. */
export const refusalCode = (taken: PageTransition<'RMPUPDATE' | 'PVALIDATE' | 'RMPADJUST'>): number =>
  carryOut(taken.effects, { refuseInstruction }) ?? RMP_SUCCESS;

function stateWanted(update: RmpUpdate): 'Hypervisor' | 'Firmware' | 'Pre-Guest' | 'Guest-Invalid' {
  if (!update.assigned) return 'Hypervisor';
  if (update.immutable) return update.asid === 0 ? 'Firmware' : 'Pre-Guest';
  return 'Guest-Invalid';
}

/** Whether an update of this size meets no entries of the other size. */
function sizeFits(world: World, pfn: number, twoMeg: boolean): boolean {
  if (twoMeg) {
    if (levelOf(world, pfn) === '2M') return true;
    for (let page = pfn; page < pfn + PAGES_PER_LARGE_PAGE; page++) {
      if (page !== pfn && world.pages.rmp.get(page) & rmpBits.assigned) return false;
    }
    return true;
  }
  return levelOf(world, pfn) === '4K';
}

function writeEntries(world: World, pfn: number, update: RmpUpdate, count = 1): void {
  const { assigned, immutable, asid, twoMeg } = update;
  const word =
    (assigned ? rmpBits.assigned : 0) | (immutable ? rmpBits.immutable : 0) | (asid << RMP_ASID_SHIFT);
  const pages = twoMeg ? PAGES_PER_LARGE_PAGE : count;
  world.pages.rmp.setRun(pfn, pages, word);
  if (twoMeg && assigned) world.pages.rmp.set(pfn, word | rmpBits.twoMeg);
  setRmpGfns(world, pfn, pages, assigned ? update.gfn : undefined);
}

/** Writes an entry without an instruction: for tests, and for cases that start in the middle. */
export function arrangeRmp(
  world: World,
  pfn: number,
  entry: RmpUpdate & { readonly validated: boolean },
): void {
  writeEntries(world, pfn, entry);
  if (!entry.validated) return;
  const pages = entry.twoMeg ? PAGES_PER_LARGE_PAGE : 1;
  for (let page = pfn; page < pfn + pages; page++) rmpFirmwareWrite(world, page, rmpBits.validated, 0);
}

/** The code of an RMPUPDATE, and whether a retry would return the same code forever. */
interface InstructionResult {
  readonly code: number;
  readonly always: boolean;
}

/** RMPUPDATE, once. */
function rmpUpdateInstruction(world: World, pfn: number, update: RmpUpdate): InstructionResult {
  const fault = takeFault(world, 'rmpupdate', pfn);
  if (fault) return { code: fault.status, always: fault.every };
  const to = stateWanted(update);
  const event = { type: 'RMPUPDATE', to, sizeFits: sizeFits(world, pfn, update.twoMeg) } as const;
  const code = refusalCode(pageTransition(world, pfn, event));
  if (code !== RMP_SUCCESS) return { code, always: true };
  writeEntries(world, pfn, update);
  const { gfn, twoMeg } = update;
  world.move('rmpUpdate', -1, { pfn, gfn, pages: 1, to, size: twoMeg ? '2M' : '4K' }, rmpUpdateRules[to]);
  return { code, always: false };
}

/** RMPUPDATE by a kernel that does not retry. @returns the code in EAX */
export function rmpUpdateOnce(world: World, pfn: number, update: RmpUpdate): number {
  const { code } = rmpUpdateInstruction(world, pfn, update);
  if (code !== RMP_SUCCESS) world.move('rmpUpdateFailed', -1, { pfn, code }, 'RmpUpdateFails');
  return code;
}

/** Pages from `pfn` on, at most `limit`, whose entries are equal and of 4 KiB, with consecutive frames. */
export function rmpRunLength(world: World, pfn: number, limit: number): number {
  if (levelOf(world, pfn) === '2M') return 0;
  const { rmp, rmpGfnLow, rmpGfnHigh } = world.pages;
  return rmpGfnHigh.runLength(pfn, rmpGfnLow.runLength(pfn, rmp.runLength(pfn, limit)));
}

/**
 * RMPUPDATE of each page of a run of equal entries, shown as one move with a count. The page chart decides once, since
 * all are in one state. @returns whether it was done; otherwise the caller goes page by page
 */
export function rmpUpdateRun(world: World, pfn: number, count: number, update: RmpUpdate): boolean {
  if (faultsArmed(world) || rmpRunLength(world, pfn, count) < count) return false;
  const to = stateWanted(update);
  if (refusalCode(pageTransition(world, pfn, { type: 'RMPUPDATE', to, sizeFits: true })) !== RMP_SUCCESS)
    return false;
  writeEntries(world, pfn, update, count);
  world.move('rmpUpdate', -1, { pfn, gfn: update.gfn, pages: count, to, size: '4K' }, rmpUpdateRules[to]);
  return true;
}

/** Whether a fault is armed: then operations are counted one by one, and runs are not handled as one. */
export const faultsArmed = (world: World): boolean => world.faults.some(({ kind }) => kind !== 'none');

const rmpUpdateRules = {
  Hypervisor: 'PageMadeShared',
  Firmware: 'PageMadeFirmware',
  'Pre-Guest': 'PageMadePreGuest',
  'Guest-Invalid': 'PageMadePrivate',
} as const;

function rmpUpdateFailed(world: World, pfn: number, code: number): void {
  const rule = code === RMP_FAIL_OVERLAP ? 'RmpUpdateRetried' : 'RmpUpdateFails';
  world.move('rmpUpdateFailed', -1, { pfn, code }, rule);
}

/** `rmpupdate`: splits the direct map, then RMPUPDATE until it is not FAIL_OVERLAP. @returns whether it worked */
export function rmpupdate(world: World, pfn: number, update: RmpUpdate): boolean {
  if (!update.twoMeg && takeFault(world, 'directMap')) {
    world.move('directMapSplitFailed', -1, { pfn }, 'DirectMapSplitFails');
    return false;
  }
  for (;;) {
    const { code, always } = rmpUpdateInstruction(world, pfn, update);
    if (code === RMP_SUCCESS) return true;
    rmpUpdateFailed(world, pfn, code);
    if (code !== RMP_FAIL_OVERLAP) return false;
    if (always) throw new NeverReturns('RMPUPDATE');
  }
}

/** PSMASH of the 2 MiB page around a page, retried while the entry is in use. @returns the code */
export function psmash(world: World, pfn: number): number {
  for (;;) {
    const head = largePagePfn(pfn);
    const fault = takeFault(world, 'psmash');
    if (!fault || fault.race) smash(world, head);
    const code = fault?.status ?? RMP_SUCCESS;
    world.move('psmash', -1, { pfn: head, code }, code === RMP_SUCCESS ? 'PageSmashed' : 'PsmashFails');
    if (code !== RMP_FAIL_INUSE) return code;
    if (fault?.every) throw new NeverReturns('PSMASH');
  }
}

function smash(world: World, head: number): void {
  world.pages.rmp.set(head, world.pages.rmp.get(head) & ~rmpBits.twoMeg);
}

/** Makes a page private to an owner. @returns whether RMPUPDATE worked; its errno is always -EFAULT */
export function rmpMakePrivate(
  world: World,
  pfn: number,
  to: { readonly gfn: number; readonly asid: number; readonly immutable: boolean; readonly twoMeg: boolean },
): boolean {
  return rmpupdate(world, pfn, { assigned: true, ...to });
}

/** Gives a page back to the host. @returns whether RMPUPDATE worked */
export function rmpMakeShared(world: World, pfn: number, level: '4K' | '2M' = '4K'): boolean {
  const twoMeg = level === '2M';
  return rmpupdate(world, pfn, { assigned: false, immutable: false, asid: 0, gfn: 0, twoMeg });
}

/** Writes the firmware's change to an entry, which the page chart allowed. */
export function rmpFirmwareWrite(world: World, pfn: number, set: number, clear: number): void {
  world.pages.rmp.set(pfn, (world.pages.rmp.get(pfn) & ~clear) | set);
}

/** Whether any entry carries an ASID. */
export function asidInRmp(world: World, asid: number): boolean {
  for (const { value } of world.pages.rmp.runs()) {
    if (value & rmpBits.assigned && ((value >>> RMP_ASID_SHIFT) & RMP_ASID_MASK) === asid) return true;
  }
  return false;
}
