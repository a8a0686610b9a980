/**
 * Changing the state of a run of pages as Linux, OVMF and coconut-svsm do it: batches of entries, 2 MiB where the
 * address allows it; PVALIDATE before the requests when the pages become shared, after them when they become private.
 */
import { gfnToGpa, gpaToGfn, pageOffset } from '../../../abi/address';
import { PSC_OP_PRIVATE, PSC_OP_SHARED } from '../../../abi/psc';
import { ghcbPage } from '../../../abi/ghcb-page';
import { unreachable } from '../../../base/assert';
import { hex } from '../../../base/hex';
import { RMP_FAIL_SIZEMISMATCH } from '../../../abi/rmp';
import type { PscEntryInput } from '../../acts';
import {
  givesUp,
  type At,
  type GivesUp,
  type GoesOn,
  type Instruction,
  type Phase,
  type Reason,
} from './program';
import type { PageRange } from './machine';

export interface ConversionPlan {
  readonly name: string;
  readonly to: 'private' | 'shared';
  /** The pages, or nothing when there is nothing to convert. */
  range(at: At): PageRange | undefined;
  /** Entries that are built, and validated or rescinded, as one batch. */
  readonly limit: number;
  /** Entries a request carries at most: a batch goes out in slices of that many. */
  readonly slice: number;
  /**
   * Use of what comes back: Linux checks the header, OVMF repeats the request until all is done, coconut-svsm looks at
   * SW_EXITINFO1 alone.
   */
  readonly reads: 'headerAndReserved' | 'header' | 'info1';
  /** The reasons for a refusal of the hypervisor, a header that makes no sense, and a failing PVALIDATE. */
  readonly onRefusal: Reason;
  readonly onHeader: Reason;
  readonly onPvalidate: Reason;
}

/**
 * Where the conversion is: the batch starts `done` pages in, the slice `from` entries into the batch; `entry` counts
 * the entries of the batch.
 */
interface Place {
  readonly doing: (typeof doings)[number];
  readonly entry: number;
  readonly from: number;
  readonly done: number;
}
const doings = ['rescind', 'rescind4K', 'request', 'requestAgain', 'validate', 'validate4K'] as const;

const unpack = (cursor: bigint): Place => ({
  doing: doings[Number(cursor & 0xfn)] ?? 'rescind',
  entry: Number((cursor >> 4n) & 0xfffn),
  from: Number((cursor >> 16n) & 0xfffn),
  done: Number(cursor >> 28n),
});
const pack = ({ doing, entry, from, done }: Place): bigint =>
  BigInt(doings.indexOf(doing)) | (BigInt(entry) << 4n) | (BigInt(from) << 16n) | (BigInt(done) << 28n);

const LARGE = 512;
const pagesOf = (entry: PscEntryInput): number => (entry.twoMeg ? LARGE : 1);

/** The entries of the batch that starts `done` pages into the range. */
export function batchAt(
  range: PageRange,
  done: number,
  to: 'private' | 'shared',
  limit: number,
): PscEntryInput[] {
  const operation = to === 'private' ? PSC_OP_PRIVATE : PSC_OP_SHARED;
  const end = range.gfn + range.n;
  const entries: PscEntryInput[] = [];
  let gfn = range.gfn + done;
  while (gfn < end && entries.length < limit) {
    const twoMeg = gfn % LARGE === 0 && end - gfn >= LARGE;
    entries.push({ operation, gfn, twoMeg, currentPage: 0 });
    gfn += twoMeg ? LARGE : 1;
  }
  return entries;
}

function pvalidate(entry: PscEntryInput, validate: boolean, as4K: boolean): Instruction {
  const gpa = gfnToGpa(entry.gfn);
  if (entry.twoMeg && !as4K) return { verb: 'pvalidate', args: { gpa, size: '2M', validate } };
  return { verb: 'pvalidate', args: { gpa, n: pagesOf(entry), size: '4K', validate } };
}

export function conversion(plan: ConversionPlan): Phase {
  const first: Place['doing'] = plan.to === 'shared' ? 'rescind' : 'request';
  const batch = (range: PageRange, done: number) => batchAt(range, done, plan.to, plan.limit);
  const startOf = (cursor: bigint): Place =>
    cursor === 0n ? { doing: first, entry: 0, from: 0, done: 0 } : unpack(cursor);

  return {
    name: plan.name,
    emit(at) {
      const range = plan.range(at);
      const { doing, entry, from, done } = startOf(at.cursor);
      if (!range || done >= range.n) return undefined;
      const entries = batch(range, done);
      const current = entries[entry];
      if (doing === 'request')
        return { verb: 'psc', args: { entries: entries.slice(from, from + plan.slice) } };
      if (doing === 'requestAgain' || !current) return { verb: 'psc', args: {} };
      return pvalidate(current, doing.startsWith('validate'), doing.endsWith('4K'));
    },
    check(at) {
      const range = plan.range(at);
      const place = startOf(at.cursor);
      if (!range) return at.cursor;
      const entries = batch(range, place.done);
      const next =
        place.doing === 'request' || place.doing === 'requestAgain'
          ? afterRequest(at, plan, place, entries)
          : afterPvalidate(at, plan, place, entries);
      if ('why' in next) return next;
      const unseen = place.doing.startsWith('request') ? unseenError(at, plan) : undefined;
      return unseen ? { says: unseen, cursor: pack(next) } : pack(next);
    },
  };
}

const nextBatch = (plan: ConversionPlan, place: Place, entries: readonly PscEntryInput[]): Place => ({
  doing: plan.to === 'shared' ? 'rescind' : 'request',
  entry: 0,
  from: 0,
  done: place.done + entries.reduce((sum, entry) => sum + pagesOf(entry), 0),
});

function afterPvalidate(
  at: At,
  plan: ConversionPlan,
  place: Place,
  entries: readonly PscEntryInput[],
): Place | GivesUp {
  const { doing, entry } = place;
  const code = at.vcpu.instructionCode;
  if (code === RMP_FAIL_SIZEMISMATCH && doing === 'rescind') return { ...place, doing: 'rescind4K' };
  if (code === RMP_FAIL_SIZEMISMATCH && doing === 'validate') return { ...place, doing: 'validate4K' };
  if (code !== 0) return givesUp(`PVALIDATE fails with ${code}`, plan.onPvalidate);
  const validating = doing.startsWith('validate');
  if (entry + 1 < entries.length)
    return { ...place, doing: validating ? 'validate' : 'rescind', entry: entry + 1 };
  return validating ? nextBatch(plan, place, entries) : { ...place, doing: 'request', entry: 0 };
}

/** The next slice once this one is through, then the other side of PVALIDATE. */
function afterRequest(
  at: At,
  plan: ConversionPlan,
  place: Place,
  entries: readonly PscEntryInput[],
): Place | GivesUp {
  if (isRefused(at, plan)) return givesUp('the page state change was refused', plan.onRefusal);
  const sent = entries.slice(place.from, place.from + plan.slice).length;
  const next = readHeader(plan.reads, header(at), { last: sent - 1 });
  if (next === 'senseless') return givesUp('the page state change header makes no sense', plan.onHeader);
  if (next === 'again') return { ...place, doing: 'requestAgain', entry: 0 };
  if (place.from + sent < entries.length)
    return { ...place, doing: 'request', entry: 0, from: place.from + sent };
  if (plan.to === 'shared') return nextBatch(plan, place, entries);
  return { ...place, doing: 'validate', entry: 0, from: 0 };
}

/** Whether the program takes the answer for a refusal. */
function isRefused({ vcpu }: At, { reads }: ConversionPlan): boolean {
  return reads === 'info1' ? vcpu.guestReadInfo1 !== 0n : vcpu.guestResult !== 'ok';
}

/** An error of the hypervisor that the program does not look at. */
function unseenError({ vcpu }: At, { reads }: ConversionPlan): GoesOn['says'] | undefined {
  if (reads !== 'info1' || vcpu.guestReadInfo2 === 0n) return undefined;
  const text = `SW_EXITINFO2 of the page state change is ${hex(vcpu.guestReadInfo2)}, an error, and it goes on`;
  return { text, rule: 'SvsmIgnoresInfo2', isFinding: true };
}

interface Header {
  readonly cur: number;
  readonly end: number;
  readonly reserved: number;
}

/**
 * Unfinished entries are a legal partial completion. Linux repeats the request after checking the header; of cur_entry
 * it remembers only the 0 that it wrote, so that no decrease is seen. OVMF repeats it without any check, and either may
 * do so forever; coconut-svsm treats the batch as complete.
 * @param last index of the last entry that was sent
 */
export function readHeader(
  reads: ConversionPlan['reads'],
  { cur, end, reserved }: Header,
  { last }: { readonly last: number },
): 'done' | 'senseless' | 'again' {
  switch (reads) {
    case 'headerAndReserved':
      if (reserved !== 0 || end > last) return 'senseless';
      return cur <= end ? 'again' : 'done';
    case 'header':
      return cur <= end ? 'again' : 'done';
    case 'info1':
      return 'done';
    default:
      return unreachable(reads);
  }
}

function header({ world, vcpu }: At): Header {
  const page = world.image('shared', gpaToGfn(vcpu.guestGhcbGpa));
  const at = pageOffset(ghcbPage.get(page, 'swScratch'));
  return { cur: page.u16(at), end: page.u16(at + 2), reserved: page.u32(at + 4) };
}
