/** The page fault of the TDP MMU, for a nested fault and for KVM_PRE_FAULT_MEMORY alike: find the page, enter it. */
import { PAGE_SIZE, type Gfn } from '../../../abi/address';
import { errno } from '../../../abi/errno';
import { allocationFails } from '../../faults';
import { gfnBits } from '../../memory/page-bits';
import { changeGfns, isPrivate, mapGfn, nestedEntry, type NestedEntry } from '../../frames/attributes';
import { slotHasGmem, slotOf, userPageOfGfn } from '../../frames/slots';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { Slot } from '../../state/vm';
import type { World } from '../../world';
import { gmemGetPfn } from './gmem';
import { uaddrOfGfn } from './user-memory';
import { lookUpUserPage } from './user-pages';
import type { FacetValue, KnownValue } from '../../../profiles/facets';

/** An access that needs an entry. */
export interface FrameAccess {
  readonly gfn: Gfn;
  readonly private: boolean;
  readonly write: boolean;
  /** The processor found an entry. */
  readonly present?: boolean;
  /** KVM_PRE_FAULT_MEMORY. */
  readonly prefetch: boolean;
}

/** Why a frame cannot be mapped. */
export interface FaultFailure {
  readonly errno: number;
  readonly rule: RuleId;
  /** KVM_EXIT_MEMORY_FAULT names the address. */
  readonly memoryFault: boolean;
}

/** Mapped now or before; to be tried again; MMIO; or an error. */
export type Mapped = 'mapped' | 'retry' | 'mmio' | FaultFailure;

const withExit = (failure: number, rule: RuleId): FaultFailure => ({
  errno: failure,
  rule,
  memoryFault: true,
});
const withoutExit = (failure: number, rule: RuleId): FaultFailure => ({
  errno: failure,
  rule,
  memoryFault: false,
});

/** kvm_mmu_reload: a root and a stock of pages. @returns 0 or an errno */
export function mmuReload(world: World, vcpu: Vcpu): number {
  if (vcpu.mmuReady) return 0;
  if (allocationFails(world, 'mmu')) return errno.ENOMEM;
  vcpu.mmuReady = true;
  return 0;
}

/** fast_page_fault: an entry that allows the write, or is only write-protected, needs no look-up. */
function fastPath(world: World, access: FrameAccess, entry: NestedEntry | undefined): boolean {
  if (!entry || !access.present || !access.write || isPrivate(world, access.gfn) !== access.private)
    return false;
  if (entry.writable) return true;
  if (!entry.protected) return false;
  changeGfns(world, access.gfn, 1, 0, gfnBits.mappedReadOnly | gfnBits.writeProtected);
  return true;
}

/** kvm_tdp_mmu_page_fault. */
export function mapFrame(world: World, vcpu: Vcpu, access: FrameAccess): Mapped {
  const { gfn } = access;
  if (fastPath(world, access, nestedEntry(world, gfn))) return 'mapped';
  const short = mmuReload(world, vcpu);
  if (short) return withoutExit(short, 'NoPageTableMemory');
  const before = world.invalidations;
  if (isPrivate(world, gfn) !== access.private) return withExit(errno.EFAULT, 'AttributeDiffers');
  const slot = slotOf(world, gfn);
  if (!slot) return withoutSlot(world, access);
  if (slot.invalid) return atInvalidSlot(world, access);
  const page = access.private || slot.gmemOnly ? fromGmem(world, slot, gfn) : fromUser(world, vcpu, access);
  if (typeof page === 'string' || 'errno' in page) return page;
  // Something was invalidated meanwhile: what was found may be old.
  if (world.invalidations !== before) return 'retry';
  enterPage(world, access, page.writable);
  return 'mapped';
}

/** kvm_handle_noslot_fault. */
function withoutSlot(world: World, { gfn, private: asPrivate }: FrameAccess): Mapped {
  if (asPrivate) return withExit(errno.EFAULT, 'PrivateWithoutSlot');
  // No entry is made for an address that the processor cannot name.
  if (gfn < 2 ** world.vm.maxPhysicalAddress / PAGE_SIZE) mapGfn(world, gfn, 'mmio');
  return 'mmio';
}

const invalidSlot: Record<KnownValue<'preFault.invalidSlot'>, Mapped> = {
  retries: 'retry',
  eagain: withoutExit(errno.EAGAIN, 'SlotBeingDeleted'),
};

const atInvalidSlot = (world: World, { prefetch }: FrameAccess): Mapped =>
  prefetch ? invalidSlot[world.facet('preFault.invalidSlot')] : 'retry';

type Page = { readonly writable: boolean };

function fromGmem(world: World, slot: Slot, gfn: Gfn): Page | FaultFailure {
  if (!slotHasGmem(slot)) return withExit(errno.EFAULT, 'PrivateWithoutSlot');
  const page = gmemGetPfn(world, slot, gfn);
  return 'errno' in page ? withExit(page.errno, 'PrivateUnavailable') : { writable: true };
}

function fromUser(world: World, vcpu: Vcpu, { gfn, write }: FrameAccess): Page | FaultFailure | 'retry' {
  const page = lookUpUserPage(world, gfn, write);
  if (page === 'fault') return withoutExit(errno.EFAULT, 'UserPageMissing');
  if (page !== 'poisoned') return page;
  // kvm_send_hwpoison_signal; the fault is tried again, and the signal ends that.
  vcpu.signalPending = true;
  const uaddr = uaddrOfGfn(userPageOfGfn(world, gfn));
  world.move('sigbusSent', vcpu.index, { uaddr }, 'UserPagePoisoned');
  return 'retry';
}

/** Whether an entry that is there already stays as it is. */
const keepsEntry: Record<
  FacetValue<'fault.presentEntry'>,
  (entry: NestedEntry, access: FrameAccess) => boolean
> = {
  leftAlone: (entry, { write, prefetch }) => prefetch || !write || entry.writable,
  rewritten: () => false,
  unspecified: () => false,
};

function enterPage(world: World, access: FrameAccess, writable: boolean): void {
  const entry = nestedEntry(world, access.gfn);
  if (entry && keepsEntry[world.facet('fault.presentEntry')](entry, access)) return;
  mapGfn(world, access.gfn, access.private ? 'private' : 'shared', writable);
}
