/** Which guest frames a step touched, whichever field of the page store it wrote. */
import type { PageFieldName } from '../engine/memory/page-bits';
import type { World } from '../engine/world';
import type { Change } from '../recording/timeline/timeline';
import type { FrameRange } from './page-grid';

const byGfn: ReadonlySet<PageFieldName> = new Set(['gfn', 'sharedLow', 'sharedHigh']);

/** Whether a field is counted by guest frame; the others are taken by host page. */
export const isByGfn = (name: PageFieldName): boolean => byGfn.has(name);

/** The frames whose private pages lie in a range of pages. */
export function framesOf(world: World, first: number, count: number): FrameRange[] {
  return world.slots.flatMap((slot) => {
    if (!slot.used || (slot.backing !== 'guestMemfd' && slot.backing !== 'userPages')) return [];
    const from = Math.max(first, slot.firstGmemPage);
    const to = Math.min(first + count, slot.firstGmemPage + slot.pages);
    return to > from ? [{ first: slot.firstGfn + from - slot.firstGmemPage, count: to - from }] : [];
  });
}

/** Ranges in order; those that touch are one. */
export function mergeRanges(ranges: readonly FrameRange[]): FrameRange[] {
  const merged: { first: number; count: number }[] = [];
  for (const { first, count } of [...ranges].sort((a, b) => a.first - b.first)) {
    const last = merged.at(-1);
    if (last && first <= last.first + last.count)
      last.count = Math.max(last.count, first + count - last.first);
    else merged.push({ first, count });
  }
  return merged;
}

/** The frames that a step's changes touch. */
export function changedFrames(world: World, changes: readonly Change[]): FrameRange[] {
  return mergeRanges(
    changes.flatMap((change) => {
      if (change.kind !== 'pages') return [];
      const { field, first, count } = change;
      return byGfn.has(field) ? [{ first, count }] : framesOf(world, first, count);
    }),
  );
}
