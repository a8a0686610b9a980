/**
 * The key under which the bytes of a host page were written: none, or that of a guest, by its ASID. Who reads with another
 * key gets noise (Documentation/arch/x86/amd-memory-encryption.rst: the C-bit makes an access decrypt with the key of the guest).
 */
import { contentKeyBits } from '../memory/page-bits';
import type { World } from '../world';

const { asid: ASID, firstBytesOnly, zeroed } = contentKeyBits;

/** How a guest that reads with its key finds a page. */
export type KeyState =
  /** Under its key, all of it. */
  | 'own'
  /** Under its key, all zero: the firmware cleared the page as it encrypted it. */
  | 'ownZero'
  /** The first eight bytes alone are under its key. */
  | 'ownFirstBytes'
  /** Under no key, or another one. */
  | 'other';

/** The key of a page, as the guest of this VM finds it. Without SNP the model knows no keys. */
export function keyState(world: World, pfn: number): KeyState {
  if (world.vm.type !== 'snp') return 'own';
  const word = world.pages.contentKey.get(pfn);
  if ((word & ASID) === 0 || (word & ASID) !== world.vm.asid) return 'other';
  if (word & zeroed) return 'ownZero';
  return word & firstBytesOnly ? 'ownFirstBytes' : 'own';
}

/** Who can read the bytes of a page, from its word in the field `contentKey`. */
export function keyText(word: number): string {
  const asid = word & ASID;
  if (asid === 0) return 'no key: noise for the guest';
  return `the key of ASID ${asid}${word & firstBytesOnly ? ', eight bytes' : ''}: ciphertext for the host`;
}

/** The whole page is now under the key of the guest. */
export function encryptPage(world: World, pfn: number, cleared = false): void {
  world.pages.contentKey.set(pfn, world.vm.asid | (cleared ? zeroed : 0));
}

/** The guest wrote the first eight bytes with its key: what is behind them stays what it was. */
export function encryptFirstBytes(world: World, pfn: number): void {
  const before = keyState(world, pfn);
  if (world.vm.type !== 'snp' || before === 'own') return;
  world.pages.contentKey.set(pfn, world.vm.asid | (before === 'ownZero' ? 0 : firstBytesOnly));
}

/** Eight bytes of noise: always the same for the same page, place, bytes and key, and without any meaning. */
export function noise(world: World, pfn: number, offset: number): bigint {
  const { contentLow, contentHigh } = world.pages;
  let h = BigInt(pfn) * 0x9e3779b97f4a7c15n + BigInt(offset) * 0xbf58476d1ce4e5b9n + BigInt(world.vm.asid);
  h ^= BigInt(contentLow.get(pfn) >>> 0) | (BigInt(contentHigh.get(pfn) >>> 0) << 32n);
  for (const factor of [0xbf58476d1ce4e5b9n, 0x94d049bb133111ebn]) {
    h = BigInt.asUintN(64, h);
    h = BigInt.asUintN(64, (h ^ (h >> 30n)) * factor);
  }
  return h ^ (h >> 31n);
}
