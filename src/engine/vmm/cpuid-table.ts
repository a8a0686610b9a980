/** KVM_SET_CPUID2: the leaves that a VMM gives a guest, as far as a guest of the model needs them. */
import { refused, type ActArguments, type Outcome } from '../acts';
import type { HandlersOf } from '../handlers';
import type { World } from '../world';

const HYPERVISOR = 0x4000_0000;
const HYPERVISOR_FEATURES = 0x4000_0001;
const EXTENDED_MAX = 0x8000_0000;
const MEMORY_ENCRYPTION = 0x8000_001f;
/** The twelve bytes of a vendor as EBX, ECX and EDX of its leaf hold them: KVMKVMKVM with zeros, AuthenticAMD. */
const KVM = { ebx: 0x4b4d_564b, ecx: 0x564b_4d56, edx: 0x4d };
const AMD = { ebx: 0x6874_7541, ecx: 0x444d_4163, edx: 0x6974_6e65 };
const SEV = 1 << 1;
const SEV_ES = 1 << 3;
const SEV_SNP = 1 << 4;
/** Physical address bits that encryption costs: EBX[11:6]. */
const REDUCED_BITS = 1;

type Row = Omit<ActArguments<'vmm', 'set-cpuid'>, 'subleaf'> & { readonly subleaf?: number };

/** Sets one row of the table. @returns why it has no room */
function setRow(world: World, row: Row): Outcome {
  const subleaf = row.subleaf ?? 0;
  const same = world.cpuid.find(
    (entry) => entry.used && entry.leaf === row.leaf && entry.subleaf === subleaf,
  );
  const entry = same ?? world.cpuid.find(({ used }) => !used);
  if (!entry) return refused(`the model's table has room for ${world.cpuid.length} leaves`);
  entry.used = true;
  entry.leaf = row.leaf;
  entry.subleaf = subleaf;
  entry.eax = row.eax ?? 0;
  entry.ebx = row.ebx ?? 0;
  entry.ecx = row.ecx ?? 0;
  entry.edx = row.edx ?? 0;
  return undefined;
}

/**
 * What a personality sets before the first vCPU runs: the leaves that QEMU 10 fills alike for every CPU model that SEV can
 * have (target/i386/cpu.c, cpu_x86_cpuid; Documentation/virt/kvm/x86/cpuid.rst). Others are not made up.
 */
export function fillCpuid(world: World): void {
  const { type, cBit } = world.vm;
  if (type !== 'snp' && type !== 'seves') return;
  setRow(world, { leaf: HYPERVISOR, eax: HYPERVISOR_FEATURES, ...KVM });
  setRow(world, { leaf: EXTENDED_MAX, eax: MEMORY_ENCRYPTION, ...AMD });
  setRow(world, {
    leaf: MEMORY_ENCRYPTION,
    eax: SEV | SEV_ES | (type === 'snp' ? SEV_SNP : 0),
    ebx: cBit | (REDUCED_BITS << 6),
  });
}

export const cpuidHandlers = {
  'set-cpuid': (world, row) => {
    if (!world.vm.exists) return refused('there is no VM');
    for (const value of [row.leaf, row.subleaf, row.eax, row.ebx, row.ecx, row.edx]) {
      if (value !== undefined && value > 0xffff_ffff) return refused('leaves and registers have 32 bits');
    }
    const full = setRow(world, row);
    if (full) return full;
    world.vm.ioctlRet = 0;
    world.move('ioctlReturns', -1, { call: 'KVM_SET_CPUID2', ret: '0', error: '-' });
    return undefined;
  },
} satisfies Partial<HandlersOf<'vmm'>>;
