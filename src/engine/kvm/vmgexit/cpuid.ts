/** The CPUID table that userspace gave KVM for this guest. */
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { resumeAnswered, type Handled } from '../ghcb/ghcb';

const LOW_32 = 0xffffffffn;

/** EAX, EBX, ECX, EDX of a leaf; zeros for a leaf that the table does not have. */
export function cpuidLeaf(
  world: World,
  leaf: number,
  subleaf: number,
): readonly [number, number, number, number] {
  const row = world.cpuid.find((entry) => entry.used && entry.leaf === leaf && entry.subleaf === subleaf);
  return row ? [row.eax, row.ebx, row.ecx, row.edx] : [0, 0, 0, 0];
}

/** kvm_emulate_cpuid. */
export function kvmEmulateCpuid(world: World, vcpu: Vcpu): Handled {
  const [eax, ebx, ecx, edx] = cpuidLeaf(world, Number(vcpu.rax & LOW_32), Number(vcpu.rcx & LOW_32));
  vcpu.rax = BigInt(eax);
  vcpu.rbx = BigInt(ebx);
  vcpu.rcx = BigInt(ecx);
  vcpu.rdx = BigInt(edx);
  return resumeAnswered(world, vcpu, 'CpuidTable');
}
