/**
 * A CPUID page as modelled: its first eight bytes. The count of entries is the first 32-bit word; byte 7 stands for
 * "some entry claims a feature that this CPU lacks", and the firmware corrects such an entry.
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
