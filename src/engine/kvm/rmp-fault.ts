/** sev_handle_rmp_fault: a nested fault with the RMP bit, usually a 4K access under a 2M entry. */
import { gpa as toGpa, gpaToGfn, PAGES_PER_LARGE_PAGE } from '../../abi/address';
import { psmash, rmpLookup } from '../hardware/rmp';
import type { World } from '../world';
import { isPrivate, zapGfns } from './attributes';
import { gmemGetPfn } from './gmem';
import { slotHasGmem, slotOf } from './memory-slots';

function logNothingToDo(world: World, what: string): void {
  world.move('kernelLog', -1, { what }, 'RmpFaultNotPrivate');
}

export function sevHandleRmpFault(world: World, gpa: bigint): void {
  const gfn = gpaToGfn(toGpa(gpa));
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
