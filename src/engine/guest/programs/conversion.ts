/**
 * Changing the state of a run of pages as Linux and OVMF do it: batches of entries, 2 MiB where the address allows it;
 * PVALIDATE before the request when the pages become shared, after it when they become private.
 */
import { PSC_OP_PRIVATE, PSC_OP_SHARED } from '../../../abi/psc';
import { ghcbPage } from '../../../abi/ghcb-page';
import { RMP_FAIL_SIZEMISMATCH } from '../../../abi/rmp';
import type { PscEntryInput } from '../../acts';
import { givesUp, type At, type GivesUp, type Instruction, type Phase } from './program';
import type { PageRange } from './machine';

export interface ConversionPlan {
  readonly name: string;
  readonly to: 'private' | 'shared';
  /** The pages, or nothing when there is nothing to convert. */
  range(at: At): PageRange | undefined;
  /** Entries a request carries at most. */
  readonly limit: number;
  /** How the program gives up when the hypervisor refuses, and when PVALIDATE fails. */
  readonly onRefusal: Omit<GivesUp, 'why'>;
  readonly onPvalidate: Omit<GivesUp, 'why'>;
}

/** Where the conversion is: the batch starts `done` pages in; `entry` counts entries, or is cur_entry as last read. */
interface Place {
  readonly doing: (typeof doings)[number];
  readonly entry: number;
  readonly done: number;
}
const doings = ['rescind', 'rescind4K', 'request', 'requestAgain', 'validate', 'validate4K'] as const;

const unpack = (cursor: bigint): Place => ({
  doing: doings[Number(cursor & 0xfn)] ?? 'rescind',
  entry: Number((cursor >> 4n) & 0xffn),
  done: Number(cursor >> 12n),
});
const pack = ({ doing, entry, done }: Place): bigint =>
  BigInt(doings.indexOf(doing)) | (BigInt(entry) << 4n) | (BigInt(done) << 12n);

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
  const gpa = BigInt(entry.gfn) << 12n;
  if (entry.twoMeg && !as4K) return { verb: 'pvalidate', args: { gpa, size: '2M', validate } };
  return { verb: 'pvalidate', args: { gpa, n: pagesOf(entry), size: '4K', validate } };
}

export function conversion(plan: ConversionPlan): Phase {
  const first: Place['doing'] = plan.to === 'shared' ? 'rescind' : 'request';
  const batch = (range: PageRange, done: number) => batchAt(range, done, plan.to, plan.limit);
  const startOf = (cursor: bigint): Place =>
    cursor === 0n ? { doing: first, entry: 0, done: 0 } : unpack(cursor);

  return {
    name: plan.name,
    emit(at) {
      const range = plan.range(at);
      const { doing, entry, done } = startOf(at.cursor);
      if (!range || done >= range.n) return undefined;
      const entries = batch(range, done);
      const current = entries[entry];
      if (doing === 'request') return { verb: 'psc', args: { entries } };
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
      return 'why' in next ? next : pack(next);
    },
  };
}

const nextBatch = (plan: ConversionPlan, place: Place, entries: readonly PscEntryInput[]): Place => ({
  doing: plan.to === 'shared' ? 'rescind' : 'request',
  entry: 0,
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
  if (code !== 0) return givesUp(`PVALIDATE fails with ${code}`, plan.onPvalidate.set, plan.onPvalidate.code);
  const validating = doing.startsWith('validate');
  if (entry + 1 < entries.length)
    return { ...place, doing: validating ? 'validate' : 'rescind', entry: entry + 1 };
  return validating ? nextBatch(plan, place, entries) : { ...place, doing: 'request', entry: 0 };
}

/** Linux checks the answer, then that the header makes sense, and asks again while entries are left. */
function afterRequest(
  at: At,
  plan: ConversionPlan,
  place: Place,
  entries: readonly PscEntryInput[],
): Place | GivesUp {
  const refuse = (why: string) => givesUp(why, plan.onRefusal.set, plan.onRefusal.code);
  if (at.vcpu.guestResult !== 'ok') return refuse('the page state change was refused');
  const { cur, end } = header(at);
  const before = place.doing === 'requestAgain' ? place.entry : 0;
  if (end > entries.length - 1 || cur < before) return refuse('the page state change header makes no sense');
  if (cur <= end) return { ...place, doing: 'requestAgain', entry: cur };
  return plan.to === 'private' ? { ...place, doing: 'validate', entry: 0 } : nextBatch(plan, place, entries);
}

function header({ world, vcpu }: At): { cur: number; end: number } {
  const page = world.image('shared', Number(vcpu.guestGhcbGpa >> 12n));
  const at = Number(ghcbPage.get(page, 'swScratch') & 0xfffn);
  return { cur: page.u16(at), end: page.u16(at + 2) };
}
