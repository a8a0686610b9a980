/** The payload of KVM_EXIT_MEMORY_FAULT. */
import { gfnToGpa, PAGE_BYTES, type Gfn } from '../../../abi/address';
import { KVM_MEMORY_ATTRIBUTE_PRIVATE } from '../../../abi/kvm-structs';
import { kvmRunMemoryFault } from '../../../abi/kvm-run';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf } from '../exit';

/** kvm_prepare_memory_fault_exit. The flags tell the access, not the attribute. */
export function fillMemoryFault(
  world: World,
  vcpu: Vcpu,
  access: { readonly gfn: Gfn; readonly private: boolean },
): { readonly gpa: bigint; readonly flags: bigint } {
  const run = kvmRunOf(world, vcpu);
  const gpa = gfnToGpa(access.gfn);
  const flags = access.private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0n;
  kvmRunMemoryFault.set(run, 'flags', flags);
  kvmRunMemoryFault.set(run, 'gpa', gpa);
  kvmRunMemoryFault.set(run, 'size', PAGE_BYTES);
  return { gpa, flags };
}
