/** The page behind the guest address of a VMSA. */
import { gpaToGfn } from '../../../abi/address';
import type { FacetValue } from '../../../profiles/facets';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { isPoisoned, privatePage } from '../memory/gmem';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';

/** A page, nothing, or physical address 0, which results from the error PFN of a missing memslot. */
export type VmsaPage = { readonly pfn: number } | 'physicalZero' | 'nothing';

/** Kernels that treat the error PFN of a missing memslot as a page. */
const zeroWithoutSlot: Record<FacetValue<'ap.unusablePage'>, boolean> = {
  halted: false,
  runnable: false,
  offlineOrPa0: true,
  internalErrorOrPa0: true,
  emulationErrorExit: false,
};

/** Looks the page up for the VMCB of a vCPU. */
export function vmsaPage(world: World, vcpu: Vcpu, gpa: bigint): VmsaPage {
  const gfn = gpaToGfn(gpa);
  const lookup = world.facet('ap.vmsaLookup');
  if (lookup === 'gfnToPfn' || slotHasGmem(slotOf(world, gfn))) {
    world.move('vmsaLookedUp', vcpu.index, { gpa }, 'VmsaApplied');
  }
  if (!slotOf(world, gfn) && zeroWithoutSlot[world.facet('ap.unusablePage')]) return 'physicalZero';
  if (lookup === 'gfnToPfn') return pinnedPage(world, gfn);
  const page = privatePage(world, gfn);
  return 'errno' in page ? 'nothing' : page;
}

/** gfn_to_pfn: the page that userspace mapped behind the frame, whatever its RMP entry. */
function pinnedPage(world: World, gfn: number): VmsaPage {
  const slot = slotOf(world, gfn);
  if (!slotHasGmem(slot)) return 'nothing';
  const pfn = gmemPageOf(slot, gfn);
  return isPoisoned(world, pfn) ? 'nothing' : { pfn };
}
