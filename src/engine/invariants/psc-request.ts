/** The buffer of a page state change as the invariants read it: the bytes in the GHCB page, as they stand. */
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
  /** Those that the header spans, from `first` on. */
  readonly entries: readonly IndexedEntry[];
}

/** The buffer of the request in hand, from entry `first` on; nothing when it is no batch or lies outside the GHCB page. */
export function pscRequest(world: World, vcpu: Vcpu, first: number): PscRequest | undefined {
  if (vcpu.exitCode !== BigInt(SVM_VMGEXIT_PSC)) return undefined;
  return readBuffer(answerPage(world, vcpu), Number(vcpu.swScratch - vcpu.ghcbGpa), first);
}

/** The buffer as the guest leaves it behind, before KVM has looked at the page. */
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
 * Longest runs of conversions that one exit could carry: neighbours of one operation and size that follow on; a partial
 * entry is a run of its own, and what is finished or no conversion counts for nothing.
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
