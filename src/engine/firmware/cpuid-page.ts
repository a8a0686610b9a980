/**
 * A CPUID page, as far as the model knows it: its first eight bytes. The count of entries is the first 32-bit word; byte
 * 7 stands for "some entry claims more than this CPU has", and the firmware takes such a claim back.
 */
import { SNP_CPUID_COUNT_MAX } from '../../abi/cpuid-page';
import type { CpuidVerdict } from './commands';

const WRONG_ENTRY = 0xff00_0000_0000_0000n;
const BYTE_6 = 0x00ff_0000_0000_0000n;
/** What the firmware leaves where it corrected an entry. */
const CORRECTED = 0x00fc_0000_0000_0000n;

export function cpuidVerdict(content: bigint): CpuidVerdict {
  if (Number(content & 0xffff_ffffn) > SNP_CPUID_COUNT_MAX) return 'malformed';
  return (content & WRONG_ENTRY) === 0n ? 'legal' : 'corrected';
}

/** The page as the firmware leaves it after a refusal with corrections. */
export const correctedCpuid = (content: bigint): bigint => (content & ~(WRONG_ENTRY | BYTE_6)) | CORRECTED;
