/** A nested page fault, in the order of KVM's checks: attribute, memslot, guest_memfd, mapping. */
import { errno, errnoText } from '../../../abi/errno';
import { gfnToGpa, gpaToGfn, type Gfn } from '../../../abi/address';
import { KVM_EXIT_MEMORY_FAULT } from '../../../abi/kvm-run';
import { nestedFault } from '../../../abi/nested-fault';
import type { FacetValue } from '../../../profiles/facets';
import { gfnBits } from '../../memory/page-bits';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { bitsOfGfn, changeGfns, isPrivate } from '../../frames/attributes';
import { failRun, leaveToUserspace } from '../exit';
import { freshRunLength, gmemGetFreshRun } from './gmem';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';
import { fillMemoryFault } from './memory-fault';
import { ensureMapped } from '../psc/psc-in-kernel';
import { interruptGuest } from '../run/run';
import { sevHandleRmpFault } from './rmp-fault';
import { mapFrame, type FaultFailure } from './map-frame';

export interface NestedAccess {
  readonly gfn: Gfn;
  /** The access had the C-bit. */
  readonly private: boolean;
  readonly write: boolean;
  /** The processor found an entry; missing: it found none. */
  readonly present?: boolean;
}

/** How KVM handled the fault: the guest goes on, KVM_RUN ended, or the frame is MMIO. */
export type FaultHandled = 'mapped' | 'left' | 'mmio';

/** Whether only the RMP distinguishes private and shared: before guest_memfd there are no attributes and one mapping. */
export const mapsByRmp = (world: World): boolean =>
  world.facetOrUnspecified('fault.mismatch') === 'rmpFaultHandler';

/** Handles the fault of a vCPU that is in the guest; afterwards it is in the guest again unless KVM_RUN ended. */
export function handleNestedFault(world: World, vcpu: Vcpu, access: NestedAccess): FaultHandled {
  const bit = (set: boolean): number => (set ? 1 : 0);
  // With nested paging the processor walks as a user (translate_nested_gpa in arch/x86/kvm/x86.c of 6.12.117 says so).
  const error = nestedFault.encode({
    present: bit(access.present ?? false),
    write: bit(access.write),
    user: 1,
    final: 1,
    enc: bit(access.private),
  });
  return npfInterception(world, vcpu, gfnToGpa(access.gfn), error);
}

/** npf_interception. @param error EXITINFO1 */
export function npfInterception(world: World, vcpu: Vcpu, gpa: bigint, error: bigint): FaultHandled {
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  world.move('nestedFault', vcpu.index, { gpa, pages: 1, error });
  const fault = nestedFault.decode(error);
  if (fault.implicitAccess !== 0 || fault.privateAccess !== 0) {
    world.move('kernelWarn', -1, { what: "the processor reports a bit that is KVM's own" }, 'FaultBitOfKvm');
  }
  const access = {
    gfn: gpaToGfn(gpa),
    private: fault.enc !== 0,
    write: fault.write !== 0,
    present: fault.present !== 0,
  };
  const handled =
    fault.reservedBit !== 0 ? reservedBitFault(world, vcpu, access) : resolveFault(world, vcpu, access);
  if (handled === 'left') return 'left';
  if (fault.rmp !== 0 && fault.reservedBit === 0) sevHandleRmpFault(world, gpa);
  world.sendVcpu(vcpu, { type: 'ENTER' });
  if (!vcpu.signalPending) return handled;
  // A signal that came meanwhile ends KVM_RUN before the next VMRUN: the access did not retire.
  interruptGuest(world, vcpu);
  return 'left';
}

/** What KVM does with a fault on an entry with reserved bits, which is one for MMIO. */
const reservedBitHandlers: Record<
  FacetValue<'fault.reservedBit'>,
  (world: World, vcpu: Vcpu, access: NestedAccess) => FaultHandled
> = {
  // A guest with encrypted state cannot be emulated: it is entered again.
  reenters: () => 'mmio',
  mmioEntry: (world, vcpu, access) => {
    if (access.private) {
      world.move('kernelWarn', -1, { what: 'MMIO with the C-bit' }, 'FaultReservedBitPrivate');
      failRun(world, vcpu, { errno: errno.EFAULT, rule: 'FaultReservedBitPrivate' });
      return 'left';
    }
    // An entry from before the last change of memory slots is looked up again.
    const isStale = (bitsOfGfn(world, access.gfn) & gfnBits.mappedMmio) !== 0 && slotOf(world, access.gfn);
    return isStale ? resolveFault(world, vcpu, { ...access, present: false }) : 'mmio';
  },
  unspecified: () => 'mmio',
};

const reservedBitFault = (world: World, vcpu: Vcpu, access: NestedAccess): FaultHandled =>
  reservedBitHandlers[world.facet('fault.reservedBit')](world, vcpu, access);

function resolveFault(world: World, vcpu: Vcpu, access: NestedAccess): FaultHandled {
  const { gfn } = access;
  if (mapsByRmp(world)) return ensureMapped(world, gfn) ? 'mapped' : 'mmio';
  const result = mapFrame(world, vcpu, { ...access, prefetch: false });
  if (result === 'mmio') return 'mmio';
  return typeof result === 'object' ? failFault(world, vcpu, access, result) : 'mapped';
}

/** KVM_RUN ends with the error of the fault, with or without the exit that names the address. */
function failFault(world: World, vcpu: Vcpu, access: NestedAccess, failure: FaultFailure): 'left' {
  if (failure.rule === 'AttributeDiffers') world.facet('fault.mismatch');
  if (!failure.memoryFault) {
    failRun(world, vcpu, failure);
    return 'left';
  }
  const { gpa, flags } = fillMemoryFault(world, vcpu, access);
  leaveToUserspace(world, vcpu, { errno: failure.errno, reason: KVM_EXIT_MEMORY_FAULT });
  world.move('memoryFaultExit', vcpu.index, { gpa, flags, ret: errnoText(-failure.errno) }, failure.rule);
  return 'left';
}

/**
 * The faults of a guest that accesses a run of private pages one by one, handled as one where all take the same path.
 * @returns pages that are mapped now; 0 when the caller must go page by page
 */
export function handleNestedFaultRun(world: World, vcpu: Vcpu, gfn: Gfn, limit: number): number {
  const slot = slotOf(world, gfn);
  if (mapsByRmp(world) || !slotHasGmem(slot) || slot.backing === 'closed' || !isPrivate(world, gfn)) return 0;
  const alike = world.pages.gfn.runLength(gfn, Math.min(limit, slot.firstGfn + slot.pages - gfn));
  const count = freshRunLength(world, gmemPageOf(slot, gfn), alike);
  if (count < 2) return 0;
  const error = nestedFault.encode({ write: 1, user: 1, final: 1, enc: 1 });
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  world.move('nestedFault', vcpu.index, { gpa: gfnToGpa(gfn), pages: count, error });
  gmemGetFreshRun(world, { gfn, pfn: gmemPageOf(slot, gfn), count });
  changeGfns(world, gfn, count, gfnBits.mappedPrivate, gfnBits.mappedShared);
  world.sendVcpu(vcpu, { type: 'ENTER' });
  return count;
}
