/** The CPUID table that userspace gave KVM for this guest with KVM_SET_CPUID2. */
import { hex } from '../../../base/hex';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { resumeAnswered, type Handled } from '../ghcb/ghcb';

const LOW_32 = 0xffffffffn;

export interface CpuidAnswer {
  /** EAX, EBX, ECX, EDX. */
  readonly registers: readonly [number, number, number, number];
  /** A row of the table, or KVM's zeros for a leaf that a complete table does not have; else the zeros are the model's. */
  readonly known: boolean;
}

/** What KVM answers. A VMM gives it more leaves than the model has: one that is missing is reported, not made up. */
export function cpuidLeaf(world: World, leaf: number, subleaf: number): CpuidAnswer {
  const row = world.cpuid.find((entry) => entry.used && entry.leaf === leaf && entry.subleaf === subleaf);
  if (row) return { registers: [row.eax, row.ebx, row.ecx, row.edx], known: true };
  const known = world.vm.tablesComplete;
  if (!known) {
    world.finding(
      'unmodelled',
      `CPUID leaf ${hex(leaf)}, sub-leaf ${subleaf}, is not in the model's table (set-cpuid adds it): the zeros are not KVM's`,
    );
  }
  return { registers: [0, 0, 0, 0], known };
}

/** kvm_emulate_cpuid. */
export function kvmEmulateCpuid(world: World, vcpu: Vcpu): Handled {
  const { registers, known } = cpuidLeaf(world, Number(vcpu.rax & LOW_32), Number(vcpu.rcx & LOW_32));
  const [eax, ebx, ecx, edx] = registers;
  vcpu.rax = BigInt(eax);
  vcpu.rbx = BigInt(ebx);
  vcpu.rcx = BigInt(ecx);
  vcpu.rdx = BigInt(edx);
  return resumeAnswered(world, vcpu, known ? 'CpuidTable' : 'CpuidNotModelled');
}
