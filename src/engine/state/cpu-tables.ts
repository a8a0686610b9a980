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
