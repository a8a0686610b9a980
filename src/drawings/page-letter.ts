/** The one letter that stands for the state of a page, wherever there is room for one letter only. */
import { rmpBits, RMP_ASID_MASK, RMP_ASID_SHIFT } from '../engine/memory/page-bits';

export type PageLetter = 'S' | 'i' | 'v' | 'M' | 'F';

/** Name of the colour tokens of a letter: `--page-valid`, `--page-valid-ink`. */
export const pageLetterToken: Record<PageLetter, string> = {
  S: 'shared',
  i: 'invalid',
  v: 'valid',
  M: 'vmsa',
  F: 'firmware',
};

/** What an RMP entry says. */
export function letterOfRmp(entry: number): PageLetter {
  if ((entry & rmpBits.assigned) === 0) return entry & rmpBits.immutable ? 'F' : 'S';
  const asid = (entry >>> RMP_ASID_SHIFT) & RMP_ASID_MASK;
  if (asid === 0 || entry & rmpBits.immutable) return 'F';
  if ((entry & rmpBits.validated) === 0) return 'i';
  return entry & rmpBits.vmsa ? 'M' : 'v';
}
