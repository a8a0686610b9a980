/**
 * A CPUID page as modelled: its first eight bytes. The count of entries is the first 32-bit word; byte 7 stands for
 * "some entry claims a feature that this CPU lacks", and the firmware corrects such an entry. From 0xc0 to 0xc7 it says
 * which: bits 1:0 are the register, bit 2 the extended range, and bytes 4 and 5 the low half of the leaf.
 */
import { SNP_CPUID_COUNT_MAX } from '../../abi/cpuid-page';
import type { CpuidVerdict } from './commands';

const WRONG_ENTRY = 0xff00_0000_0000_0000n;
const BYTE_6 = 0x00ff_0000_0000_0000n;
/** The value that the firmware stores where it corrected an entry. */
const CORRECTED = 0x00fc_0000_0000_0000n;

export function cpuidVerdict(content: bigint): CpuidVerdict {
  if (Number(content & 0xffff_ffffn) > SNP_CPUID_COUNT_MAX) return 'malformed';
  return (content & WRONG_ENTRY) === 0n ? 'legal' : 'corrected';
}

/** The page after the firmware refused it and wrote its corrections. */
export const correctedCpuid = (content: bigint): bigint => (content & ~(WRONG_ENTRY | BYTE_6)) | CORRECTED;

/** Registers of a CPUID leaf, by the number that a request for one has. */
export const cpuidRegisters = ['eax', 'ebx', 'ecx', 'edx'] as const;
export type CpuidRegister = (typeof cpuidRegisters)[number];

const NAMED = 0xc0n;
const EXTENDED = 4n;
const EXTENDED_RANGE = 0x8000_0000;

/** The first eight bytes of a page of one entry, of which the firmware refuses a register. */
export function wrongCpuid(leaf: number, register: CpuidRegister): bigint {
  const isExtended = leaf >= EXTENDED_RANGE;
  const named = NAMED | (isExtended ? EXTENDED : 0n) | BigInt(cpuidRegisters.indexOf(register));
  return (named << 56n) | (BigInt(leaf & 0xffff) << 32n) | 1n;
}

/** The leaf and the register that the firmware refuses, where the page says which. */
export function refusedLeaf(content: bigint): { leaf: number; register: CpuidRegister } | undefined {
  const byte = content >> 56n;
  const register = cpuidRegisters[Number(byte & 3n)];
  if ((byte & 0xf8n) !== NAMED || register === undefined) return undefined;
  const low = Number((content >> 32n) & 0xffffn);
  return { leaf: (byte & EXTENDED) === 0n ? low : EXTENDED_RANGE + low, register };
}
