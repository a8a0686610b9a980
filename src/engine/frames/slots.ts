/** The memory slot that covers a guest frame, and the page of guest_memfd that backs it. */
import type { Slot } from '../state/vm';
import type { World } from '../world';

/** The slot that covers a guest frame. */
export function slotOf(world: World, gfn: number): Slot | undefined {
  for (const slot of world.slots) {
    if (slot.used && gfn >= slot.firstGfn && gfn < slot.firstGfn + slot.pages) return slot;
  }
  return undefined;
}

/** kvm_slot_has_gmem: the slot was made with guest_memfd, whether or not its file is still open. */
export const slotHasGmem = (slot: Slot | undefined): slot is Slot =>
  slot !== undefined && slot.backing !== 'none';

/** The page of guest_memfd behind a frame of a slot. */
export const gmemPageOf = (slot: Slot, gfn: number): number => gfn - slot.firstGfn + slot.firstGmemPage;

/** The page of the VMM's mapping behind a frame. It is numbered like the frame, unless the slot was moved. */
export function userPageOfGfn(world: World, gfn: number): number {
  const slot = slotOf(world, gfn);
  return slot ? gfn + slot.userSkew : gfn;
}
