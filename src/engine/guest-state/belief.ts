/**
 * The guest's view of its pages after a page state change: it reads the answer and sets the C-bit of its own page tables
 * accordingly. If the host reports success without doing the change, this view contradicts the other views of the page.
 */
import { ghcbMsrInfo, GHCB_MSR_PSC_REQ, pscRequest } from '../../abi/ghcb-msr';
import {
  pscHeader,
  PSC_ENTRY_SIZE,
  PSC_HEADER_SIZE,
  PSC_OP_PRIVATE,
  PSC_OP_SHARED,
  readPscEntry,
} from '../../abi/psc';
import { isSamePage, pageOffset } from '../../abi/address';
import { changeGfns } from '../frames/attributes';
import { gfnBits } from '../memory/page-bits';
import type { Image } from '../memory/image';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';

/** The one page of an MSR request that was answered with success. */
export function believeMsr(world: World, vcpu: Vcpu): void {
  if (ghcbMsrInfo(vcpu.guestSentMsr) !== GHCB_MSR_PSC_REQ) return;
  const { gfn, operation } = pscRequest.decode(vcpu.guestSentMsr);
  believe(world, { gfn, pages: 1, operation });
}

/** The entries that the header counts as done, as they stand in the guest's own buffer. */
export function believeBatch(world: World, vcpu: Vcpu, page: Image): void {
  const at = pageOffset(vcpu.swScratch);
  if (!isSamePage(vcpu.swScratch, vcpu.guestGhcbGpa)) return;
  const { curEntry } = pscHeader.decode(page.u64(at));
  const room = Math.floor((page.byteLength - at - PSC_HEADER_SIZE) / PSC_ENTRY_SIZE);
  for (let index = 0; index < Math.min(curEntry, room); index++) {
    believe(world, readPscEntry(page, index, at));
  }
}

function believe(world: World, change: { gfn: number; pages: number; operation: number }): void {
  const { gfn, pages, operation } = change;
  if (gfn >= world.config.gfnCount) return;
  const { guestKnows, guestPrivate, guestValidated, guestVmsa } = gfnBits;
  if (operation === PSC_OP_PRIVATE) changeGfns(world, gfn, pages, guestKnows | guestPrivate, 0);
  if (operation === PSC_OP_SHARED) {
    changeGfns(world, gfn, pages, guestKnows, guestPrivate | guestValidated | guestVmsa);
  }
}
