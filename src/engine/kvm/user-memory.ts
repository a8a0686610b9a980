/** Buffers of userspace that the launch reads: one page of source for every guest frame, known by its first 8 bytes. */
import { userBits } from '../memory/page-bits';
import type { World } from '../world';

/** Where the buffers begin in userspace. */
export const USER_BUFFERS = 0x1000_0000n;

/** The number of the buffer page that an address lies in, or undefined outside all buffers. */
export function userPageOf(world: World, address: bigint): number | undefined {
  if (address < USER_BUFFERS) return undefined;
  const page = Number((address - USER_BUFFERS) >> 12n);
  return page < world.pages.user.pageCount ? page : undefined;
}

export function userReadable(world: World, address: bigint): boolean {
  const page = userPageOf(world, address);
  return page !== undefined && (world.pages.user.get(page) & userBits.unmapped) === 0;
}

export function userWritable(world: World, address: bigint): boolean {
  const page = userPageOf(world, address);
  return page !== undefined && (world.pages.user.get(page) & (userBits.unmapped | userBits.readOnly)) === 0;
}

/** Whether a whole range can be read. */
export function rangeReadable(world: World, address: bigint, length: number): boolean {
  const last = address + BigInt(length - 1);
  for (let at = address; at >> 12n <= last >> 12n; at += 0x1000n) {
    if (!userReadable(world, at)) return false;
  }
  return true;
}

/** The first eight bytes of a buffer page. */
export function userContent(world: World, page: number): bigint {
  const low = BigInt(world.pages.userLow.get(page) >>> 0);
  return low | (BigInt(world.pages.userHigh.get(page) >>> 0) << 32n);
}

export function setUserContent(world: World, page: number, content: bigint): void {
  world.pages.userLow.set(page, Number(content & 0xffffffffn) | 0);
  world.pages.userHigh.set(page, Number(content >> 32n) | 0);
}

/** Eight bytes at any address: behind its first eight bytes a page is zero. */
export function readUser64(world: World, address: bigint): bigint {
  const page = userPageOf(world, address);
  if (page === undefined) return 0n;
  const offset = Number(address & 0xfffn);
  if (offset < 8) return userContent(world, page) >> BigInt(8 * offset);
  const beyond = offset + 8 - 0x1000;
  if (beyond <= 0 || page + 1 >= world.pages.user.pageCount) return 0n;
  const bytesFromNext = userContent(world, page + 1) & ((1n << BigInt(8 * beyond)) - 1n);
  return bytesFromNext << BigInt(8 * (8 - beyond));
}
