/** sev_handle_rmp_fault: a nested fault with the RMP bit, usually a 4K access under a 2M entry. */
import { gpaToGfn, PAGES_PER_LARGE_PAGE } from '../../../abi/address';
import { PSC_OP_PRIVATE, PSC_OP_SHARED } from '../../../abi/psc';
import { psmash, rmpLookup } from '../../hardware/rmp';
import type { World } from '../../world';
import { isPrivate, zapGfns } from '../../frames/attributes';
import { gmemGetPfn } from './gmem';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';
import { changePageState } from '../psc/psc-in-kernel';

function logNothingToDo(world: World, what: string): void {
  world.move('kernelLog', -1, { what }, 'RmpFaultNotPrivate');
}

export function sevHandleRmpFault(world: World, gpa: bigint): void {
  const gfn = gpaToGfn(gpa);
  const slot = slotOf(world, gfn);
  if (!slot || !slotHasGmem(slot) || !isPrivate(world, gfn)) {
    logNothingToDo(world, 'RMP fault outside private memory');
    return;
  }
  const page = gmemGetPfn(world, slot, gfn);
  if ('errno' in page) {
    logNothingToDo(world, 'RMP fault on a page that cannot be had');
    return;
  }
  const entry = rmpLookup(world, page.pfn);
  if (!entry?.assigned) {
    logNothingToDo(world, 'RMP fault on an unassigned page');
    return;
  }
  if (entry.level === '4K') {
    world.move('rmpFaultTraced', -1, { gpa, level: 1, ret: 0 }, 'RmpFaultSpurious');
    return;
  }
  smashAndZap(world, gpa, gfn, page.pfn);
}

function smashAndZap(world: World, gpa: bigint, gfn: number, pfn: number): void {
  const ret = psmash(world, pfn);
  if (ret !== 0) {
    const again = rmpLookup(world, pfn);
    if (again?.assigned && again.level === '4K') {
      world.move('rmpFaultTraced', -1, { gpa, level: 1, ret }, 'RmpFaultSpurious');
      return;
    }
    world.move('kernelLog', -1, { what: 'PSMASH failed' }, 'PsmashFails');
  }
  const end = gfn + PAGES_PER_LARGE_PAGE;
  zapGfns(world, gfn, PAGES_PER_LARGE_PAGE);
  world.move('nptZapped', -1, { first: gfn, end }, 'RmpFaultSmashes');
  world.move('rmpFaultTraced', -1, { gpa, level: 2, ret }, 'RmpFaultSmashes');
}

/**
 * snp_handle_rmp_page_fault of 2021: an access that violates the RMP changes the page state, since only the RMP records
 * what is private. @returns whether there was anything to change
 */
export function fixRmpFault(world: World, gpa: bigint, access: 'private' | 'shared'): boolean {
  const gfn = gpaToGfn(gpa);
  const slot = slotOf(world, gfn);
  const entry = slotHasGmem(slot) ? rmpLookup(world, gmemPageOf(slot, gfn)) : undefined;
  if (!slot || !entry || entry.assigned === (access === 'private')) return false;
  const operation = access === 'private' ? PSC_OP_PRIVATE : PSC_OP_SHARED;
  const code = changePageState(world, { gfn, pages: 1, operation, huge: false });
  const first = gfn - (gfn % PAGES_PER_LARGE_PAGE);
  zapGfns(world, first, PAGES_PER_LARGE_PAGE);
  world.move('nptZapped', -1, { first, end: first + PAGES_PER_LARGE_PAGE }, 'RmpFaultFixed');
  return code === 0;
}
