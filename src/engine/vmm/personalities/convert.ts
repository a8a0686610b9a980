/** Conversion of a range of guest memory by a VMM: the attribute first, then the side that is no longer in use. */
import { errno, errnoText } from '../../../abi/errno';
import { gfnToGpa, gpaToGfn, isPageAligned } from '../../../abi/address';
import type { Outcome } from '../../acts';
import { memoryHandlers } from '../memory';
import type { Slot } from '../../state/vm';
import type { World } from '../../world';
import { callToHandleExit } from '../waiting';

/** A range to convert, requested by the guest or by a memory fault. */
export interface Conversion {
  readonly gpa: bigint;
  readonly pages: bigint;
  readonly toPrivate: boolean;
}

/** Why it failed; undefined on success and when there was nothing to do. */
export type ConversionResult = { readonly failed: string } | undefined;

/** Frames. */
interface Range {
  readonly gfn: number;
  readonly n: number;
}

const MAX_PAGES = 1n << 40n;

function slotAt(world: World, gfn: number): Slot | undefined {
  return world.slots.find((slot) => slot.used && gfn >= slot.firstGfn && gfn < slot.firstGfn + slot.pages);
}

/** Result of an ioctl that is part of handling an exit. */
const resultOf = (world: World, outcome: Outcome): number => (outcome ? -errno.EINVAL : world.vm.ioctlRet);

function setAttributes(world: World, index: number, range: Range, toPrivate: boolean): ConversionResult {
  const args = { ...range, private: toPrivate };
  const act = { actor: 'vmm', verb: 'set-attributes', args } as const;
  const set = (): Outcome => memoryHandlers['set-attributes'](world, args);
  const result = resultOf(world, callToHandleExit(world, index, act, set));
  return result === 0 ? undefined : { failed: `KVM_SET_MEMORY_ATTRIBUTES = ${errnoText(result)}` };
}

function punch(world: World, index: number, range: Range): ConversionResult {
  const act = { actor: 'vmm', verb: 'punch-hole', args: range } as const;
  const punched = callToHandleExit(world, index, act, () => memoryHandlers['punch-hole'](world, range));
  const result = resultOf(world, punched);
  return result === 0 ? undefined : { failed: `fallocate = ${errnoText(result)}` };
}

function say(world: World, index: number, conversion: Conversion): void {
  const { gpa, pages, toPrivate } = conversion;
  world.move('vmmConverts', index, { gpa, pages: Number(pages), state: toPrivate ? 'private' : 'shared' });
}

/** @returns the frame and page count when both are sane, else why they are refused with -EINVAL */
function checked({ gpa, pages }: Conversion): Range | string {
  if (!isPageAligned(gpa)) return 'the address is not page aligned';
  if (pages === 0n) return 'the range is empty';
  if (pages > MAX_PAGES || gpaToGfn(gpa) > MAX_PAGES) return 'the range is outside guest memory';
  return { gfn: gpaToGfn(gpa), n: Number(pages) };
}

/**
 * kvm_convert_memory of QEMU: the attribute first, over the whole range, then the discard of the other side within the
 * memory region of its start. A range that runs out of that region fails there, with the attribute changed already.
 */
export function qemuConvert(world: World, index: number, conversion: Conversion): ConversionResult {
  const { toPrivate } = conversion;
  say(world, index, conversion);
  const range = checked(conversion);
  if (typeof range === 'string') return { failed: range };
  const slot = slotAt(world, range.gfn);
  if (!slot || slot.backing === 'none') {
    if (toPrivate) return { failed: slot ? 'the region has no guest_memfd' : 'no memory region there' };
    if (slot) return { failed: 'the region has no guest_memfd' };
    world.move('vmmLeavesAlone', index, { why: 'no memory region, made shared' }, 'QemuIgnoresMmio');
    return undefined;
  }
  const failed = setAttributes(world, index, range, toPrivate);
  if (failed) return failed;
  if (range.gfn + range.n > slot.firstGfn + slot.pages) {
    return { failed: 'the range runs out of its memory region, after its attribute was set' };
  }
  if (toPrivate) {
    discardShared(world, index, range);
    return undefined;
  }
  return punch(world, index, range);
}

/** Discards the userspace pages of a range that is private now; they read as zeros when they are used again. */
function discardShared(world: World, index: number, { gfn, n }: Range): void {
  const count = Math.max(0, Math.min(n, world.config.gfnCount - gfn));
  if (count === 0) return;
  world.pages.sharedLow.setRun(gfn, count, 0);
  world.pages.sharedHigh.setRun(gfn, count, 0);
  for (const image of world.pageImages) {
    const inside = image.frame >= gfn && image.frame < gfn + count;
    if (image.used && image.side === 'shared' && inside) world.bytesOf(image).clear();
  }
  world.move('vmmDiscards', index, { gpa: gfnToGpa(gfn), pages: n });
}

/** cloud-hypervisor: the attribute, and the hole when made shared; a failing hole is only logged. */
export function cloudHypervisorConvert(
  world: World,
  index: number,
  conversion: Conversion,
): ConversionResult {
  say(world, index, conversion);
  const range = checked(conversion);
  if (typeof range === 'string') return { failed: range };
  const { toPrivate } = conversion;
  const failed = setAttributes(world, index, range, toPrivate);
  if (failed) return failed;
  if (!toPrivate && slotAt(world, range.gfn)) punch(world, index, range);
  return undefined;
}

/** Sets the attribute alone, after a memory fault. */
export function attributeOnly(world: World, index: number, conversion: Conversion): ConversionResult {
  say(world, index, conversion);
  const range = checked(conversion);
  if (typeof range === 'string') return { failed: range };
  return setAttributes(world, index, range, conversion.toPrivate);
}
