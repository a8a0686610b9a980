/** A nested page fault, in the order of KVM's checks: attribute, memslot, guest_memfd, mapping. */
import { errno, errnoText } from '../../../abi/errno';
import { gfnToGpa, type Gfn } from '../../../abi/address';
import { KVM_EXIT_MEMORY_FAULT } from '../../../abi/kvm-run';
import { nestedFault } from '../../../abi/nested-fault';
import { gfnBits } from '../../memory/page-bits';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { changeGfns, isMappedAs, isPrivate, mapGfn } from '../../frames/attributes';
import { leaveToUserspace } from '../exit';
import { freshRunLength, gmemGetFreshRun, privatePage } from './gmem';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';
import { fillMemoryFault } from './memory-fault';
import { ensureMapped } from '../psc/psc-in-kernel';

export interface NestedAccess {
  readonly gfn: Gfn;
  /** The access had the C-bit. */
  readonly private: boolean;
  readonly write: boolean;
  /** The processor found an entry; missing: it found none. */
  readonly present?: boolean;
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
  // fast_page_fault: an entry that allows the access already is left alone, and nothing is looked up.
  if (access.present && isMappedAs(world, gfn, access.private)) return 'mapped';
  if (isPrivate(world, gfn) !== access.private) {
    world.facet('fault.mismatch');
    return exitMemoryFault(world, vcpu, access, errno.EFAULT, 'AttributeDiffers');
  }
  const slot = slotOf(world, gfn);
  if (!access.private) {
    mapGfn(world, gfn, slot ? 'shared' : 'mmio');
    return slot ? 'mapped' : 'mmio';
  }
  const failed = mapPrivatePage(world, gfn);
  return failed ? exitMemoryFault(world, vcpu, access, failed.errno, failed.rule) : 'mapped';
}

/** Maps the private page of a frame, allocated if need be. @returns why it cannot be had, or nothing */
export function mapPrivatePage(
  world: World,
  gfn: Gfn,
): { readonly errno: number; readonly rule: RuleId } | undefined {
  if (!slotHasGmem(slotOf(world, gfn))) return { errno: errno.EFAULT, rule: 'PrivateWithoutSlot' };
  const page = privatePage(world, gfn);
  if ('errno' in page) return { errno: page.errno, rule: 'PrivateUnavailable' };
  mapGfn(world, gfn, 'private');
  return undefined;
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
  const { gpa, flags } = fillMemoryFault(world, vcpu, access);
  leaveToUserspace(world, vcpu, { errno: failure, reason: KVM_EXIT_MEMORY_FAULT });
  world.move('memoryFaultExit', vcpu.index, { gpa, flags, ret: errnoText(-failure) }, rule);
  return 'left';
}
