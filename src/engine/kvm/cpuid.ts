/** The CPUID table that userspace gave KVM for this guest. */
import type { World } from '../world';

/** EAX, EBX, ECX, EDX of a leaf; zeros for a leaf that the table does not have. */
export function cpuidLeaf(world: World, leaf: number, subleaf: number): readonly number[] {
  const row = world.cpuid.find((entry) => entry.used && entry.leaf === leaf && entry.subleaf === subleaf);
  return row ? [row.eax, row.ebx, row.ecx, row.edx] : [0, 0, 0, 0];
}
