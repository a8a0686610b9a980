/**
 * The class of a page in three views: the guest's page tables, the RMP entry, and KVM's bookkeeping. Where the views
 * contradict each other there is a *seam*. Pure arithmetic on the bits of the page store; no state is kept here.
 */
import {
  gfnBits,
  hostPageBits,
  LEAK_COUNT_SHIFT,
  RMP_ASID_MASK,
  RMP_ASID_SHIFT,
  rmpBits,
} from './memory/page-bits';
import { bitsOfGfn } from './frames/attributes';
import type { World } from './world';

/** In the order of their codes. `none`: no view of the page, no page behind it, or no memory slot at all. */
export const pageClasses = [
  'none',
  'shared',
  'guestInvalid',
  'guestValid',
  'vmsa',
  'firmware',
  'violation',
] as const;
export type PageClass = (typeof pageClasses)[number];

/** The codes, by name. */
export const pageClassCode = Object.fromEntries(pageClasses.map((name, code) => [name, code])) as Readonly<
  Record<PageClass, number>
>;

/** The words of one page that determine its class. */
export interface PageWords {
  /** Field `gfn`. */
  readonly gfn: number;
  /** Field `rmp` of the guest_memfd page, 0 when the frame has none. */
  readonly rmp: number;
  /** Field `hostPage` of the guest_memfd page, 0 when the frame has none. */
  readonly hostPage: number;
}

/** Where a frame's private page lies. */
export interface Backing {
  /** A memory slot holds the frame. */
  readonly slot: boolean;
  /** The page of guest_memfd, or -1. */
  readonly pfn: number;
  /** The page is the shared one too, and nothing but its RMP entry says which it is. */
  readonly inPlace?: true;
}

export interface PageBands {
  readonly guest: PageClass;
  readonly rmp: PageClass;
  readonly kvm: PageClass;
  /** Two of the three contradict each other. */
  readonly seam: boolean;
}

/** Packed bands: three bits a band, guest lowest, then the seam. */
export type PackedBands = number;
export const SEAM_BIT = 1 << 9;

/** Bits 8 to 11 of `hostPage`: the page is on the leak list. */
const LEAKED = 0xf << LEAK_COUNT_SHIFT;

const { none, shared, guestInvalid, guestValid, vmsa, firmware, violation } = pageClassCode;

/** The guest's view from `gfn` bits alone. */
function guestCode(gfn: number): number {
  if ((gfn & gfnBits.guestKnows) === 0) return none;
  if ((gfn & gfnBits.guestPrivate) === 0) return shared;
  if (gfn & gfnBits.guestVmsa) return vmsa;
  return gfn & gfnBits.guestValidated ? guestValid : guestInvalid;
}

/** The RMP entry of a page that is assigned, by the state table of the firmware. */
function assignedCode(rmp: number, vmAsid: number): number {
  const asid = (rmp >>> RMP_ASID_SHIFT) & RMP_ASID_MASK;
  if (asid === 0 || rmp & rmpBits.immutable) return firmware; // Firmware and its other pages, Reclaim; Pre-Guest, Pre-Swap
  if (asid !== vmAsid) return violation;
  if ((rmp & rmpBits.validated) === 0) return guestInvalid;
  return rmp & rmpBits.vmsa ? vmsa : guestValid;
}

function rmpCode(words: PageWords, { slot, pfn }: Backing, vmAsid: number): number {
  if (pfn >= 0) {
    if ((words.hostPage & LEAKED) !== 0) return violation;
    if (words.rmp & rmpBits.assigned) return assignedCode(words.rmp, vmAsid);
    if (words.rmp & rmpBits.immutable) return firmware; // HV-fixed
    if (words.hostPage & hostPageBits.present) return shared;
  }
  // No private page: the guest can reach userspace memory or nothing.
  return slot && (words.gfn & gfnBits.attributePrivate) === 0 ? shared : none;
}

/** KVM distinguishes private, shared and absent; only the guest and the firmware distinguish finer states. */
function kvmCode(words: PageWords, { slot, inPlace }: Backing, rmp: number): number {
  if (!slot) return none;
  if (inPlace) return rmp;
  if ((words.gfn & gfnBits.attributePrivate) === 0) return shared;
  if (rmp === guestInvalid || rmp === guestValid || rmp === vmsa || rmp === firmware) return rmp;
  return words.hostPage & hostPageBits.present ? guestInvalid : none;
}

/** Whether the three views of a page contradict each other. A guest without a view contradicts neither. */
function isSeam(guest: number, rmp: number, kvm: number, slot: boolean): boolean {
  if (rmp !== kvm) return true;
  if (guest === none || guest === rmp) return false;
  return slot || guest !== shared; // shared accesses outside memory are MMIO
}

/** The bands of a page as one small number; `unpackBands` names them. */
export function packedBands(words: PageWords, backing: Backing, vmAsid: number): PackedBands {
  const guest = guestCode(words.gfn);
  const rmp = rmpCode(words, backing, vmAsid);
  const kvm = kvmCode(words, backing, rmp);
  return guest | (rmp << 3) | (kvm << 6) | (isSeam(guest, rmp, kvm, backing.slot) ? SEAM_BIT : 0);
}

export function unpackBands(packed: PackedBands): PageBands {
  const name = (shift: number): PageClass => pageClasses[(packed >> shift) & 7] as PageClass;
  return { guest: name(0), rmp: name(3), kvm: name(6), seam: (packed & SEAM_BIT) !== 0 };
}

/** A range of guest frames inside one slot, or outside all slots. */
export interface BackedRun extends Backing {
  readonly first: number;
  readonly count: number;
}

/** The frames `[first, first + count)` cut where memory slots begin and end. */
export function backedRuns(world: World, first: number, count: number): BackedRun[] {
  const end = first + count;
  const slots = world.slots
    .filter(
      (slot) => slot.used && slot.pages > 0 && slot.firstGfn < end && slot.firstGfn + slot.pages > first,
    )
    .sort((a, b) => a.firstGfn - b.firstGfn);
  const runs: BackedRun[] = [];
  let at = first;
  for (const slot of slots) {
    const from = Math.max(slot.firstGfn, at);
    const to = Math.min(slot.firstGfn + slot.pages, end);
    if (from > at) runs.push({ first: at, count: from - at, slot: false, pfn: -1 });
    const inPlace = slot.backing === 'userPages';
    const hasPage = inPlace || slot.backing === 'guestMemfd';
    const pfn = hasPage ? slot.firstGmemPage + from - slot.firstGfn : -1;
    if (to > from) {
      runs.push({ first: from, count: to - from, slot: true, pfn, ...(inPlace ? { inPlace } : {}) });
    }
    at = Math.max(at, to);
  }
  if (at < end) runs.push({ first: at, count: end - at, slot: false, pfn: -1 });
  return runs;
}

/** Bands by everything that determines them, filled on demand, so that each of a million frames costs one look-up. */
const UNKNOWN = 0xffff;
const bandTable = new Uint16Array(4 << 16).fill(UNKNOWN);
/** In the table the VM's own ASID is 1 and any other is 2. */
const [OWN_ASID, OTHER_ASID] = [1, 2];

/** The bands of a frame's words: in a slot in place (3), with a page (2), without a page (1), or in no slot (0). */
function lookUpBands(
  gfn: number,
  rmp: number,
  hostPage: number,
  place: 0 | 1 | 2 | 3,
  vmAsid: number,
): PackedBands {
  const asid = (rmp >>> RMP_ASID_SHIFT) & RMP_ASID_MASK;
  const owner = asid === 0 ? 0 : asid === vmAsid ? OWN_ASID : OTHER_ASID;
  const present = hostPage & hostPageBits.present;
  const leaked = (hostPage & LEAKED) === 0 ? 0 : 1;
  const key =
    (place << 16) | (leaked << 15) | (present << 14) | (owner << 12) | ((rmp & 31) << 7) | (gfn & 127);
  const known = bandTable[key] as number;
  if (known !== UNKNOWN) return known;
  const words = {
    gfn,
    rmp: (rmp & 31) | (owner << RMP_ASID_SHIFT),
    hostPage: present | (leaked << LEAK_COUNT_SHIFT),
  };
  const backing = {
    slot: place > 0,
    pfn: place >= 2 ? 0 : -1,
    ...(place === 3 ? { inPlace: true as const } : {}),
  };
  const bands = packedBands(words, backing, OWN_ASID);
  bandTable[key] = bands;
  return bands;
}

/** Called with a run of frames of equal bands. */
export type RunVisitor = (first: number, count: number, bands: PackedBands) => void;

/** Runs shorter than this are walked frame by frame, up to CHUNK frames at a time. */
const SHORT_RUN = 16;
const CHUNK = 512;

/** Walks frames by runs of equal bands, in order: a uniform terabyte is a few calls. */
export function forEachRun(world: World, first: number, count: number, visit: RunVisitor): void {
  const { gfn, rmp, hostPage } = world.pages;
  const asid = world.vm.asid;
  let start = first;
  let bands = -1;
  const found = (at: number, next: PackedBands): void => {
    if (next === bands) return;
    if (bands >= 0) visit(start, at - start, bands);
    start = at;
    bands = next;
  };
  const limit = Math.min(count, gfn.pageCount - first);
  for (const { first: from, count: length, slot, pfn, inPlace } of backedRuns(world, first, limit)) {
    const place = inPlace ? 3 : pfn >= 0 ? 2 : slot ? 1 : 0;
    const toPfn = pfn - from;
    const end = from + length;
    let at = from;
    while (at < end) {
      let equal = gfn.runLength(at, end - at);
      if (place >= 2) equal = hostPage.runLength(at + toPfn, rmp.runLength(at + toPfn, equal));
      const stop = equal >= SHORT_RUN ? at + equal : Math.min(at + CHUNK, end);
      const step = equal >= SHORT_RUN ? equal : 1;
      for (; at < stop; at += step) {
        const word = gfn.get(at);
        found(
          at,
          place >= 2
            ? lookUpBands(word, rmp.get(at + toPfn), hostPage.get(at + toPfn), place, asid)
            : lookUpBands(word, 0, 0, place, asid),
        );
      }
    }
  }
  if (bands >= 0) visit(start, first + limit - start, bands);
}

/** The private page of a frame, and whether a slot holds the frame at all. */
export function backingOf(world: World, gfn: number): Backing {
  const [run] = backedRuns(world, gfn, 1);
  return run ?? { slot: false, pfn: -1 };
}

/** The words of one frame. */
export function pageWords(world: World, gfn: number, { pfn } = backingOf(world, gfn)): PageWords {
  const { pages } = world;
  return {
    gfn: bitsOfGfn(world, gfn),
    rmp: pfn < 0 ? 0 : pages.rmp.get(pfn),
    hostPage: pfn < 0 ? 0 : pages.hostPage.get(pfn),
  };
}

/** The three views of one frame. */
export function pageBands(world: World, gfn: number): PageBands {
  const backing = backingOf(world, gfn);
  return unpackBands(packedBands(pageWords(world, gfn, backing), backing, world.vm.asid));
}

/** Consecutive frames of equal bands. */
export interface BandRun {
  readonly first: number;
  readonly count: number;
  readonly bands: PackedBands;
}

/** Runs of frames with the same bands, in order. */
export function bandRuns(world: World, first: number, count: number): BandRun[] {
  const runs: BandRun[] = [];
  forEachRun(world, first, count, (from, length, bands) => runs.push({ first: from, count: length, bands }));
  return runs;
}

/** A 2 MiB RMP entry that covers frames of a window. */
export interface LargePage {
  readonly first: number;
  readonly count: number;
}

/** The frames that a 2 MiB RMP entry covers: the entry of the aligned page decides for all 512. */
export function largePages(world: World, first: number, count: number): LargePage[] {
  const { rmp } = world.pages;
  const found: LargePage[] = [];
  for (const run of backedRuns(world, first, Math.min(count, world.pages.gfn.pageCount - first))) {
    if (run.pfn < 0) continue;
    for (let base = run.pfn & ~511; base < run.pfn + run.count; base += 512) {
      const entry = rmp.get(base);
      if ((entry & rmpBits.assigned) === 0 || (entry & rmpBits.twoMeg) === 0) continue;
      const from = Math.max(base, run.pfn);
      const to = Math.min(base + 512, run.pfn + run.count);
      found.push({ first: run.first + from - run.pfn, count: to - from });
    }
  }
  return found;
}
