/** The buffer of a page state change as the invariants read it: the current bytes of the GHCB page. */
import {
  pscHeader,
  PSC_HEADER_SIZE,
  PSC_MAX_ENTRIES,
  PSC_OP_PRIVATE,
  PSC_OP_SHARED,
  readPscEntry,
  type PscEntry,
} from '../../abi/psc';
import { SVM_VMGEXIT_PSC } from '../../abi/nae';
import { gpaToGfn, PAGE_SIZE } from '../../abi/address';
import { ghcbPage } from '../../abi/ghcb-page';
import { answerPage } from '../kvm/ghcb/ghcb';
import type { Image } from '../memory/image';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';

/** An entry with its place in the buffer. */
export interface IndexedEntry extends PscEntry {
  readonly index: number;
}

export interface PscRequest {
  readonly current: number;
  readonly end: number;
  /** The entries up to the header's end_entry, from `first` on. */
  readonly entries: readonly IndexedEntry[];
}

/** The buffer of the current request, from entry `first` on; nothing without a batch inside the GHCB page. */
export function pscRequest(world: World, vcpu: Vcpu, first: number): PscRequest | undefined {
  if (vcpu.exitCode !== BigInt(SVM_VMGEXIT_PSC)) return undefined;
  return readBuffer(answerPage(world, vcpu), Number(vcpu.swScratch - vcpu.ghcbGpa), first);
}

/** The buffer as the guest wrote it, before KVM reads the page. */
export function pscRequestOfGuest(world: World, vcpu: Vcpu): PscRequest | undefined {
  const page = world.findImage('shared', gpaToGfn(vcpu.guestGhcbGpa));
  if (!page) return undefined;
  const at = Number(ghcbPage.get(page, 'swScratch') - vcpu.guestGhcbGpa);
  return readBuffer(page, at, undefined);
}

/** The entries that the header spans and the page holds, from `first` on, or from the header's own first. */
function readBuffer(page: Image, at: number, first: number | undefined): PscRequest | undefined {
  if (at < 0 || at > PAGE_SIZE - PSC_HEADER_SIZE || at % 8 !== 0) return undefined;
  const { curEntry, endEntry } = pscHeader.decode(page.u64(at));
  const room = (PAGE_SIZE - at) / 8 - 1;
  const last = Math.min(endEntry, PSC_MAX_ENTRIES - 1, room - 1);
  const entries: IndexedEntry[] = [];
  for (let index = first ?? curEntry; index <= last; index++) {
    entries.push({ index, ...readPscEntry(page, index, at) });
  }
  return { current: curEntry, end: endEntry, entries };
}

export const isConversion = ({ operation }: PscEntry): boolean =>
  operation === PSC_OP_PRIVATE || operation === PSC_OP_SHARED;

export const isFinished = ({ curPage, pages }: PscEntry): boolean => curPage >= pages;

/**
 * Longest runs of conversions that fit one exit: adjacent entries of equal operation and size with consecutive frames. A
 * partly done entry is a separate run; finished entries and other operations are not counted.
 */
export function maximalRuns(entries: readonly IndexedEntry[]): number {
  let runs = 0;
  let before: PscEntry | undefined;
  for (const entry of entries) {
    const counts = isConversion(entry) && !isFinished(entry);
    if (counts && !(before && follows(before, entry))) runs++;
    before = counts ? entry : undefined;
  }
  return runs;
}

const follows = (before: PscEntry, next: PscEntry): boolean =>
  before.operation === next.operation &&
  before.pages === next.pages &&
  before.curPage === 0 &&
  next.curPage === 0 &&
  next.gfn === before.gfn + before.pages;
