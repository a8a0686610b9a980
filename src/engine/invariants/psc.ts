/** Page state change: which pages it may convert, and which answers are correct. */
import { gpaToGfn } from '../../abi/address';
import { mapGpaRangeAttributes } from '../../abi/kvm-run';
import {
  PSC_GENERIC_ERROR,
  PSC_INVALID_ENTRY,
  PSC_INVALID_HDR,
  PSC_OP_PRIVATE,
  PSC_SUCCESS,
} from '../../abi/psc';
import { hex } from '../../base/hex';
import { convertsBatchInKernel } from '../../profiles/facets/psc-batch';
import { rmpBits } from '../memory/page-bits';
import { isPrivate } from '../frames/attributes';
import { gmemPageOf, slotHasGmem, slotOf } from '../frames/slots';
import type { World } from '../world';
import { checks, type Seen } from './invariant';
import { isConversion, isFinished, pscRequest, type IndexedEntry, type PscRequest } from './psc-request';

/** Whether KVM itself edits the RMP, so that the RMP and not the attribute gives the state of a page. */
const convertsInKernel = (world: World): boolean => convertsBatchInKernel(world.profile.facets['psc.batch']);

function isInState(world: World, gfn: number, toPrivate: boolean): boolean {
  if (!convertsInKernel(world)) return isPrivate(world, gfn) === toPrivate;
  const slot = slotOf(world, gfn);
  if (!slotHasGmem(slot)) return false;
  return ((world.pages.rmp.get(gmemPageOf(slot, gfn)) & rmpBits.assigned) !== 0) === toPrivate;
}

/** Whether an entry asks for a page. A kernel that converts the pages itself leaves cur_page as the guest wrote it. */
function asksFor(world: World, { gfn, pages, curPage }: IndexedEntry, page: number): boolean {
  return page >= gfn + (convertsInKernel(world) ? curPage : 0) && page < gfn + pages;
}

/** The first page of an entry that is not in the state it asks for, where no later entry asks for that page as well. */
function pageNotConverted(
  world: World,
  { gfn, pages, operation }: IndexedEntry,
  later: readonly IndexedEntry[],
): number | undefined {
  const toPrivate = operation === PSC_OP_PRIVATE;
  for (let page = gfn; page < gfn + pages; page++) {
    if (isInState(world, page, toPrivate)) continue;
    if (!later.some((one) => asksFor(world, one, page))) return page;
  }
  return undefined;
}

/** The current batch; nothing for a page state change by the MSR protocol. */
function requestOf({ world, index }: Seen): PscRequest | undefined {
  const vcpu = world.vcpus[index];
  if (vcpu?.guestRequest !== 'nae') return undefined;
  return pscRequest(world, vcpu, world.vcpuHistory[index]?.pscFirst ?? 0);
}

/**
 * The guest wrote to memory while an exit was pending. What the request then asks for, the bytes that KVM read once or those
 * that stand there now, depends on the kernel: nobody can say what was not asked for.
 */
const isEdited = ({ world, index }: Seen): boolean => world.vcpuHistory[index]?.pscEdited ?? false;

function successWithoutWork(seen: Seen): string | undefined {
  if (seen.args['result'] !== PSC_SUCCESS || isEdited(seen)) return undefined;
  const entries = requestOf(seen)?.entries ?? [];
  for (const [at, entry] of entries.entries()) {
    if (!isConversion(entry))
      return `success is reported, but nothing carries out operation ${entry.operation} of entry ${entry.index}`;
    const page = pageNotConverted(seen.world, entry, entries.slice(at + 1));
    if (page !== undefined)
      return `success is reported, but gfn ${hex(page)} of entry ${entry.index} is not ${entry.operation === PSC_OP_PRIVATE ? 'private' : 'shared'}`;
  }
  return undefined;
}

function unrequestedPage(seen: Seen): string | undefined {
  const request = requestOf(seen);
  if (!request || isEdited(seen)) return undefined;
  const { encrypted } = mapGpaRangeAttributes.decode(BigInt(seen.args['attributes'] ?? 0));
  const toPrivate = Number(encrypted) === 1;
  const first = gpaToGfn(BigInt(seen.args['gpa'] ?? 0));
  const named = request.entries.filter(
    (entry) => isConversion(entry) && (entry.operation === PSC_OP_PRIVATE) === toPrivate,
  );
  for (let gfn = first; gfn < first + Number(seen.args['pages']); gfn++) {
    if (named.some((entry) => gfn >= entry.gfn + entry.curPage && gfn < entry.gfn + entry.pages)) continue;
    return `the VMM is asked to make gfn ${hex(gfn)} ${toPrivate ? 'private' : 'shared'}, which no entry asks for`;
  }
  return undefined;
}

function progressWrong(seen: Seen): string | undefined {
  const history = seen.world.vcpuHistory[seen.index];
  const request = requestOf(seen);
  if (!history || !request || isEdited(seen)) return undefined;
  const { current, entries } = request;
  if (current < history.pscEntry) return `cur_entry went back from ${history.pscEntry} to ${current}`;
  const result = seen.kind === 'pscAnswer' ? seen.args['result'] : PSC_SUCCESS;
  if (result === PSC_SUCCESS || result === PSC_INVALID_HDR) return undefined;
  // A kernel that converts the pages itself leaves no mark in an entry that is done; cur_entry alone tells.
  if (convertsInKernel(seen.world)) return undefined;
  const open = entries.find((entry) => !isFinished(entry));
  if (!open || open.index === current) return undefined;
  return `the request failed with cur_entry ${current}, but entry ${open.index} is the first that is not finished`;
}

function tooManyExits(seen: Seen): string | undefined {
  const history = seen.world.vcpuHistory[seen.index];
  if (!history || !requestOf(seen) || isEdited(seen) || history.pscExits <= history.pscRuns) return undefined;
  return `${history.pscExits} exits for a buffer of ${history.pscRuns} runs`;
}

function staleAnswer({ world, index }: Seen): string | undefined {
  const history = world.vcpuHistory[index];
  if (!history || history.retWritten) return undefined;
  return 'KVM takes an answer that was not written since this exit: bytes of an earlier one';
}

const own = new Set<bigint>([PSC_SUCCESS, PSC_INVALID_HDR, PSC_INVALID_ENTRY, PSC_GENERIC_ERROR]);

function forgedCode(seen: Seen): string | undefined {
  const result = BigInt(seen.args['result'] ?? 0);
  if (convertsInKernel(seen.world) || own.has(result)) return undefined;
  return `the guest reads ${hex(result)}, a code of the VMM's own making`;
}

/** Otherwise a kernel that handles one more operation itself would change the exits that the VMM sees. */
function asksForMore(seen: Seen): string | undefined {
  const other = requestOf(seen)?.entries.find((entry) => !isConversion(entry));
  if (!other) return undefined;
  return `the VMM is handed operation ${other.operation} of entry ${other.index}; once KVM handles it, this exit changes`;
}

export const pscChecks = checks({
  PscReportsTruth: { pscAnswer: successWithoutWork },
  NoUnrequestedConversion: { mapGpaRangeExit: unrequestedPage },
  PscProgressMonotonic: { mapGpaRangeExit: progressWrong, pscAnswer: progressWrong },
  PscBoundedExits: { pscAnswer: tooManyExits },
  NoStaleReturn: { completionDone: staleAnswer },
  VmmCannotForgeGuestCode: { pscAnswer: forgedCode },
  KvmOwnsAbi: { vmgexitPscExit: asksForMore },
});
