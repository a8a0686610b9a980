/** Memory slots: the guest frames that exist, and the source of their private pages. */
import { errno } from '../../../abi/errno';
import type { Slot } from '../../state/vm';
import type { World } from '../../world';

export interface SlotWanted {
  readonly firstGfn: number;
  readonly pages: number;
  readonly backing: Slot['backing'];
  readonly firstGmemPage: number;
  readonly registered: boolean;
  readonly largePages: boolean;
}

const overlaps = (first: number, pages: number, otherFirst: number, otherPages: number): boolean =>
  first < otherFirst + otherPages && otherFirst < first + pages;

/** KVM_SET_USER_MEMORY_REGION2 with a new slot. @returns 0 or a negative errno */
export function setUserMemoryRegion2(world: World, wanted: SlotWanted): number {
  const { firstGfn, pages, firstGmemPage, backing } = wanted;
  if (pages <= 0 || firstGfn + pages > world.config.gfnCount) return -errno.EINVAL;
  if (backing !== 'none' && firstGmemPage + pages > world.config.gmemPages) return -errno.EINVAL;
  for (const slot of world.slots) {
    if (!slot.used) continue;
    if (overlaps(firstGfn, pages, slot.firstGfn, slot.pages)) return -errno.EEXIST;
    const sharesGmem =
      backing !== 'none' &&
      slot.backing !== 'none' &&
      overlaps(firstGmemPage, pages, slot.firstGmemPage, slot.pages);
    if (sharesGmem) return -errno.EEXIST;
  }
  const free = world.slots.find((slot) => !slot.used);
  if (!free) return -errno.EINVAL;
  free.used = true;
  free.firstGfn = firstGfn;
  free.pages = pages;
  free.backing = backing;
  free.firstGmemPage = firstGmemPage;
  free.registered = wanted.registered;
  free.largePages = wanted.largePages;
  return 0;
}

/** The first page of guest_memfd behind no slot yet. */
export function nextFreeGmemPage(world: World): number {
  let next = 0;
  for (const slot of world.slots) {
    if (slot.used && slot.backing !== 'none') next = Math.max(next, slot.firstGmemPage + slot.pages);
  }
  return next;
}

/** Removes all slots, at the end of the VM. */
export function dropSlots(world: World): void {
  for (const slot of world.slots) {
    slot.used = false;
    slot.firstGfn = 0;
    slot.pages = 0;
    slot.backing = 'none';
    slot.firstGmemPage = 0;
    slot.registered = false;
    slot.largePages = false;
  }
}
