/** The CPUID page: leaves a VMM proposes at launch and firmware checks. */
import { struct } from './layout';
import { source } from './source';

const linux = source.kernel('7.2.13', 'arch/x86/include/asm/sev.h', 'SNP CPUID table');

/** The most entries firmware accepts; a larger count is INVALID_PARAM with the page left as it was. */
export const SNP_CPUID_COUNT_MAX = 64;
export const SNP_CPUID_HEADER_SIZE = 16;
export const SNP_CPUID_ENTRY_SIZE = 48;

export const cpuidTableHeader = struct('SNP CPUID table header', linux, SNP_CPUID_HEADER_SIZE, {
  count: { at: 0, size: 4, as: 'dec', doc: 'Number of entries that follow' },
  reserved4: { at: 4, size: 4, reserved: true, doc: 'Reserved' },
  reserved8: { at: 8, size: 8, reserved: true, doc: 'Reserved' },
});

export const cpuidTableEntry = struct('SNP CPUID table entry', linux, SNP_CPUID_ENTRY_SIZE, {
  eaxIn: { at: 0, size: 4, as: 'hex', doc: 'Function' },
  ecxIn: { at: 4, size: 4, as: 'hex', doc: 'Sub-leaf' },
  xcr0In: { at: 8, size: 8, doc: 'XCR0 the answer is for' },
  xssIn: { at: 16, size: 8, doc: 'XSS the answer is for' },
  eax: { at: 24, size: 4, as: 'hex', doc: 'EAX' },
  ebx: { at: 28, size: 4, as: 'hex', doc: 'EBX' },
  ecx: { at: 32, size: 4, as: 'hex', doc: 'ECX' },
  edx: { at: 36, size: 4, as: 'hex', doc: 'EDX' },
  reserved: { at: 40, size: 8, reserved: true, doc: 'Reserved' },
});

/** Bytes from the start of the page to entry `index`. */
export const cpuidEntryOffset = (index: number): number =>
  SNP_CPUID_HEADER_SIZE + index * SNP_CPUID_ENTRY_SIZE;
