/**
 * The key under which the bytes of a host page were written: none, or that of a guest, by its ASID. Who reads with another
 * key gets noise (Documentation/arch/x86/amd-memory-encryption.rst: the C-bit makes an access decrypt with the key of the guest).
 * Ciphertext depends on the place too: at another address the same bytes are noise (Documentation/virt/kvm/api.rst,
 * KVM_MEMORY_ENCRYPT_REG_REGION: the encryption has a tweak). `contentHome` is the way from a page to where its bytes were encrypted.
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
  /** Under no key or another one, or encrypted at another place. */
  | 'other';

/** The key of a page, as the guest of this VM finds it. Without SNP the model knows no keys. */
export function keyState(world: World, pfn: number): KeyState {
  if (world.vm.type !== 'snp') return 'own';
  const word = world.pages.contentKey.get(pfn);
  if ((word & ASID) === 0 || (word & ASID) !== world.vm.asid) return 'other';
  if (world.pages.contentHome.get(pfn) !== 0) return 'other';
  if (word & zeroed) return 'ownZero';
  return word & firstBytesOnly ? 'ownFirstBytes' : 'own';
}

/** Who can read the bytes of a page, from its words in the fields `contentKey` and `contentHome`. */
export function keyText(word: number, home: number): string {
  const asid = word & ASID;
  if (asid === 0) return 'no key: noise for the guest';
  if (home !== 0)
    return `the key of ASID ${asid}, at another page: noise for the guest, ciphertext for the host`;
  return `the key of ASID ${asid}${word & firstBytesOnly ? ', eight bytes' : ''}: ciphertext for the host`;
}

/** The whole page is now under the key of the guest. */
export function encryptPage(world: World, pfn: number, cleared = false): void {
  setKey(world, pfn, world.vm.asid | (cleared ? zeroed : 0));
}

function setKey({ pages }: World, pfn: number, word: number): void {
  pages.contentKey.set(pfn, word);
  pages.contentHome.set(pfn, 0);
}

/** The host wrote the page, without a key. */
export const writtenByHost = (world: World, pfn: number): void => setKey(world, pfn, 0);

/** The host copied bytes from one page to another as it finds them: what was ciphertext stays that of its place. */
export function copyBytes({ pages }: World, from: number, to: number): void {
  for (const field of [pages.contentLow, pages.contentHigh, pages.contentKey]) field.set(to, field.get(from));
  const isCiphertext = (pages.contentKey.get(from) & ASID) !== 0;
  pages.contentHome.set(to, isCiphertext ? from + pages.contentHome.get(from) - to : 0);
}

/** The guest wrote the first eight bytes with its key: what is behind them stays what it was. */
export function encryptFirstBytes(world: World, pfn: number): void {
  const before = keyState(world, pfn);
  if (world.vm.type !== 'snp' || before === 'own') return;
  setKey(world, pfn, world.vm.asid | (before === 'ownZero' ? 0 : firstBytesOnly));
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
