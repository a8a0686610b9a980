/** KVM_SET_MEMORY_ATTRIBUTES: what userspace declares private. The RMP is not touched. */
import { errno } from '../../../abi/errno';
import { gfnBits } from '../../memory/page-bits';
import type { World } from '../../world';

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

/** Whether every frame of a range has the attribute already. */
function allHave(world: World, first: number, count: number, wanted: boolean): boolean {
  const { gfn } = world.pages;
  let at = first;
  while (at < first + count) {
    if (isPrivate(world, at) !== wanted) return false;
    at += gfn.runLength(at, first + count - at);
  }
  return true;
}

/** @returns 0 or a negative errno */
export function setMemoryAttributes(world: World, first: number, count: number, wanted: boolean): number {
  if (count <= 0) return -errno.EINVAL;
  if (allHave(world, first, count, wanted)) return 0;
  zapGfns(world, first, count);
  const bit = gfnBits.attributePrivate;
  changeGfns(world, first, count, wanted ? bit : 0, wanted ? 0 : bit);
  return 0;
}
