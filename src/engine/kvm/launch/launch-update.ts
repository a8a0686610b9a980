/** KVM_SEV_SNP_LAUNCH_UPDATE: pages become encrypted, measured pages of the guest, one by one. */
import { PAGE_BYTES, pagesToBytes } from '../../../abi/address';
import { errno, type ErrnoName } from '../../../abi/errno';
import { KVM_SEV_SNP_PAGE_TYPE_VMSA, launchUpdateTypes } from '../../../abi/kvm-structs';
import { carryOut } from '../../../machines/effects';
import type { FacetValue, KnownValue } from '../../../profiles/facets';
import { copiesFromUserspace, reclaimMakesShared } from '../../../profiles/facets/launch-update';
import { rmpLookup } from '../../hardware/rmp';
import { NO_PFN, type World } from '../../world';
import { kvmRmpMakeShared } from '../memory/kernel-pages';
import { hasSource, launchPages, pageCount, type LaunchPage, type LaunchPages } from './launch-pages';
import type { LaunchUpdateArguments } from './launch-update-struct';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';
import { newAttempt, populatePage, type Attempt } from './populate-page';
import {
  argumentReadable,
  errnoOf,
  goesOn,
  refuseCall,
  replyOf,
  type SevCommand,
  type SevReply,
} from './sev-call';
import { isHvaRegistered } from '../memory/user-memory';

export type { LaunchUpdateArguments } from './launch-update-struct';

/** The three fields that KVM writes back. */
export interface LaunchUpdateProgress {
  readonly gfnStart: number;
  readonly uaddr: bigint;
  readonly len: bigint;
}

export interface LaunchUpdateReply extends SevReply {
  /** The struct after the call, when it was written back. */
  progress?: LaunchUpdateProgress;
}

const call = 'KVM_SEV_SNP_LAUNCH_UPDATE';

const lenAndTypeLegal = ({ len, type }: LaunchUpdateArguments): boolean =>
  len % PAGE_BYTES === 0n && type in launchUpdateTypes && type !== KVM_SEV_SNP_PAGE_TYPE_VMSA;

/** The arguments that KVM accepts. */
const argumentChecks: Record<KnownValue<'lu.argumentChecks'>, (args: LaunchUpdateArguments) => boolean> = {
  none: () => true,
  lenAndType: lenAndTypeLegal,
  lenFlagsAndType: (args) => lenAndTypeLegal(args) && args.flags === 0,
};

function argumentsLegal(world: World, args: LaunchUpdateArguments): boolean {
  if (args.len === 0n && world.facet('lu.lenZero') === 'einval') return false;
  return argumentChecks[world.facet('lu.argumentChecks')](args);
}

function uaddrAligned(world: World, args: LaunchUpdateArguments): boolean {
  const { uaddr, type } = args;
  if ((uaddr !== 0n && uaddr % PAGE_BYTES === 0n) || !hasSource(world, type)) return true;
  const wanted = world.facet('lu.uaddrAlignment');
  return uaddr === 0n ? wanted !== 'page+notZero' : wanted !== 'page' && wanted !== 'page+notZero';
}

/** Whether the memory of the call is of the kind that this kernel requires, checked before any change. */
const memoryFound: Record<FacetValue<'lu.source'>, (world: World, args: LaunchUpdateArguments) => boolean> = {
  anyUserAddress: (world, { gfnStart }) => slotHasGmem(slotOf(world, gfnStart)),
  registeredRegion: (world, { uaddr, len }) => isHvaRegistered(world, uaddr, len),
  uaddrInMemslot: () => true,
  sharedSideOfSameGfn: () => true,
};

/** The errno of "no SNP guest with a context", which differs between generations. */
function notStartedErrno(world: World): ErrnoName {
  const { vm } = world;
  const snpGuest = vm.sevActive && vm.type === 'snp';
  return !snpGuest && world.facet('lu.notSnp') === 'enotty' ? 'ENOTTY' : 'EINVAL';
}

export function snpLaunchUpdate(
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
): LaunchUpdateReply {
  const { vm } = world;
  vm.updateErrno = 0;
  const finished = vm.launch === 'finished';
  const registered =
    world.facet('lu.source') !== 'registeredRegion' || memoryFound.registeredRegion(world, args);
  const effects = world.decideLaunch({
    type: 'UPDATE',
    snp: vm.type === 'snp' && vm.contextPfn !== NO_PFN,
    stillOpen: !finished || world.facet('lu.afterFinish') === 'firmwareDecides',
    readable: argumentReadable(command),
    argumentsLegal: argumentsLegal(world, args),
    uaddrAligned: uaddrAligned(world, args),
    regionRegistered: registered,
    slotHasGmem: !registered || memoryFound[world.facet('lu.source')](world, args),
  });
  const refused =
    carryOut(effects, {
      refuse: ({ reason }) =>
        refuseCall(world, call, reason, reason === 'UpdateNotStarted' ? notStartedErrno(world) : undefined),
      populate: goesOn,
    }) ?? 0;
  if (refused || args.len === 0n) return replyOf(refused);
  return populate(world, command, args);
}

/** Result of the loop over the pages. */
interface Populated {
  /** All pages of the call. */
  readonly pages: LaunchPages;
  /** How many of them were encrypted. */
  readonly done: number;
  /** The progress of the page that failed. */
  readonly attempt: Attempt;
  /** errno of the page that failed, 0 when none did. */
  readonly failed: number;
}

/** The loop over the pages, and the result of LAUNCH_UPDATE that follows from it. */
function populate(world: World, command: SevCommand, args: LaunchUpdateArguments): LaunchUpdateReply {
  const pages = launchPages(world, args, pageCount(world, args));
  if (pages.count === 0) {
    world.move('updateSkipped', -1, { uaddr: args.uaddr }, 'UpdateOutsideSlots');
    return replyOf(0);
  }
  let attempt = newAttempt();
  let failed = anyAssigned(world, pages) ? errno.EFAULT : 0;
  let done = 0;
  while (failed === 0 && done < pages.count) {
    world.look();
    attempt = newAttempt(attempt);
    failed = populatePage(world, command, pages.at(done), attempt);
    if (failed === 0) done += 1;
  }
  world.vm.updateErrno = failed;
  if (failed === 0) return copyProgressOut(world, command, args, done);
  return failures[world.facet('lu.failure')](world, command, args, { pages, done, attempt, failed });
}

/** For kernels that check every page before they change the first. */
function anyAssigned(world: World, pages: LaunchPages): boolean {
  if (world.facet('lu.alreadyAssigned') !== 'efaultBeforeAny') return false;
  for (let index = 0; index < pages.count; index++) {
    world.look();
    const { slot, gfn } = pages.at(index);
    if (slot && rmpLookup(world, gmemPageOf(slot, gfn))?.assigned) return true;
  }
  return false;
}

type FailureHandler = (
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
  populated: Populated,
) => LaunchUpdateReply;

/** The end of a call when one of its pages fails. */
const failures: Record<FacetValue<'lu.failure'>, FailureHandler> = {
  progressInStruct: (world, command, args, populated) => {
    const { done, pages } = populated;
    giveBackFailedPage(world, populated);
    if (done === 0) return failedCall(world, populated);
    world.move('updateStopped', -1, { done, pages: pages.count }, 'UpdateLaterPageFails');
    return copyProgressOut(world, command, args, done);
  },
  progressEintr: (world, _, __, populated) => {
    const { done, pages } = populated;
    giveBackFailedPage(world, populated);
    if (done === 0) return failedCall(world, populated);
    world.move('updateStopped', -1, { done, pages: pages.count }, 'UpdateLaterPageFailsEintr');
    return replyOf(-errno.EINTR);
  },
  // The clean-up iterates over the pages, but uses the number of the last one each time.
  stayDoneNoReport: (world, _, __, populated) => {
    const last = pageAt(populated, populated.done);
    const times = populated.done + (populated.attempt.madePrivate ? 1 : 0);
    for (let time = 0; time < times; time++) if (last) makePageShared(world, last);
    return failedCall(world, populated);
  },
  noProgress: (world, _, __, populated) => {
    undoShareOfSlot(world, populated);
    return failedCall(world, populated);
  },
  zapWholeRange: (world, _, __, populated) => {
    for (let index = 0; index < populated.pages.count; index++)
      makePageShared(world, populated.pages.at(index));
    return failedCall(world, populated);
  },
};

/** Undoes the call for the pages in the memory slot of the failing page. */
function undoShareOfSlot(world: World, { pages, done, attempt }: Populated): void {
  if (attempt.alreadyAssigned && world.facet('lu.alreadyAssigned') === 'efaultAndLeak') {
    world.finding(
      'violation',
      'LAUNCH_UPDATE returns past its release path: it keeps references to its pages',
    );
    return;
  }
  const end = done + (attempt.got ? 1 : 0);
  const slot = pageAt({ pages }, done)?.slot;
  for (let index = 0; index < end; index++) {
    const page = pages.at(index);
    if (page.slot === slot) makePageShared(world, page);
  }
}

const pageAt = ({ pages }: Pick<Populated, 'pages'>, index: number): LaunchPage | undefined =>
  index < pages.count ? pages.at(index) : undefined;

function makePageShared(world: World, { slot, gfn }: LaunchPage): void {
  world.look();
  if (slot) kvmRmpMakeShared(world, gmemPageOf(slot, gfn), 'launch');
}

/** The failing page goes back to the host, where the reclaim has not done that already. */
function giveBackFailedPage(world: World, { pages, done, attempt }: Populated): void {
  const page = pageAt({ pages }, done);
  const reclaimShares = reclaimMakesShared(world.facet('lu.reclaim'));
  if (page && attempt.madePrivate && !attempt.shared && !reclaimShares) makePageShared(world, page);
}

/** Whether the struct reports the progress of a call. */
const writesProgress: Record<FacetValue<'lu.failure'>, boolean> = {
  progressInStruct: true,
  progressEintr: false,
  stayDoneNoReport: false,
  noProgress: false,
  zapWholeRange: false,
};

function failedCall(world: World, { failed, attempt }: Populated): LaunchUpdateReply {
  const eio = world.facet('lu.firstPageErrno') === 'eio';
  const rule = eio ? 'UpdateFirstPageFails' : 'UpdatePageFails';
  const ret = refuseCall(world, call, rule, eio ? 'EIO' : errnoOf(failed));
  return { ret, error: errorOf(world, attempt) };
}

/** Where pages are copied KVM fills `error` at the end of a failed call; elsewhere the firmware command does it. */
function errorOf(world: World, { asked, status }: Attempt): number | undefined {
  return copiesFromUserspace(world.facet('lu.source')) || asked ? status : undefined;
}

function copyProgressOut(
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
  done: number,
): LaunchUpdateReply {
  const throughCommand = !copiesFromUserspace(world.facet('lu.source'));
  if (!writesProgress[world.facet('lu.failure')]) return { ret: 0, error: throughCommand ? 0 : undefined };
  if (command.argument === 'readOnly') return replyOf(-errno.EFAULT);
  const bytes = pagesToBytes(done);
  const uaddr = hasSource(world, args.type) ? args.uaddr + bytes : args.uaddr;
  return { ...replyOf(0), progress: { gfnStart: args.gfnStart + done, uaddr, len: args.len - bytes } };
}
