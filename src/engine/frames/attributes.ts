/** KVM's bits for each guest frame: the private attribute and the mappings. */
import { gfnBits } from '../memory/page-bits';
import type { World } from '../world';

/** Whether userspace declared a frame private. */
export const isPrivate = (world: World, gfn: number): boolean =>
  (world.pages.gfn.get(gfn) & gfnBits.attributePrivate) !== 0;

const MAPPED = gfnBits.mappedPrivate | gfnBits.mappedShared;

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
