/** The pages of a LAUNCH_UPDATE: generations differ in how they find frame, host page and source. */
import { bytesToPages, pageStart, pagesToBytes } from '../../../abi/address';
import { KVM_SEV_SNP_PAGE_TYPE_ZERO } from '../../../abi/kvm-structs';
import type { FacetValue } from '../../../profiles/facets';
import type { Slot } from '../../state/vm';
import type { World } from '../../world';
import type { LaunchUpdateArguments } from './launch-update-struct';
import { slotOf } from '../../frames/slots';
import { gfnOfUaddr, GUEST_MAPPING } from '../memory/user-memory';

/** One page of a call. */
export interface LaunchPage {
  /** The memory slot of the host page; missing when no slot covers the address. */
  readonly slot: Slot | undefined;
  /** The frame that the slot gives the host page. */
  readonly gfn: number;
  /** The frame that goes into the RMP entry. */
  readonly rmpGfn: number;
  /** Where the bytes come from; missing when the type has no source. */
  readonly source: bigint | undefined;
  readonly type: number;
}

/** Whether a page type takes bytes from userspace. */
export const hasSource = (world: World, type: number): boolean =>
  type !== KVM_SEV_SNP_PAGE_TYPE_ZERO || world.facet('lu.zeroSource') === 'needed';

/** Pages that a call has to process. */
export function pageCount(world: World, { uaddr, len }: LaunchUpdateArguments): number {
  if (len === 0n) return 0;
  const whole = world.facet('lu.uaddrAlignment') === 'wholePages';
  if (!whole) return bytesToPages(len);
  return bytesToPages(pageStart(uaddr + len - 1n) - pageStart(uaddr)) + 1;
}

/** The pages of a call in the order in which KVM takes them; each is made when it is asked for, for there may be 2^52. */
export interface LaunchPages {
  readonly count: number;
  /** @param index 0 to `count - 1` */
  at(index: number): LaunchPage;
}

type PagesOf = (world: World, args: LaunchUpdateArguments, count: number) => LaunchPages;

/** The pages that lie at user addresses, one after the other. */
function pagesAtUaddr(
  world: World,
  { uaddr, type }: LaunchUpdateArguments,
  count: number,
  rmpGfnOf: (index: number, gfn: number) => number,
): LaunchPages {
  const first = pageStart(uaddr);
  return {
    count,
    at: (index) => {
      const source = first + pagesToBytes(index);
      const gfn = gfnOfUaddr(world, source);
      const slot = gfn === undefined ? undefined : slotOf(world, gfn);
      return { slot, gfn: gfn ?? 0, rmpGfn: rmpGfnOf(index, gfn ?? 0), source, type };
    },
  };
}

/** Those of the pages at user addresses that a memory slot covers. */
function coveredPages(world: World, args: LaunchUpdateArguments, count: number): LaunchPages {
  const all = pagesAtUaddr(world, args, count, (_, gfn) => gfn);
  const firstGfn = bytesToPages(pageStart(args.uaddr)) - bytesToPages(GUEST_MAPPING);
  const parts = world.slots
    .filter(({ used }) => used)
    .map((slot) => ({
      from: Math.max(0, slot.firstGfn - firstGfn),
      end: Math.min(count, slot.firstGfn + slot.pages - firstGfn),
    }))
    .filter(({ from, end }) => from < end)
    .sort((one, other) => one.from - other.from);
  return {
    count: parts.reduce((sum, { from, end }) => sum + end - from, 0),
    at: (index) => {
      let rest = index;
      for (const { from, end } of parts) {
        if (rest < end - from) return all.at(from + rest);
        rest -= end - from;
      }
      throw new RangeError(`the call has no page ${index}`);
    },
  };
}

const byFacet: Record<FacetValue<'lu.source'>, PagesOf> = {
  uaddrInMemslot: (world, args, count) => pagesAtUaddr(world, args, count, (_, gfn) => gfn),
  registeredRegion: (world, args, count) =>
    pagesAtUaddr(world, args, count, (index) => args.gfnStart + index),
  // The walk visits the slots in the range; gaps between slots are skipped without an error.
  sharedSideOfSameGfn: coveredPages,
  anyUserAddress: (world, { gfnStart, uaddr, type }, count) => {
    const slot = slotOf(world, gfnStart);
    // The request is clipped to the end of the slot it begins in.
    const inSlot = slot ? Math.min(count, slot.firstGfn + slot.pages - gfnStart) : 0;
    const source = hasSource(world, type);
    return {
      count: inSlot,
      at: (index) => ({
        slot,
        gfn: gfnStart + index,
        rmpGfn: gfnStart + index,
        source: source ? uaddr + pagesToBytes(index) : undefined,
        type,
      }),
    };
  },
};

/** The pages of a call, as this kernel finds them. */
export const launchPages: PagesOf = (world, args, count) =>
  byFacet[world.facet('lu.source')](world, args, count);
