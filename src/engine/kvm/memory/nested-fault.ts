/** A nested page fault, in the order of KVM's checks: attribute, memslot, guest_memfd, mapping. */
import { errno, errnoText } from '../../../abi/errno';
import { gfnToGpa, type Gfn } from '../../../abi/address';
import { KVM_EXIT_MEMORY_FAULT, kvmRunMemoryFault } from '../../../abi/kvm-run';
import { nestedFault } from '../../../abi/nested-fault';
import { KVM_MEMORY_ATTRIBUTE_PRIVATE } from '../../../abi/kvm-structs';
import { gfnBits } from '../../memory/page-bits';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { changeGfns, isPrivate } from '../../frames/attributes';
import { kvmRunOf, leaveToUserspace } from '../exit';
import { freshRunLength, gmemGetFreshRun, privatePage } from './gmem';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';
import { ensureMapped } from '../psc/psc-in-kernel';

export interface NestedAccess {
  readonly gfn: Gfn;
  /** The access had the C-bit. */
  readonly private: boolean;
  readonly write: boolean;
}

/** How KVM handled the fault: it mapped the page, left KVM_RUN, or found MMIO. */
export type FaultHandled = 'mapped' | 'left' | 'mmio';

/** Handles the fault of a vCPU that is in the guest; afterwards it is in the guest again unless KVM_RUN ended. */
export function handleNestedFault(world: World, vcpu: Vcpu, access: NestedAccess): FaultHandled {
  const gpa = gfnToGpa(access.gfn);
  const bit = (set: boolean): number => (set ? 1 : 0);
  const error = nestedFault.encode({ write: bit(access.write), final: 1, enc: bit(access.private) });
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  world.move('nestedFault', vcpu.index, { gpa, pages: 1, error });
  const handled = resolveFault(world, vcpu, access);
  if (handled !== 'left') world.sendVcpu(vcpu, { type: 'ENTER' });
  return handled;
}

/** Whether only the RMP distinguishes private and shared: before guest_memfd there are no attributes and one mapping. */
export const mapsByRmp = (world: World): boolean =>
  world.facetOrUnspecified('fault.mismatch') === 'rmpFaultHandler';

function resolveFault(world: World, vcpu: Vcpu, access: NestedAccess): FaultHandled {
  const { gfn } = access;
  if (mapsByRmp(world)) return ensureMapped(world, gfn) ? 'mapped' : 'mmio';
  if (isPrivate(world, gfn) !== access.private) {
    world.facet('fault.mismatch');
    return exitMemoryFault(world, vcpu, access, errno.EFAULT, 'AttributeDiffers');
  }
  const slot = slotOf(world, gfn);
  if (!access.private) {
    if (!slot) return 'mmio';
    changeGfns(world, gfn, 1, gfnBits.mappedShared, gfnBits.mappedPrivate);
    return 'mapped';
  }
  if (!slotHasGmem(slot)) return exitMemoryFault(world, vcpu, access, errno.EFAULT, 'PrivateWithoutSlot');
  const page = privatePage(world, gfn);
  if ('errno' in page) return exitMemoryFault(world, vcpu, access, page.errno, 'PrivateUnavailable');
  changeGfns(world, gfn, 1, gfnBits.mappedPrivate, gfnBits.mappedShared);
  return 'mapped';
}

/**
 * The faults of a guest that accesses a run of private pages one by one, handled as one where all take the same path.
 * @returns pages that are mapped now; 0 when the caller must go page by page
 */
export function handleNestedFaultRun(world: World, vcpu: Vcpu, gfn: Gfn, limit: number): number {
  const slot = slotOf(world, gfn);
  if (mapsByRmp(world) || !slotHasGmem(slot) || !isPrivate(world, gfn)) return 0;
  const alike = world.pages.gfn.runLength(gfn, Math.min(limit, slot.firstGfn + slot.pages - gfn));
  const count = freshRunLength(world, gmemPageOf(slot, gfn), alike);
  if (count < 2) return 0;
  const error = nestedFault.encode({ write: 1, final: 1, enc: 1 });
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  world.move('nestedFault', vcpu.index, { gpa: gfnToGpa(gfn), pages: count, error });
  gmemGetFreshRun(world, { gfn, pfn: gmemPageOf(slot, gfn), count });
  changeGfns(world, gfn, count, gfnBits.mappedPrivate, gfnBits.mappedShared);
  world.sendVcpu(vcpu, { type: 'ENTER' });
  return count;
}

/** kvm_mmu_prepare_memory_fault_exit. */
function exitMemoryFault(
  world: World,
  vcpu: Vcpu,
  access: NestedAccess,
  failure: number,
  rule: RuleId,
): 'left' {
  const run = kvmRunOf(world, vcpu);
  const gpa = gfnToGpa(access.gfn);
  const flags = access.private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0n;
  kvmRunMemoryFault.set(run, 'flags', flags);
  kvmRunMemoryFault.set(run, 'gpa', gpa);
  kvmRunMemoryFault.set(run, 'size', 0x1000n);
  leaveToUserspace(world, vcpu, { errno: failure, reason: KVM_EXIT_MEMORY_FAULT });
  world.move('memoryFaultExit', vcpu.index, { gpa, flags, ret: errnoText(-failure) }, rule);
  return 'left';
}
