/** KVM_SEV_SNP_LAUNCH_UPDATE: pages of userspace become encrypted, measured pages of the guest, one by one. */
import { errno } from '../../abi/errno';
import { firmwareStatus, SEV_CMD_SNP_LAUNCH_UPDATE } from '../../abi/firmware';
import {
  KVM_SEV_SNP_PAGE_TYPE_CPUID,
  KVM_SEV_SNP_PAGE_TYPE_VMSA,
  KVM_SEV_SNP_PAGE_TYPE_ZERO,
  launchUpdateTypes,
} from '../../abi/kvm-structs';
import { rmpLookup, rmpMakePrivate } from '../hardware/rmp';
import { launchUpdatePage, type CpuidVerdict } from '../firmware/commands';
import { correctedCpuid, cpuidVerdict } from '../firmware/cpuid-page';
import { badDevice, sevDoCmd } from '../firmware/psp';
import { takeFault } from '../firmware/inject';
import type { Slot } from '../state/vm';
import { NO_PFN, type World } from '../world';
import { isPrivate } from './attributes';
import { gmemGetFolio, isPoisoned, markUpToDate, readContent, writeContent } from './gmem';
import { snpPageReclaim } from './kernel-pages';
import { gmemPageOf, slotHasGmem, slotOf } from './memory-slots';
import { argumentReadable, refusalOf, refuseCall, replyOf, type SevCommand, type SevReply } from './sev-call';
import {
  rangeReadable,
  readUser64,
  setUserContent,
  userPageOf,
  userReadable,
  userWritable,
} from './user-memory';

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
  if (args.len === 0n && world.facet('lu.lenZero') === 'einval') return false;
  return args.len % PAGE === 0n && args.flags === 0 && typeAccepted(args.type);
}

function uaddrAligned(world: World, args: LaunchUpdateArguments): boolean {
  if (args.type === KVM_SEV_SNP_PAGE_TYPE_ZERO || args.uaddr % PAGE === 0n) return true;
  return world.facet('lu.uaddrAlignment') !== 'page';
}

export function snpLaunchUpdate(
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
): LaunchUpdateReply {
  const slot = slotOf(world, args.gfnStart);
  const refused = refusalOf(
    world,
    call,
    world.sendLaunch({
      type: 'UPDATE',
      snp: world.vm.type === 'snp' && world.vm.contextPfn !== NO_PFN,
      readable: argumentReadable(command),
      argumentsLegal: argumentsLegal(world, args),
      uaddrAligned: uaddrAligned(world, args),
      slotHasGmem: slotHasGmem(slot),
    }),
  );
  if (refused || !slot || args.len === 0n) return replyOf(refused);
  return populate(world, command, args, slot);
}

/** kvm_gmem_populate and what LAUNCH_UPDATE makes of its result. */
function populate(
  world: World,
  command: SevCommand,
  args: LaunchUpdateArguments,
  slot: Slot,
): LaunchUpdateReply {
  const zero = args.type === KVM_SEV_SNP_PAGE_TYPE_ZERO;
  const wanted = Number(args.len / PAGE);
  const pages = Math.min(wanted, slot.firstGfn + slot.pages - args.gfnStart);
  const status = { last: 0 };
  let done = 0;
  while (done < pages) {
    const page: UpdatePage = {
      slot,
      gfn: args.gfnStart + done,
      source: zero ? undefined : args.uaddr + BigInt(done) * PAGE,
      type: args.type,
    };
    if (!populatePage(world, command, page, status)) break;
    done += 1;
  }
  if (done === 0 && pages > 0) {
    return { ret: refuseCall(world, call, 'UpdateFirstPageFails', 'EIO'), error: status.last };
  }
  if (done < pages) world.move('updateStopped', -1, { done, pages }, 'UpdateLaterPageFails');
  return copyProgressOut(command, args, { done, zero });
}

function copyProgressOut(
  command: SevCommand,
  args: LaunchUpdateArguments,
  { done, zero }: { readonly done: number; readonly zero: boolean },
): LaunchUpdateReply {
  const bytes = BigInt(done) * PAGE;
  const progress: LaunchUpdateProgress = {
    gfnStart: args.gfnStart + done,
    uaddr: zero ? args.uaddr : args.uaddr + bytes,
    len: args.len - bytes,
  };
  if (command.argument === 'readOnly') return replyOf(-errno.EFAULT);
  return { ...replyOf(0), progress };
}

interface UpdatePage {
  readonly slot: Slot;
  readonly gfn: number;
  /** Where the bytes come from; missing for type ZERO. */
  readonly source: bigint | undefined;
  readonly type: number;
}

/** One page of the loop. @returns whether it worked; every inner errno looks alike from outside */
function populatePage(
  world: World,
  command: SevCommand,
  page: UpdatePage,
  status: { last: number },
): boolean {
  if (takeFault(world, 'signal')) return false;
  if (page.source === 0n) {
    world.move('kernelWarn', -1, { what: 'no source page' }, 'UpdateFirstPageFails');
    return false;
  }
  const pinned = world.facet('lu.sourceRead') === 'beforePage';
  if (pinned && page.source !== undefined && !pinSource(world, page.source, page.type)) return false;
  if (page.slot.backing === 'closed') return false;
  const pfn = gmemPageOf(page.slot, page.gfn);
  if (gmemGetFolio(world, pfn) !== 0 || isPoisoned(world, pfn)) return false;
  if (!isPrivate(world, page.gfn)) return false;
  if (!gmemPostPopulate(world, command, page, pfn, status)) return false;
  markUpToDate(world, pfn);
  return true;
}

/** Pins one page of the source; a CPUID page may be corrected, so it must be writable. */
function pinSource(world: World, source: bigint, type: number): boolean {
  if (type === KVM_SEV_SNP_PAGE_TYPE_CPUID && world.facet('lu.cpuidReadOnlySource') === 'refused') {
    return userWritable(world, source);
  }
  return userReadable(world, source);
}

/** sev_gmem_post_populate: copy, RMPUPDATE to Pre-Guest, firmware. */
function gmemPostPopulate(
  world: World,
  command: SevCommand,
  { gfn, source, type }: UpdatePage,
  pfn: number,
  status: { last: number },
): boolean {
  const entry = rmpLookup(world, pfn);
  if (!entry || entry.assigned) return false;
  if (source !== undefined) {
    // A copy that meets an unreadable page has written what lies before it.
    if (userReadable(world, source)) writeContent(world, pfn, readUser64(world, source));
    if (!rangeReadable(world, source, Number(PAGE))) return false;
  }
  const { asid, contextPfn } = world.vm;
  if (!rmpMakePrivate(world, pfn, { gfn, asid, immutable: true, twoMeg: false })) return false;
  const content: CpuidVerdict =
    type === KVM_SEV_SNP_PAGE_TYPE_CPUID ? cpuidVerdict(readContent(world, pfn)) : 'legal';
  const result = command.sevDevice
    ? sevDoCmd(world, SEV_CMD_SNP_LAUNCH_UPDATE, () => {
        const answer = launchUpdatePage(world, contextPfn, { pfn, vmsa: false, content });
        if (answer === firmwareStatus.INVALID_PARAM && content === 'corrected') {
          writeContent(world, pfn, correctedCpuid(readContent(world, pfn)));
        }
        return answer;
      })
    : badDevice;
  if (result.ret === 0) return true;
  status.last = result.error ?? 0;
  const reclaimed = snpPageReclaim(world, pfn);
  const corrected = type === KVM_SEV_SNP_PAGE_TYPE_CPUID && result.error === firmwareStatus.INVALID_PARAM;
  if (reclaimed && corrected && source !== undefined) copyCpuidBack(world, pfn, source);
  return false;
}

/** The corrected table goes to the source page; where that cannot be written it is lost without a word. */
function copyCpuidBack(world: World, pfn: number, source: bigint): void {
  if (!userWritable(world, source)) return;
  const page = userPageOf(world, source);
  if (page === undefined) return;
  setUserContent(world, page, readContent(world, pfn));
  world.move('cpuidCorrected', -1, { uaddr: source }, 'CpuidWrittenBack');
}
