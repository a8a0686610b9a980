/** Memory slots: the guest frames that exist, and the source of their private pages. */
import { bytesToPages, gpaToGfn, isPageAligned, PAGE_SIZE, pagesToBytes } from '../../../abi/address';
import { errno } from '../../../abi/errno';
import {
  GUEST_MEMFD_FLAG_MMAP,
  KVM_MEM_GUEST_MEMFD,
  KVM_MEM_LOG_DIRTY_PAGES,
  KVM_MEM_READONLY,
} from '../../../abi/kvm-structs';
import type { KnownValue } from '../../../profiles/facets';
import { writeProtect, zapGfns } from '../../frames/attributes';
import { refuseCall } from '../launch/sev-call';
import type { RuleId } from '../../rules';
import type { GmemFile, Slot } from '../../state/vm';
import type { World } from '../../world';
import { hasPrivateMemory } from './ioctl-arguments';
import { GUEST_MAPPING, USER_END } from './user-memory';

/** struct kvm_userspace_memory_region2; the file of guest_memfd is what its descriptor leads to. */
export interface MemoryRegion {
  readonly slot: number;
  readonly flags: number;
  /** Bytes, as are the next three. */
  readonly gpa: bigint;
  readonly size: bigint;
  readonly userAddr: bigint;
  readonly offset: bigint;
  readonly file: GmemFile | 'closed' | 'otherFile';
}

/** Facts of a slot that no field of the ioctl gives. */
export interface SlotExtras {
  readonly backing: Slot['backing'];
  readonly registered: boolean;
  readonly largePages: boolean;
}
const noExtras: SlotExtras = { backing: 'none', registered: false, largePages: false };

const MAX_U64 = (1n << 64n) - 1n;
const USER_SLOTS = 32764;
const MAX_PAGES = 2 ** 31 - 1;
const call = 'KVM_SET_USER_MEMORY_REGION2';

/** check_memory_region_flags. @returns the rule by which it is -EINVAL */
function refusesFlags(world: World, flags: number): RuleId | undefined {
  const gmem = (flags & KVM_MEM_GUEST_MEMFD) !== 0;
  if (gmem && !hasPrivateMemory(world)) return 'SlotNoPrivateMemory';
  const { type } = world.vm;
  const readonly = type === 'snp' || type === 'seves' ? 0 : KVM_MEM_READONLY;
  const legal = gmem ? KVM_MEM_GUEST_MEMFD : KVM_MEM_LOG_DIRTY_PAGES | readonly;
  return (flags & ~legal) === 0 ? undefined : 'SlotFlags';
}

/** The sanity checks of kvm_set_memory_region, in its order. @returns the rule by which it is -EINVAL */
function refusesArguments(region: MemoryRegion): RuleId | undefined {
  const { gpa, size, userAddr, offset, flags, slot } = region;
  if (!isPageAligned(size) || !isPageAligned(gpa)) return 'SlotArguments';
  if (!isPageAligned(userAddr) || userAddr + size > USER_END) return 'SlotArguments';
  const bindsFile = (flags & KVM_MEM_GUEST_MEMFD) !== 0;
  if (bindsFile && (!isPageAligned(offset) || offset + size > MAX_U64)) return 'SlotOffset';
  const legal = slot < USER_SLOTS && gpa + size <= MAX_U64 && bytesToPages(size) <= MAX_PAGES;
  return legal ? undefined : 'SlotArguments';
}

const meets = (first: number, pages: number, otherFirst: number, otherPages: number): boolean =>
  first < otherFirst + otherPages && otherFirst < first + pages;

/** Whether a slot has frames that physical addresses of this width cannot name. */
export const isBeyondWidth = (
  { vm }: World,
  { firstGfn, pages }: { readonly firstGfn: number; readonly pages: number },
): boolean => firstGfn + pages > 2 ** vm.maxPhysicalAddress / PAGE_SIZE;

/** id_to_memslot. */
export const slotOfNumber = (world: World, number: number): Slot | undefined =>
  world.slots.find((slot) => slot.used && slot.number === number);

/** kvm_set_memory_region: makes, moves, changes or deletes a slot. @returns 0 or a negative errno */
export function setMemoryRegion(world: World, region: MemoryRegion, extras = noExtras): number {
  const refused = refusesFlags(world, region.flags) ?? refusesArguments(region);
  if (refused) return refuseCall(world, call, refused, 'EINVAL');
  const old = slotOfNumber(world, region.slot);
  if (region.size === 0n)
    return old ? deleteSlot(world, old) : refuseCall(world, call, 'SlotMissing', 'EINVAL');
  return old ? changeSlot(world, old, region) : createSlot(world, region, extras);
}

const placeOf = (region: MemoryRegion) => ({
  firstGfn: gpaToGfn(region.gpa),
  pages: bytesToPages(region.size),
});

function overlapsOther(world: World, region: MemoryRegion): boolean {
  const { firstGfn, pages } = placeOf(region);
  return world.slots.some(
    (slot) => slot.used && slot.number !== region.slot && meets(firstGfn, pages, slot.firstGfn, slot.pages),
  );
}

/** The errno for pages of guest_memfd that another slot has. */
const boundTwice: Record<KnownValue<'slot.boundTwice'>, 'EINVAL' | 'EEXIST'> = {
  einval: 'EINVAL',
  eexist: 'EEXIST',
};

/** kvm_gmem_bind, its checks. @returns 0 or a negative errno */
function bindRefusal(world: World, { file, offset, size }: MemoryRegion): number {
  if (file === 'closed') return refuseCall(world, call, 'SlotBadFile', 'EBADF');
  if (file === 'otherFile') return refuseCall(world, call, 'SlotForeignFile', 'EINVAL');
  if (!file.open) return refuseCall(world, call, 'SlotBadFile', 'EBADF');
  if (offset + size > file.bytes) return refuseCall(world, call, 'SlotBeyondFile', 'EINVAL');
  const first = file.firstPfn + bytesToPages(offset);
  const taken = world.slots.some(
    (slot) =>
      slot.used &&
      slot.backing !== 'none' &&
      meets(first, bytesToPages(size), slot.firstGmemPage, slot.pages),
  );
  return taken ? refuseCall(world, call, 'SlotBoundTwice', boundTwice[world.facet('slot.boundTwice')]) : 0;
}

function createSlot(world: World, region: MemoryRegion, extras: SlotExtras): number {
  if (overlapsOther(world, region)) return refuseCall(world, call, 'SlotOverlaps', 'EEXIST');
  const { file, offset, flags } = region;
  const bindsFile = (flags & KVM_MEM_GUEST_MEMFD) !== 0;
  const refused = bindsFile ? bindRefusal(world, region) : 0;
  if (refused) return refused;
  // kvm_arch_prepare_memory_region comes after kvm_check_memslot_overlap and kvm_gmem_bind.
  const place = placeOf(region);
  if (isBeyondWidth(world, place)) return refuseCall(world, call, 'SlotBeyondWidth', 'EINVAL');
  const free = world.slots.find((slot) => !slot.used);
  if (!free) return -errno.EINVAL;
  free.used = true;
  free.number = region.slot;
  free.firstGfn = place.firstGfn;
  free.pages = place.pages;
  free.backing = bindsFile ? 'guestMemfd' : extras.backing;
  free.userSkew = bytesToPages(region.userAddr - GUEST_MAPPING) - place.firstGfn;
  free.dirtyLog = (flags & KVM_MEM_LOG_DIRTY_PAGES) !== 0;
  free.registered = extras.registered;
  free.largePages = extras.largePages;
  if (!bindsFile || typeof file === 'string') {
    free.firstGmemPage = extras.backing === 'userPages' ? bytesToPages(offset) : 0;
    return 0;
  }
  free.file = file.index;
  free.firstGmemPage = file.firstPfn + bytesToPages(offset);
  free.gmemOnly = (BigInt(file.flags) & GUEST_MEMFD_FLAG_MMAP) !== 0n;
  return 0;
}

/** The user address of a slot. */
export const userAddressOf = (slot: Slot): bigint =>
  GUEST_MAPPING + pagesToBytes(slot.firstGfn + slot.userSkew);

/** A slot with guest_memfd can only be deleted; another one can be moved, or change how it logs. */
function changeSlot(world: World, slot: Slot, region: MemoryRegion): number {
  const { firstGfn, pages } = placeOf(region);
  const immutable = slot.backing === 'guestMemfd' || slot.backing === 'closed';
  if (
    immutable ||
    (region.flags & KVM_MEM_GUEST_MEMFD) !== 0 ||
    pages !== slot.pages ||
    region.userAddr !== userAddressOf(slot)
  )
    return refuseCall(world, call, 'SlotImmutable', 'EINVAL');
  if (firstGfn !== slot.firstGfn) return moveSlot(world, slot, region);
  const logs = (region.flags & KVM_MEM_LOG_DIRTY_PAGES) !== 0;
  if (logs && !slot.dirtyLog) writeProtect(world, slot.firstGfn, slot.pages);
  slot.dirtyLog = logs;
  return 0;
}

/** kvm_invalidate_memslot: its entries go, and until the call is over a fault there is tried again. */
function invalidateSlot(world: World, slot: Slot): void {
  slot.invalid = true;
  zapGfns(world, slot.firstGfn, slot.pages);
  world.interleave?.('slotInvalid');
}

function moveSlot(world: World, slot: Slot, region: MemoryRegion): number {
  if (overlapsOther(world, region)) return refuseCall(world, call, 'SlotOverlaps', 'EEXIST');
  const { firstGfn, pages } = placeOf(region);
  invalidateSlot(world, slot);
  slot.invalid = false;
  if (isBeyondWidth(world, { firstGfn, pages })) return refuseCall(world, call, 'SlotBeyondWidth', 'EINVAL');
  slot.userSkew += slot.firstGfn - firstGfn;
  slot.firstGfn = firstGfn;
  slot.dirtyLog = (region.flags & KVM_MEM_LOG_DIRTY_PAGES) !== 0;
  return 0;
}

/** The pages of guest_memfd stay in their file. */
function deleteSlot(world: World, slot: Slot): number {
  invalidateSlot(world, slot);
  dropSlot(slot);
  return 0;
}

function dropSlot(slot: Slot): void {
  slot.used = false;
  slot.firstGfn = 0;
  slot.pages = 0;
  slot.backing = 'none';
  slot.firstGmemPage = 0;
  slot.registered = false;
  slot.largePages = false;
  slot.number = 0;
  slot.file = 0;
  slot.gmemOnly = false;
  slot.userSkew = 0;
  slot.dirtyLog = false;
  slot.invalid = false;
}

/** The lowest number that no slot has. */
export function nextSlotNumber(world: World): number {
  const taken = new Set(world.slots.filter(({ used }) => used).map(({ number }) => number));
  let next = 0;
  while (taken.has(next)) next++;
  return next;
}

/** The first page of a guest_memfd, counted from its start, behind no slot yet. */
export function nextFreeGmemPage(world: World, file: GmemFile): number {
  let next = 0;
  for (const slot of world.slots) {
    if (slot.used && slot.backing !== 'none' && slot.file === file.index)
      next = Math.max(next, slot.firstGmemPage + slot.pages - file.firstPfn);
  }
  return next;
}

/** Removes all slots, at the end of the VM. */
export function dropSlots(world: World): void {
  world.slots.forEach(dropSlot);
}
