/** KVM_SEV_SNP_LAUNCH_UPDATE: pages of userspace become encrypted, measured pages of the guest, one by one. */
import { errno } from '../../abi/errno';
import {
  KVM_SEV_SNP_PAGE_TYPE_VMSA,
  KVM_SEV_SNP_PAGE_TYPE_ZERO,
  launchUpdateTypes,
} from '../../abi/kvm-structs';
import type { FacetValue } from '../../profiles/facets';
import { rmpLookup } from '../hardware/rmp';
import type { Slot } from '../state/vm';
import { NO_PFN, type World } from '../world';
import { kvmRmpMakeShared } from './kernel-pages';
import { gmemPageOf, slotHasGmem, slotOf } from './memory-slots';
import { populatePage, type LastStatus } from './populate-page';
import {
  argumentReadable,
  errnoOf,
  refusalOf,
  refuseCall,
  replyOf,
  type SevCommand,
  type SevReply,
} from './sev-call';
import { facetOr } from './unspecified';

/** struct kvm_sev_snp_launch_update. */
export interface LaunchUpdateArguments {
  readonly gfnStart: number;
  readonly uaddr: bigint;
  readonly len: bigint;
  readonly type: number;
  readonly flags: number;
}

/** The three fields that KVM writes back. */
export interface LaunchUpdateProgress {
  readonly gfnStart: number;
  readonly uaddr: bigint;
  readonly len: bigint;
}

export interface LaunchUpdateReply extends SevReply {
  /** What the struct says afterwards, when it was written back. */
  progress?: LaunchUpdateProgress;
}

const PAGE = 0x1000n;
const call = 'KVM_SEV_SNP_LAUNCH_UPDATE';

const typeAccepted = (type: number): boolean =>
  type in launchUpdateTypes && type !== KVM_SEV_SNP_PAGE_TYPE_VMSA;

function argumentsLegal(world: World, args: LaunchUpdateArguments): boolean {
  if (args.len === 0n && facetOr(world, 'lu.lenZero', 'nothingDone') === 'einval') return false;
  return args.len % PAGE === 0n && args.flags === 0 && typeAccepted(args.type);
}

function hasSource(world: World, type: number): boolean {
  return type !== KVM_SEV_SNP_PAGE_TYPE_ZERO || facetOr(world, 'lu.zeroSource', 'ignored') === 'needed';
}

function uaddrAligned(world: World, args: LaunchUpdateArguments): boolean {
  if (args.uaddr % PAGE === 0n || !hasSource(world, args.type)) return true;
  return facetOr(world, 'lu.uaddrAlignment', 'any') === 'any';
}

export function snpLaunchUpdate(
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
): LaunchUpdateReply {
  const { vm } = world;
  vm.updateErrno = 0;
  const slot = slotOf(world, args.gfnStart);
  const finished = vm.launch === 'finished';
  const refused = refusalOf(
    world,
    call,
    world.sendLaunch({
      type: 'UPDATE',
      snp: vm.type === 'snp' && vm.contextPfn !== NO_PFN,
      stillOpen: !finished || facetOr(world, 'lu.afterFinish', 'firmwareDecides') === 'firmwareDecides',
      readable: argumentReadable(command),
      argumentsLegal: argumentsLegal(world, args),
      uaddrAligned: uaddrAligned(world, args),
      slotHasGmem: slotHasGmem(slot),
    }),
  );
  if (refused || !slot || args.len === 0n) return replyOf(refused);
  return populate(world, command, args, slot);
}

/** What the loop over the pages came to. */
interface Populated {
  readonly slot: Slot;
  /** Pages that the loop was to do, clipped to the end of the slot. */
  readonly pages: number;
  readonly done: number;
  /** errno of the page that failed, 0 when none did. */
  readonly failed: number;
  readonly error: number;
}

/** kvm_gmem_populate and what LAUNCH_UPDATE makes of its result. */
function populate(
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
  slot: Slot,
): LaunchUpdateReply {
  const pages = Math.min(Number(args.len / PAGE), slot.firstGfn + slot.pages - args.gfnStart);
  const status: LastStatus = { last: 0 };
  const source = hasSource(world, args.type);
  let failed = anyAssigned(world, args, slot, pages) ? errno.EFAULT : 0;
  let done = 0;
  while (done < pages && failed === 0) {
    const page = {
      slot,
      gfn: args.gfnStart + done,
      source: source ? args.uaddr + BigInt(done) * PAGE : undefined,
      type: args.type,
    };
    failed = populatePage(world, command, page, status);
    if (failed === 0) done += 1;
  }
  const populated: Populated = { slot, pages, done, failed, error: status.last };
  world.vm.updateErrno = failed;
  if (failed === 0) return copyProgressOut(world, command, args, done);
  return failures[world.facet('lu.failure')](world, command, args, populated);
}

/** Where every page is looked at before the first is touched. */
function anyAssigned(world: World, args: LaunchUpdateArguments, slot: Slot, pages: number): boolean {
  if (world.facet('lu.alreadyAssigned') !== 'efaultBeforeAny') return false;
  const first = gmemPageOf(slot, args.gfnStart);
  for (let pfn = first; pfn < first + pages; pfn++) if (rmpLookup(world, pfn)?.assigned) return true;
  return false;
}

type FailureHandler = (
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
  populated: Populated,
) => LaunchUpdateReply;

/** What becomes of a call when one of its pages fails. */
const failures: Record<FacetValue<'lu.failure'>, FailureHandler> = {
  progressInStruct: (world, command, args, populated) => {
    const { done, pages } = populated;
    if (done === 0) return failedCall(world, populated);
    world.move('updateStopped', -1, { done, pages }, 'UpdateLaterPageFails');
    return copyProgressOut(world, command, args, done);
  },
  progressEintr: (world, command, args, populated) => {
    const { done, pages } = populated;
    if (done === 0) return failedCall(world, populated);
    world.move('updateStopped', -1, { done, pages }, 'UpdateLaterPageFails');
    return { ...copyProgressOut(world, command, args, done), ret: -errno.EINTR };
  },
  stayDoneNoReport: (world, _, __, populated) => failedCall(world, populated),
  noProgress: (world, _, args, populated) => {
    makeRangeShared(world, populated.slot, args.gfnStart, populated.done);
    return failedCall(world, populated);
  },
  zapWholeRange: (world, _, args, populated) => {
    makeRangeShared(world, populated.slot, args.gfnStart, populated.pages);
    return failedCall(world, populated);
  },
};

/** Whether the struct says how far a call came. */
const writesProgress: Record<FacetValue<'lu.failure'>, boolean> = {
  progressInStruct: true,
  progressEintr: true,
  stayDoneNoReport: false,
  noProgress: false,
  zapWholeRange: false,
};

function failedCall(world: World, { failed, error }: Populated): LaunchUpdateReply {
  const name = facetOr(world, 'lu.firstPageErrno', 'eio') === 'eio' ? 'EIO' : errnoOf(failed);
  return { ret: refuseCall(world, call, 'UpdateFirstPageFails', name), error };
}

function makeRangeShared(world: World, slot: Slot, gfn: number, count: number): void {
  const first = gmemPageOf(slot, gfn);
  for (let pfn = first; pfn < first + count; pfn++) {
    if (rmpLookup(world, pfn)?.assigned) kvmRmpMakeShared(world, pfn, 'launch');
  }
}

function copyProgressOut(
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
  done: number,
): LaunchUpdateReply {
  if (command.argument === 'readOnly') return replyOf(-errno.EFAULT);
  if (!writesProgress[world.facet('lu.failure')]) return replyOf(0);
  const bytes = BigInt(done) * PAGE;
  const uaddr = hasSource(world, args.type) ? args.uaddr + bytes : args.uaddr;
  return { ...replyOf(0), progress: { gfnStart: args.gfnStart + done, uaddr, len: args.len - bytes } };
}
