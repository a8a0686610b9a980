/** KVM's access to guest memory: always through the shared backing that userspace mapped. */
import { gpaToGfn, PAGE_SIZE, pageOffset } from '../../../abi/address';
import type { World } from '../../world';
import { slotOf } from '../../frames/slots';

/** One piece of a range that lies in one page. */
interface Piece {
  readonly gfn: number;
  readonly at: number;
  /** Offset from the start of the range. */
  readonly from: number;
  readonly bytes: number;
}

function* piecesOf(gpa: bigint, length: number): Generator<Piece> {
  for (let from = 0; from < length;) {
    const place = gpa + BigInt(from);
    const at = pageOffset(place);
    const bytes = Math.min(length - from, PAGE_SIZE - at);
    yield { gfn: gpaToGfn(place), at, from, bytes };
    from += bytes;
  }
}

function reachable(world: World, gpa: bigint, length: number): boolean {
  for (const { gfn } of piecesOf(gpa, length)) if (!slotOf(world, gfn)) return false;
  return true;
}

/** kvm_read_guest. @returns undefined when a page of the range has no memory slot */
export function kvmReadGuest(world: World, gpa: bigint, length: number): Uint8Array | undefined {
  if (!reachable(world, gpa, length)) return undefined;
  const bytes = new Uint8Array(length);
  for (const piece of piecesOf(gpa, length)) {
    const page = world.findImage('shared', piece.gfn);
    if (page) bytes.set(page.toBytes(piece.at, piece.bytes), piece.from);
  }
  return bytes;
}

/** kvm_write_guest: page by page, up to the first that has no memory slot. @returns whether all was written */
export function kvmWriteGuest(world: World, gpa: bigint, bytes: Uint8Array): boolean {
  for (const { gfn, at, from, bytes: count } of piecesOf(gpa, bytes.length)) {
    if (!slotOf(world, gfn)) return false;
    const part = bytes.subarray(from, from + count);
    // Memory without an image is zero: writing zeros needs no image.
    const page = part.some((byte) => byte !== 0)
      ? world.image('shared', gfn)
      : world.findImage('shared', gfn);
    part.forEach((byte, i) => page?.setU8(at + i, byte));
  }
  return true;
}

/** kvm_clear_guest. */
export function kvmClearGuest(world: World, gpa: bigint, length: number): boolean {
  return kvmWriteGuest(world, gpa, new Uint8Array(length));
}
