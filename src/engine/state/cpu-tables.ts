/** The guest's CPU as userspace configured it: CPUID leaves and the MSRs that KVM emulates. */
import { flag, group, word32, word64 } from './schema';

export const cpuidGroup = group('cpuid', {
  used: flag('The row exists.'),
  leaf: word32('CPUID function.'),
  subleaf: word32('CPUID sub-leaf.'),
  eax: word32('EAX.'),
  ebx: word32('EBX.'),
  ecx: word32('ECX.'),
  edx: word32('EDX.'),
});
export type CpuidRow = ReturnType<typeof cpuidGroup.create>;

export const msrGroup = group('msr', {
  used: flag('KVM emulates the MSR.'),
  number: word32('MSR number.'),
  value: word64('Its value.'),
});
export type MsrRow = ReturnType<typeof msrGroup.create>;

/** PAT after a reset: MSR_IA32_CR_PAT_DEFAULT. */
export const PAT_AT_RESET = 0x0007_0406_0007_0406n;
/** APIC_DEFAULT_PHYS_BASE. */
const APIC_BASE_AT_RESET = 0xfee0_0000n;
const APIC_BSP = 1n << 8n;
/** Bits of IA32_APICBASE. */
export const X2APIC_ENABLE = 1n << 10n;
export const APIC_ENABLE = 1n << 11n;

/** IA32_APICBASE of a vCPU after a reset (kvm_lapic_reset): enabled, in xAPIC mode; vCPU 0 is the boot processor. */
export const apicBaseAtReset = (index: number): bigint =>
  APIC_BASE_AT_RESET | APIC_ENABLE | (index === 0 ? APIC_BSP : 0n);
