/** Memory of userspace that the launch reads: a page of source buffer for every guest frame, and the guest's own memory. */
import {
  bytesToPages,
  PAGE_BYTES,
  PAGE_SIZE,
  pageOffset,
  pageStart,
  pagesToBytes,
} from '../../../abi/address';
import { userBits } from '../../memory/page-bits';
import type { World } from '../../world';
import { slotOf } from '../../frames/slots';

/** Where the buffers begin in userspace. */
export const USER_BUFFERS = 0x1000_0000n;
/** Where the VMM maps the memory of its guest: the shared side of frame n lies n pages behind this address. */
export const GUEST_MAPPING = 0x7f00_0000_0000n;

/** Where addresses of userspace end, without five-level paging. */
export const USER_END = 1n << 47n;

/** The user address of a guest frame. */
export const uaddrOfGfn = (gfn: number): bigint => GUEST_MAPPING + pagesToBytes(gfn);

/** The guest frame that a user address stands for, or undefined when no memory slot covers it. */
export function gfnOfUaddr(world: World, address: bigint): number | undefined {
  if (address < GUEST_MAPPING) return undefined;
  const gfn = bytesToPages(address - GUEST_MAPPING);
  return slotOf(world, gfn) ? gfn : undefined;
}

/** The number of the buffer page that an address lies in, or undefined outside all buffers. */
export function userPageOf(world: World, address: bigint): number | undefined {
  if (address < USER_BUFFERS) return undefined;
  const page = bytesToPages(address - USER_BUFFERS);
  return page < world.pages.user.pageCount ? page : undefined;
}

function accessible(world: World, address: bigint, forbidden: number): boolean {
  if (gfnOfUaddr(world, address) !== undefined) return true;
  const page = userPageOf(world, address);
  return page !== undefined && (world.pages.user.get(page) & forbidden) === 0;
}

export const userReadable = (world: World, address: bigint): boolean =>
  accessible(world, address, userBits.unmapped);

export const userWritable = (world: World, address: bigint): boolean =>
  accessible(world, address, userBits.unmapped | userBits.readOnly);

/** Whether a whole range can be read. */
export function rangeReadable(world: World, address: bigint, length: number): boolean {
  const last = address + BigInt(length - 1);
  for (let at = address; pageStart(at) <= pageStart(last); at += PAGE_BYTES) {
    if (!userReadable(world, at)) return false;
  }
  return true;
}

const join = (low: number, high: number): bigint => BigInt(low >>> 0) | (BigInt(high >>> 0) << 32n);
const lowOf = (content: bigint): number => Number(content & 0xffffffffn) | 0;
const highOf = (content: bigint): number => Number(content >> 32n) | 0;

/** The first eight bytes of a buffer page. */
export const userContent = (world: World, page: number): bigint =>
  join(world.pages.userLow.get(page), world.pages.userHigh.get(page));

export function setUserContent(world: World, page: number, content: bigint): void {
  world.pages.userLow.set(page, lowOf(content));
  world.pages.userHigh.set(page, highOf(content));
}

/** The first eight bytes of the shared side of a guest frame. */
export const sharedContent = (world: World, gfn: number): bigint =>
  join(world.pages.sharedLow.get(gfn), world.pages.sharedHigh.get(gfn));

export function setSharedContent(world: World, gfn: number, content: bigint): void {
  world.pages.sharedLow.set(gfn, lowOf(content));
  world.pages.sharedHigh.set(gfn, highOf(content));
}

/** The first eight bytes of the page that an address lies in; undefined outside all memory. */
function pageContent(world: World, address: bigint): bigint {
  const gfn = gfnOfUaddr(world, address);
  if (gfn !== undefined) return sharedContent(world, gfn);
  const page = userPageOf(world, address);
  return page === undefined ? 0n : userContent(world, page);
}

/** Writes the first eight bytes of the page that an address lies in. */
function setPageContent(world: World, address: bigint, content: bigint): void {
  const gfn = gfnOfUaddr(world, address);
  const page = userPageOf(world, address);
  if (gfn !== undefined) setSharedContent(world, gfn, content);
  else if (page !== undefined) setUserContent(world, page, content);
}

/** Writes the same first eight bytes into each page of a range, as far as there is memory. */
export function fillPages(world: World, address: bigint, pages: number, content: bigint): void {
  const { sharedLow, sharedHigh, userLow, userHigh } = world.pages;
  const gfn = gfnOfUaddr(world, address);
  const first = gfn ?? userPageOf(world, address);
  if (first === undefined) return;
  const [low, high] = gfn === undefined ? [userLow, userHigh] : [sharedLow, sharedHigh];
  const count = Math.min(pages, low.pageCount - first);
  low.setRun(first, count, lowOf(content));
  high.setRun(first, count, highOf(content));
}

/** Eight bytes at any address: behind its first eight bytes a page is zero. */
export function readUser64(world: World, address: bigint): bigint {
  const offset = pageOffset(address);
  if (offset < 8) return pageContent(world, address) >> BigInt(8 * offset);
  const beyond = offset + 8 - 0x1000;
  if (beyond <= 0) return 0n;
  const bytesFromNext = pageContent(world, address + 0x1000n) & ((1n << BigInt(8 * beyond)) - 1n);
  return bytesFromNext << BigInt(8 * (8 - beyond));
}

/**
 * Writes eight bytes at any address, as far as userspace may: what would stand behind the first eight bytes of a page
 * is not kept.
 */
export function writeUser64(world: World, address: bigint, content: bigint): void {
  if (!userWritable(world, address)) return;
  const offset = pageOffset(address);
  if (offset < 8) {
    const before = BigInt.asUintN(8 * offset, pageContent(world, address));
    const written = BigInt.asUintN(64, content << BigInt(8 * offset));
    setPageContent(world, address, written | before);
  }
  const beyond = offset + 8 - PAGE_SIZE;
  const next = address + PAGE_BYTES;
  if (beyond <= 0 || !userWritable(world, next)) return;
  const behind = (pageContent(world, next) >> BigInt(8 * beyond)) << BigInt(8 * beyond);
  setPageContent(world, next, behind | (content >> BigInt(8 * (8 - beyond))));
}

/** KVM_MEMORY_ENCRYPT_REG_REGION. @returns whether there was room for one more */
export function registerRegion(world: World, uaddr: bigint, bytes: bigint): boolean {
  const free = world.regions.find(({ used }) => !used);
  if (!free) return false;
  free.used = true;
  free.uaddr = uaddr;
  free.bytes = bytes;
  return true;
}

/** Removes all regions, at the end of the VM. */
export function dropRegions(world: World): void {
  for (const region of world.regions) {
    region.used = false;
    region.uaddr = 0n;
    region.bytes = 0n;
  }
}

/** is_hva_registered: one registered region, of a slot or separate, contains the whole range. */
export function isHvaRegistered(world: World, uaddr: bigint, bytes: bigint): boolean {
  const slots = world.slots
    .filter(({ used, registered }) => used && registered)
    .map((slot) => ({ uaddr: uaddrOfGfn(slot.firstGfn), bytes: pagesToBytes(slot.pages) }));
  const regions = [...slots, ...world.regions.filter(({ used }) => used)];
  return regions.some((region) => region.uaddr <= uaddr && region.uaddr + region.bytes >= uaddr + bytes);
}
