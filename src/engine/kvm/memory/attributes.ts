/** KVM_SET_MEMORY_ATTRIBUTES: what userspace declares private. The RMP is not touched. */
import { errno } from '../../../abi/errno';
import { gfnBits } from '../../memory/page-bits';
import type { Slot } from '../../state/vm';
import type { World } from '../../world';
import { changeGfns, isPrivate, zapGfns } from '../../frames/attributes';

/** Whether every frame of a range has the attribute already. */
function allHave(world: World, first: number, count: number, wanted: boolean): boolean {
  const { gfn } = world.pages;
  const end = first + count;
  for (let at = first; at < Math.min(end, gfn.pageCount); at += gfn.runLength(at, end - at)) {
    if (isPrivate(world, at) !== wanted) return false;
  }
  return end <= gfn.pageCount || allFarHave(world, Math.max(first, gfn.pageCount), end, wanted);
}

/** The same of frames behind the page store. */
function allFarHave(world: World, first: number, end: number, wanted: boolean): boolean {
  let covered = 0;
  for (const { first: from, count, bits } of world.farFrames) {
    const frames = Math.min(from + count, end) - Math.max(from, first);
    if (frames > 0 && (bits & gfnBits.attributePrivate) !== 0) covered += frames;
  }
  return wanted ? covered === end - first : covered === 0;
}

const rangesMeet = (slot: Slot, first: number, count: number): boolean =>
  slot.firstGfn < first + count && first < slot.firstGfn + slot.pages;

/** @returns 0 or a negative errno */
export function setMemoryAttributes(world: World, first: number, count: number, wanted: boolean): number {
  if (count <= 0) return -errno.EINVAL;
  if (allHave(world, first, count, wanted)) return 0;
  zapGfns(world, first, count);
  if (world.slots.some((slot) => slot.used && rangesMeet(slot, first, count))) world.invalidations += 1;
  const bit = gfnBits.attributePrivate;
  changeGfns(world, first, count, wanted ? bit : 0, wanted ? 0 : bit);
  return 0;
}
