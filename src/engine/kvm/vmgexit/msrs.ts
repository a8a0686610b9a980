/** The MSRs that KVM has for every guest, as far as they are modelled: PAT, MTRRcap, the APIC base, the x2APIC range. */
import { APIC_ENABLE, X2APIC_ENABLE } from '../../state/cpu-tables';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';

export interface ModelledMsr {
  read(): bigint;
  /** @returns false when KVM refuses the value */
  write(value: bigint): boolean;
}

const MSR_IA32_APICBASE = 0x1b;
const MSR_MTRRCAP = 0xfe;
const MSR_IA32_CR_PAT = 0x277;
const X2APIC_FIRST = 0x800;
const X2APIC_LAST = 0x8ff;

/** Write-combining, fixed ranges, and eight variable ranges. */
const MTRRCAP = 0x508n;

/** Bits of IA32_APICBASE that no mode uses: 9 and 7 to 0. */
const APIC_BASE_RESERVED = 0x2ffn;
const APIC_MODE = APIC_ENABLE | X2APIC_ENABLE;

/**
 * Whether a guest may write this to IA32_APICBASE: no reserved bit, no address beyond the guest's physical address width,
 * x2APIC neither without the APIC enabled nor straight from disabled, and no way from x2APIC back to xAPIC (kvm_set_apic_base
 * in lapic.c, before 6.13 in x86.c). Whether CPUID offers x2APIC is not asked: the model's table has no leaf 1 of its own.
 */
function apicBaseLegal(world: World, now: bigint, value: bigint): boolean {
  const reserved = (value & APIC_BASE_RESERVED) !== 0n || value >> BigInt(world.vm.maxPhysicalAddress) !== 0n;
  const [from, to] = [now & APIC_MODE, value & APIC_MODE];
  if (reserved || to === X2APIC_ENABLE) return false;
  if (from === APIC_MODE) return to !== APIC_ENABLE;
  return !(from === 0n && to === APIC_MODE);
}

/** Whether the in-kernel APIC of a vCPU is in x2APIC mode, in which alone its registers are MSRs. */
const inX2apicMode = (world: World, vcpu: Vcpu): boolean =>
  world.vm.kernelApic && (vcpu.apicBase & APIC_MODE) === APIC_MODE;

/** kvm_pat_valid: each of the eight types is one that exists. */
function patValid(value: bigint): boolean {
  for (let shift = 0n; shift < 64n; shift += 8n) {
    const type = (value >> shift) & 0xffn;
    if (type > 7n || type === 2n || type === 3n) return false;
  }
  return true;
}

/** @returns the MSR, `fails` when KVM refuses every access to it, or nothing when it is not modelled */
export function modelledMsr(world: World, vcpu: Vcpu, number: number): ModelledMsr | 'fails' | undefined {
  if (number >= X2APIC_FIRST && number <= X2APIC_LAST) return inX2apicMode(world, vcpu) ? undefined : 'fails';
  switch (number) {
    case MSR_IA32_CR_PAT:
      return {
        read: () => vcpu.pat,
        write: (value) => {
          if (patValid(value)) vcpu.pat = value;
          return patValid(value);
        },
      };
    case MSR_IA32_APICBASE:
      return {
        read: () => vcpu.apicBase,
        write: (value) => {
          const legal = apicBaseLegal(world, vcpu.apicBase, value);
          if (legal) vcpu.apicBase = value;
          return legal;
        },
      };
    case MSR_MTRRCAP:
      return { read: () => MTRRCAP, write: () => false };
    default:
      return undefined;
  }
}
