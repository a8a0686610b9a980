/** KVM_SET_MEMORY_ATTRIBUTES: what userspace declares private. The RMP is not touched. */
import { errno } from '../../../abi/errno';
import { gfnBits } from '../../memory/page-bits';
import type { World } from '../../world';
import { changeGfns, isPrivate, zapGfns } from '../../frames/attributes';

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
