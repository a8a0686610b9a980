/** KVM_PRE_FAULT_MEMORY, an ioctl of a vCPU: maps a range as its memory attributes say, page by page. */
import { gpaToGfn, isPageAligned, PAGE_BYTES, type Gfn } from '../../../abi/address';
import { errno } from '../../../abi/errno';
import { kvmRun, KVM_EXIT_MEMORY_FAULT } from '../../../abi/kvm-run';
import { isPrivate } from '../../frames/attributes';
import { slotOf } from '../../frames/slots';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf } from '../exit';
import { mapFrame, mmuReload } from './map-frame';
import { fillMemoryFault } from './memory-fault';

const END_OF_ADDRESSES = 1n << 64n;

/** struct kvm_pre_fault_memory. */
export interface PreFaultRange {
  readonly gpa: bigint;
  readonly size: bigint;
  readonly flags: bigint;
}

/** Its result, 0 or a negative errno, and what is left in the struct. */
export interface PreFaulted {
  readonly ret: number;
  readonly gpa: bigint;
  readonly size: bigint;
  /** The call looped in the kernel without progress until a signal came. */
  readonly spins: boolean;
}

/**
 * kvm_vcpu_pre_fault_memory. Once a page was done the call succeeds, whatever stops it later: the struct says what is left.
 */
export function preFaultMemory(world: World, vcpu: Vcpu, range: PreFaultRange): PreFaulted {
  const { gpa, size, flags } = range;
  const legal = isPageAligned(gpa) && isPageAligned(size) && size !== 0n && gpa + size < END_OF_ADDRESSES;
  if (flags !== 0n || !legal) return { ret: -errno.EINVAL, gpa, size, spins: false };
  let done = 0n;
  let failed = 0;
  let spins = false;
  while (done < size && failed === 0) {
    world.look();
    const page = vcpu.signalPending ? errno.EINTR : preFaultPage(world, vcpu, gpaToGfn(gpa + done));
    spins = page === 'spins';
    failed = page === 'spins' ? errno.EINTR : page;
    if (failed === 0) done += PAGE_BYTES;
  }
  return { ret: done === 0n ? -failed : 0, gpa: gpa + done, size: size - done, spins };
}

/** kvm_arch_vcpu_pre_fault_memory for one page. @returns 0 or an errno */
function preFaultPage(world: World, vcpu: Vcpu, gfn: Gfn): number | 'spins' {
  if (!world.vm.preFaultAllowed) return errno.EOPNOTSUPP;
  const short = mmuReload(world, vcpu);
  if (short) return short;
  const access = { gfn, private: isPrivate(world, gfn), write: false, prefetch: true };
  for (;;) {
    world.look();
    if (vcpu.signalPending) return errno.EINTR;
    const mapped = mapFrame(world, vcpu, access);
    if (mapped === 'mapped') return 0;
    if (mapped === 'mmio') return errno.ENOENT;
    if (mapped === 'retry') {
      if (slotOf(world, gfn)?.invalid) return 'spins';
      continue;
    }
    if (mapped.memoryFault) {
      // The exit of a fault is filled in, though no KVM_RUN ends here.
      fillMemoryFault(world, vcpu, access);
      kvmRun.set(kvmRunOf(world, vcpu), 'exitReason', KVM_EXIT_MEMORY_FAULT);
    }
    return mapped.errno;
  }
}
