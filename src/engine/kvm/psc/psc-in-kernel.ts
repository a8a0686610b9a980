/**
 * Page state changes of the postings of 2021: KVM edits the RMP at once, page by page, under the existing nested mapping
 * or one that it makes first. The pages are userspace memory, numbered like those of guest_memfd.
 */
import { RMP_DRAFT_FAIL_OVERLAP, RMP_SUCCESS } from '../../../abi/rmp';
import {
  PSC_DRAFT_INVALID_ENTRY,
  PSC_DRAFT_INVALID_HDR,
  PSC_DRAFT_OTHER,
  PSC_DRAFT_OVERLAP,
  PSC_DRAFT_UNDEF_ERR,
  PSC_INVALID_ENTRY,
  PSC_INVALID_HDR,
} from '../../../abi/psc';
import { gfnToGpa, PAGES_PER_LARGE_PAGE, pagesToBytes } from '../../../abi/address';
import {
  psmash,
  rmpLookup,
  rmpRunLength,
  rmpUpdateOnce,
  rmpUpdateRun,
  type RmpUpdate,
} from '../../hardware/rmp';
import { gfnBits } from '../../memory/page-bits';
import type { World } from '../../world';
import { bitsOfGfn, changeGfns } from '../../frames/attributes';
import { isPoisoned } from '../memory/gmem';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';
import { operationName } from './psc-buffer';
import { isHvaRegistered, uaddrOfGfn } from '../memory/user-memory';

/** What KVM is to do. `huge`: as one 2 MiB page where mapping and RMP allow it. */
export interface PageStateChange {
  readonly gfn: number;
  readonly pages: number;
  readonly operation: number;
  readonly huge: boolean;
}

const MAPPED = gfnBits.mappedPrivate | gfnBits.mappedShared;

/** The page behind a frame, -1 when the RMP has no entry for it. */
function pfnOf(world: World, gfn: number): number {
  const slot = slotOf(world, gfn);
  return slotHasGmem(slot) ? gmemPageOf(slot, gfn) : -1;
}

/** snp_check_and_build_npt: maps what is not mapped. @returns whether the frame has a mapping now */
export function ensureMapped(world: World, gfn: number, pages = 1): boolean {
  const pfn = pfnOf(world, gfn);
  if (!slotOf(world, gfn) || (pfn >= 0 && isPoisoned(world, pfn))) return false;
  if ((bitsOfGfn(world, gfn) & MAPPED) !== 0) return true;
  const bit = rmpLookup(world, pfn)?.assigned ? gfnBits.mappedPrivate : gfnBits.mappedShared;
  changeGfns(world, gfn, pages, bit, 0);
  world.move('nptMapped', -1, { gpa: gfnToGpa(gfn), pages }, 'PscMapsFirst');
  return true;
}

/** The size of the nested mapping of a frame, which the backing of the slot determines. */
function mappingSize(world: World, gfn: number): '4K' | '2M' {
  const slot = slotOf(world, gfn);
  const head = gfn - (gfn % PAGES_PER_LARGE_PAGE);
  const fits =
    slot !== undefined && head >= slot.firstGfn && head + PAGES_PER_LARGE_PAGE <= slot.firstGfn + slot.pages;
  return fits && slot.largePages ? '2M' : '4K';
}

/** Whether KVM lets the guest make these pages private. Regions are address ranges, independent of slots. */
function mayBePrivate(world: World, gfn: number, pages: number): boolean {
  if (world.facet('psc.privateRegion') === 'any') return true;
  return isHvaRegistered(world, uaddrOfGfn(gfn), pagesToBytes(pages));
}

/** __snp_handle_page_state_change. @returns 0, or the error code of the postings */
export function changePageState(world: World, change: PageStateChange): number {
  const end = change.gfn + change.pages;
  let { huge } = change;
  for (let gfn = change.gfn; gfn < end;) {
    const run = runOf(world, gfn, end - gfn);
    if (!ensureMapped(world, gfn, run)) return unmappable(world, gfn > change.gfn);
    if (operationName(change.operation) === 'private') {
      if (!mayBePrivate(world, gfn, huge ? PAGES_PER_LARGE_PAGE : 1)) return PSC_DRAFT_UNDEF_ERR;
    }
    // The level only ever falls within an entry.
    huge &&= mappingSize(world, gfn) === '2M';
    const done = changeAt(world, { ...change, gfn, pages: run, huge });
    if (done < 0) return -done;
    gfn += done;
  }
  return 0;
}

/** A page that cannot be mapped: the first posting returns what its variable holds, the result of the page before or nothing. */
function unmappable(world: World, later: boolean): number {
  if (world.facet('psc.missingSlotInHugeEntry') !== 'falseSuccess') return PSC_DRAFT_UNDEF_ERR;
  if (later) return 0;
  world.finding(
    'ambiguity',
    'a first page without memslot: the posted __snp_handle_psc() returns a variable that it has not set, so the reply is undefined; shown as 4 << 32',
  );
  return PSC_DRAFT_UNDEF_ERR;
}

/** Pages from a frame on in one slot, with equal mapping and backing. */
function runOf(world: World, gfn: number, limit: number): number {
  const slot = slotOf(world, gfn);
  if (!slot || gfn >= world.config.gfnCount) return 1;
  const inSlot = Math.min(limit, slot.firstGfn + slot.pages - gfn);
  const alike = world.pages.gfn.runLength(gfn, inSlot);
  const pfn = pfnOf(world, gfn);
  return Math.max(1, pfn < 0 ? alike : world.pages.hostPage.runLength(pfn, alike));
}

/** @returns the number of pages now in the requested state, or the negative code of a refusal */
function changeAt(world: World, change: PageStateChange): number {
  const pfn = pfnOf(world, change.gfn);
  const entry = rmpLookup(world, pfn);
  if (!entry) return -PSC_DRAFT_UNDEF_ERR;
  switch (operationName(change.operation)) {
    case 'other':
      return -PSC_DRAFT_INVALID_ENTRY;
    case 'private':
      return makePrivate(world, pfn, change);
    case 'shared':
      return entry.assigned ? makeShared(world, pfn, change) : unassignedRun(world, pfn, change.pages);
  }
}

/** A page that is not assigned is shared already. */
const unassignedRun = (world: World, pfn: number, limit: number): number =>
  Math.max(1, Math.min(limit, rmpRunLength(world, pfn, limit)));

function makePrivate(world: World, pfn: number, change: PageStateChange): number {
  const { gfn, huge } = change;
  const update = { assigned: true, immutable: false, asid: world.vm.asid, gfn, twoMeg: huge };
  return update4KOr2M(world, pfn, change, update);
}

function makeShared(world: World, pfn: number, change: PageStateChange): number {
  if (!change.huge && rmpLookup(world, pfn)?.level === '2M') {
    const code = psmash(world, pfn);
    if (code !== RMP_SUCCESS) return -code;
  }
  const update = { assigned: false, immutable: false, asid: 0, gfn: 0, twoMeg: change.huge };
  return update4KOr2M(world, pfn, change, update);
}

function update4KOr2M(world: World, pfn: number, change: PageStateChange, update: RmpUpdate): number {
  const alike = update.twoMeg ? 0 : Math.min(change.pages, rmpRunLength(world, pfn, change.pages));
  const together = alike > 1 && rmpUpdateRun(world, pfn, alike, update);
  if (!together) {
    const code = rmpUpdateOnce(world, pfn, update);
    if (code !== RMP_SUCCESS) return -code;
  }
  const pages = together ? alike : update.twoMeg ? PAGES_PER_LARGE_PAGE : 1;
  const [set, clear] = update.assigned
    ? [gfnBits.mappedPrivate, gfnBits.mappedShared]
    : [gfnBits.mappedShared, gfnBits.mappedPrivate];
  changeGfns(world, change.gfn, pages, set, clear);
  const gpa = gfnToGpa(change.gfn);
  const state = update.assigned ? 'private' : 'shared';
  world.move('pscChanged', -1, { gpa, pages, state, size: update.twoMeg ? '2M' : '4K' }, 'PscInKernel');
  return pages;
}

/** map_to_psc_vmgexit_code: RMPUPDATE's codes 1 and 2 are the numbers of a bad header and a bad entry. */
export function draftResult(code: number): bigint {
  const known: Readonly<Record<number, bigint>> = {
    [PSC_DRAFT_INVALID_HDR]: PSC_INVALID_HDR,
    [PSC_DRAFT_INVALID_ENTRY]: PSC_INVALID_ENTRY,
    [RMP_DRAFT_FAIL_OVERLAP]: PSC_DRAFT_OVERLAP,
  };
  return known[code] ?? PSC_DRAFT_OTHER;
}
