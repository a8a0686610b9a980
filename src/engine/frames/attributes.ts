/** KVM's bits for each guest frame: the private attribute and the mappings. */
import { gfnBits } from '../memory/page-bits';
import type { World } from '../world';

/** The bits of a frame: none where the store keeps no facts, which is behind the last memory that a slot can have. */
export const bitsOfGfn = (world: World, gfn: number): number =>
  world.pages.gfn.has(gfn) ? world.pages.gfn.get(gfn) : 0;

/** Whether userspace declared a frame private. */
export const isPrivate = (world: World, gfn: number): boolean =>
  (bitsOfGfn(world, gfn) & gfnBits.attributePrivate) !== 0;

/** Entries of memory slots; one for MMIO is not removed with them. */
const MAPPED = gfnBits.mappedPrivate | gfnBits.mappedShared;

const mappings = {
  private: gfnBits.mappedPrivate,
  shared: gfnBits.mappedShared,
  mmio: gfnBits.mappedMmio,
} as const;

/** Puts a frame into the nested page table, whatever stood there before. */
export function mapGfn(world: World, gfn: number, to: keyof typeof mappings): void {
  const bit = mappings[to];
  changeGfns(world, gfn, 1, bit, (MAPPED | gfnBits.mappedMmio) & ~bit);
}

/** Whether the nested page table maps a frame, as a private page or as a shared one. */
export const isMappedAs = (world: World, gfn: number, asPrivate: boolean): boolean =>
  (bitsOfGfn(world, gfn) & mappings[asPrivate ? 'private' : 'shared']) !== 0;

/** Removes a range from the nested page table. */
export function zapGfns(world: World, first: number, count: number): void {
  changeGfns(world, first, count, 0, MAPPED);
}

/** Sets and clears bits of a run of frames, run by run of equal values. */
export function changeGfns(world: World, first: number, count: number, set: number, clear: number): void {
  const { gfn } = world.pages;
  const end = Math.min(first + count, gfn.pageCount);
  let at = first;
  while (at < end) {
    const length = gfn.runLength(at, end - at);
    gfn.setRun(at, length, (gfn.get(at) & ~clear) | set);
    at += length;
  }
}
