/** Memory slots: the guest frames that exist, and the source of their private pages. */
import { PAGE_SIZE } from '../../../abi/address';
import { errno } from '../../../abi/errno';
import { refuseCall } from '../launch/sev-call';
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

/** Whether a slot has frames that physical addresses of this width cannot name. */
export const isBeyondWidth = (
  { vm }: World,
  { firstGfn, pages }: Pick<SlotWanted, 'firstGfn' | 'pages'>,
): boolean => firstGfn + pages > 2 ** vm.maxPhysicalAddress / PAGE_SIZE;

/** Whether the pages of guest_memfd for a slot exist and are behind no other slot. */
const canBind = (
  { config }: World,
  others: readonly Slot[],
  { firstGmemPage, pages }: Pick<SlotWanted, 'firstGmemPage' | 'pages'>,
): boolean =>
  firstGmemPage + pages <= config.gmemPages &&
  !others.some(
    (slot) => slot.backing !== 'none' && overlaps(firstGmemPage, pages, slot.firstGmemPage, slot.pages),
  );

/** KVM_SET_USER_MEMORY_REGION2 with a new slot. @returns 0 or a negative errno */
export function setUserMemoryRegion2(world: World, wanted: SlotWanted): number {
  const { firstGfn, pages, firstGmemPage, backing } = wanted;
  if (pages <= 0) return -errno.EINVAL;
  const others = world.slots.filter((slot) => slot.used);
  if (others.some((slot) => overlaps(firstGfn, pages, slot.firstGfn, slot.pages))) return -errno.EEXIST;
  // kvm_gmem_bind answers pages that another slot has, and pages behind the end of the file, alike.
  if (backing !== 'none' && !canBind(world, others, wanted)) return -errno.EINVAL;
  // kvm_arch_prepare_memory_region comes after kvm_check_memslot_overlap and kvm_gmem_bind.
  if (isBeyondWidth(world, wanted))
    return refuseCall(world, 'KVM_SET_USER_MEMORY_REGION2', 'SlotBeyondWidth', 'EINVAL');
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
