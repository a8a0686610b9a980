/** What a page is, in a few lines, for whoever points at it. */
import { gfnToGpa } from '../abi/address';
import { hex } from '../base/hex';
import { pageFieldNames } from '../engine/memory/page-bits';
import { backingOf, pageBands } from '../engine/page-class';
import type { World } from '../engine/world';
import type { Timeline } from '../recording/timeline/timeline';
import { isByGfn } from './page-changes';
import { pageLooks } from './page-look';

export interface PageTold {
  readonly gfn: number;
  readonly lines: readonly string[];
}

/** @param since how many steps had been made when it became so; undefined when that is further back than was looked */
export function tellPage(world: World, gfn: number, since: number | undefined): PageTold {
  const { pfn } = backingOf(world, gfn);
  const bands = pageBands(world, gfn);
  const [guest, rmp, kvm] = [bands.guest, bands.rmp, bands.kvm].map((name) => pageLooks[name].title);
  const when =
    since === undefined
      ? `since long ago, before the last ${STEPS_BACK} steps`
      : since === 0
        ? 'since before step 1'
        : `since step ${since}`;
  return {
    gfn,
    lines: [
      `gpa ${hex(gfnToGpa(gfn))}, gfn ${hex(gfn)}, ${pfn < 0 ? 'no private page' : `pfn ${hex(pfn)}`}`,
      `guest: ${guest}`,
      `RMP: ${rmp}`,
      `KVM: ${kvm}${bands.seam ? '; the views differ' : ''}`,
      when,
    ],
  };
}

/** Steps that are looked at: more would make the pointer wait. */
const STEPS_BACK = 4096;

/**
 * The last step that wrote anything about a page, counted from 1.
 * @returns 0 when no step did, undefined when it lies further back than is looked
 */
export function pageSince(timeline: Timeline, position: number, gfn: number): number | undefined {
  const { pfn } = backingOf(timeline.at(position).world, gfn);
  const has = (page: number, first: number, count: number): boolean => page >= first && page < first + count;
  const end = Math.max(0, position - STEPS_BACK);
  for (let step = position - 1; step >= end; step--) {
    let found = false;
    timeline.visitPages(step, (field, first, count) => {
      const name = pageFieldNames[field];
      if (name === undefined) return;
      found ||= isByGfn(name) ? has(gfn, first, count) : pfn >= 0 && has(pfn, first, count);
    });
    if (found) return step + 1;
  }
  return end === 0 ? 0 : undefined;
}
