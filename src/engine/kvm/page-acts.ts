/** Accesses of the host to the private page of a frame, independent of KVM: one instruction, store or command each. */
import { SEV_CMD_SNP_PAGE_RECLAIM } from '../../abi/firmware';
import { refused, type ActArguments, type Outcome } from '../acts';
import { pageReclaim } from '../firmware/commands';
import { sevDoCmd } from '../firmware/psp';
import { hasRmpEntry, rmpEntry, rmpUpdateOnce } from '../hardware/rmp';
import { hostPageBits } from '../memory/page-bits';
import { NO_PFN, type World } from '../world';
import { hasDirectMap, writeContent } from './memory/gmem';
import { hostWritesGuestPage } from './memory/host-fault';
import { gmemPageOf, slotHasGmem, slotOf } from '../frames/slots';
import { inPlace } from './launch/populate-page';
import { setSharedContent } from './memory/user-memory';

/** The answer to an act on a private page that is not there. */
export const NO_PRIVATE_PAGE = refused('no private page is behind this frame');

/** The private page of a frame, or NO_PFN. A page of guest_memfd must be allocated; one of userspace always is. */
export function privatePageNow(world: World, gfn: number): number {
  const slot = slotOf(world, gfn);
  if (!slotHasGmem(slot)) return NO_PFN;
  const pfn = gmemPageOf(slot, gfn);
  const present = inPlace(world) || (world.pages.hostPage.get(pfn) & hostPageBits.present) !== 0;
  return present && hasRmpEntry(world, pfn) ? pfn : NO_PFN;
}

/** RMPUPDATE, once: no caller retries on its code. */
export function rmpUpdatePage(world: World, { gfn, to }: ActArguments<'kvm', 'rmpupdate'>): Outcome {
  const pfn = privatePageNow(world, gfn);
  if (pfn === NO_PFN) return NO_PRIVATE_PAGE;
  const { asid, type } = world.vm;
  if (to === 'shared') {
    rmpUpdateOnce(world, pfn, { assigned: false, immutable: false, asid: 0, gfn: 0, twoMeg: false });
    return undefined;
  }
  if (type !== 'snp' || asid === 0) return refused('no SNP guest has an ASID to assign the page to');
  rmpUpdateOnce(world, pfn, { assigned: true, immutable: to === 'pre-guest', asid, gfn, twoMeg: false });
  return undefined;
}

/** A store through the direct map: it succeeds or takes an RMP fault. */
export function hostWrite(world: World, { gfn, value }: ActArguments<'kvm', 'host-write'>): Outcome {
  const pfn = privatePageNow(world, gfn);
  if (pfn === NO_PFN) return NO_PRIVATE_PAGE;
  if (!hasDirectMap(world, pfn)) return refused('the kernel has no address for this page');
  if (rmpEntry(world, pfn).assigned) hostWritesGuestPage(world, pfn, 'HostWriteFaults');
  if (inPlace(world)) {
    world.findImage('shared', gfn)?.setU64(0, value);
    setSharedContent(world, gfn, value);
  } else {
    world.findImage('private', gfn)?.setU64(0, value);
    writeContent(world, pfn, value);
  }
  world.move('hostWrite', -1, { pfn, value }, 'HostWriteOfOwn');
  return undefined;
}

/** SNP_PAGE_RECLAIM alone, without the steps of KVM that follow it in `snpPageReclaim`. */
export function reclaimPage(world: World, { gfn }: ActArguments<'kvm', 'reclaim'>): Outcome {
  const pfn = privatePageNow(world, gfn);
  if (pfn === NO_PFN) return NO_PRIVATE_PAGE;
  if (world.host.noPsp) return refused('this host has no PSP');
  sevDoCmd(world, SEV_CMD_SNP_PAGE_RECLAIM, () => pageReclaim(world, pfn));
  return undefined;
}
