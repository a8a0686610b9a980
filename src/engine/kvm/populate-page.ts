/** One page of LAUNCH_UPDATE: source, guest_memfd, RMPUPDATE to Pre-Guest, firmware, and the way back. */
import { errno } from '../../abi/errno';
import { firmwareStatus, SEV_CMD_SNP_LAUNCH_UPDATE } from '../../abi/firmware';
import { KVM_SEV_SNP_PAGE_TYPE_CPUID } from '../../abi/kvm-structs';
import type { FacetValue } from '../../profiles/facets';
import { launchUpdatePage, type CpuidVerdict } from '../firmware/commands';
import { correctedCpuid, cpuidVerdict } from '../firmware/cpuid-page';
import { takeFault } from '../firmware/inject';
import { badDevice, sevDoCmd, type PspResult } from '../firmware/psp';
import { rmpLookup, rmpMakePrivate } from '../hardware/rmp';
import type { Slot } from '../state/vm';
import type { World } from '../world';
import { isPrivate } from './attributes';
import { gmemGetFolio, isPoisoned, markUpToDate, readContent, writeContent } from './gmem';
import { snpPageReclaim } from './kernel-pages';
import { gmemPageOf } from './memory-slots';
import type { SevCommand } from './sev-call';
import { facetOr } from './unspecified';
import {
  rangeReadable,
  readUser64,
  setUserContent,
  userPageOf,
  userReadable,
  userWritable,
} from './user-memory';

export interface UpdatePage {
  readonly slot: Slot;
  readonly gfn: number;
  /** Where the bytes come from; missing when the type has no source. */
  readonly source: bigint | undefined;
  readonly type: number;
}

/** What the firmware last said during a call. */
export interface LastStatus {
  last: number;
}

const PAGE_BYTES = 0x1000;

/** Whether the kernel takes the bytes from any address of userspace, and not from the shared side of the frame. */
const fromUserAddress = (world: World): boolean => world.facet('lu.source') === 'anyUserAddress';

/** @returns 0 or the errno inside the loop */
export function populatePage(
  world: World,
  command: SevCommand,
  page: UpdatePage,
  status: LastStatus,
): number {
  if (takeFault(world, 'signal')) return errno.EINTR;
  if (page.source === 0n) {
    world.move('kernelWarn', -1, { what: 'no source page' }, 'UpdateFirstPageFails');
    return errno.EINVAL;
  }
  if (page.source !== undefined && fromUserAddress(world) && !pinSource(world, page.source, page.type)) {
    return errno.EFAULT;
  }
  if (page.slot.backing === 'closed') return errno.EFAULT;
  const pfn = gmemPageOf(page.slot, page.gfn);
  const missing = gmemGetFolio(world, pfn);
  if (missing) return missing;
  if (isPoisoned(world, pfn)) return errno.EHWPOISON;
  const wantsAttribute = facetOr(world, 'lu.privateAttribute', 'required') === 'required';
  if (wantsAttribute && !isPrivate(world, page.gfn)) return errno.EINVAL;
  const failed = gmemPostPopulate(world, command, page, { pfn, status });
  if (failed === 0) markUpToDate(world, pfn);
  return failed;
}

/** Pins one page of the source, where the kernel does; a CPUID page may be corrected, so it must be writable. */
function pinSource(world: World, source: bigint, type: number): boolean {
  const readable = userReadable(world, source);
  if (readable && type === KVM_SEV_SNP_PAGE_TYPE_CPUID && !userWritable(world, source)) {
    return facetOr(world, 'lu.cpuidReadOnlySource', 'accepted') === 'accepted';
  }
  return readable || facetOr(world, 'lu.sourceRead', 'afterPage') === 'afterPage';
}

/** What an RMP entry that is assigned already means. @returns the errno, or 0 to go on */
const whenAssigned: Record<FacetValue<'lu.alreadyAssigned'>, number> = {
  overwritten: 0,
  reject: errno.EEXIST,
  efaultBeforeAny: errno.EFAULT,
  efaultAndLeak: errno.EFAULT,
  einvalInside: errno.EINVAL,
  eexistInside: errno.EEXIST,
};

/** sev_gmem_post_populate: copy, RMPUPDATE to Pre-Guest, firmware. @returns 0 or an errno */
function gmemPostPopulate(
  world: World,
  command: SevCommand,
  page: UpdatePage,
  { pfn, status }: { readonly pfn: number; readonly status: LastStatus },
): number {
  const entry = rmpLookup(world, pfn);
  if (!entry) return errno.EINVAL;
  const taken = entry.assigned ? whenAssigned[world.facet('lu.alreadyAssigned')] : 0;
  if (taken) return taken;
  if (!copySource(world, page, pfn)) return errno.EFAULT;
  const { asid } = world.vm;
  if (!rmpMakePrivate(world, pfn, { gfn: page.gfn, asid, immutable: true, twoMeg: false })) {
    return errno.EFAULT;
  }
  const result = askFirmware(world, command, page.type, pfn);
  if (result.ret === 0) return 0;
  status.last = result.error ?? 0;
  const reclaimed = snpPageReclaim(world, pfn);
  const corrected =
    page.type === KVM_SEV_SNP_PAGE_TYPE_CPUID && result.error === firmwareStatus.INVALID_PARAM;
  if (reclaimed && corrected) copyCpuidBack(world, page, pfn);
  return -result.ret;
}

function sharedContent(world: World, gfn: number): bigint {
  const low = BigInt(world.pages.sharedLow.get(gfn) >>> 0);
  return low | (BigInt(world.pages.sharedHigh.get(gfn) >>> 0) << 32n);
}

/** Brings the bytes into the page while it is still the host's. @returns false when they cannot be read */
function copySource(world: World, { source, gfn }: UpdatePage, pfn: number): boolean {
  if (source === undefined) return true;
  if (!fromUserAddress(world)) {
    writeContent(world, pfn, sharedContent(world, gfn));
    return true;
  }
  // A copy that meets an unreadable page has written what lies before it.
  if (userReadable(world, source)) writeContent(world, pfn, readUser64(world, source));
  return rangeReadable(world, source, PAGE_BYTES);
}

function askFirmware(world: World, command: SevCommand, type: number, pfn: number): PspResult {
  if (!command.sevDevice) return badDevice;
  const { contextPfn } = world.vm;
  const content: CpuidVerdict =
    type === KVM_SEV_SNP_PAGE_TYPE_CPUID ? cpuidVerdict(readContent(world, pfn)) : 'legal';
  return sevDoCmd(world, SEV_CMD_SNP_LAUNCH_UPDATE, () => {
    const answer = launchUpdatePage(world, contextPfn, { pfn, vmsa: false, content });
    if (answer === firmwareStatus.INVALID_PARAM && content === 'corrected') {
      writeContent(world, pfn, correctedCpuid(readContent(world, pfn)));
    }
    return answer;
  });
}

/** The corrected table goes back to userspace; where that cannot be written it is lost without a word. */
function copyCpuidBack(world: World, { source, gfn }: UpdatePage, pfn: number): void {
  const content = readContent(world, pfn);
  if (facetOr(world, 'lu.cpuidCorrection', 'sourceBuffer') !== 'sourceBuffer') {
    world.pages.sharedLow.set(gfn, Number(content & 0xffffffffn) | 0);
    world.pages.sharedHigh.set(gfn, Number(content >> 32n) | 0);
    world.move('cpuidCorrected', -1, { uaddr: BigInt(gfn) << 12n }, 'CpuidWrittenBack');
    return;
  }
  if (source === undefined || !userWritable(world, source)) return;
  const page = userPageOf(world, source);
  if (page === undefined) return;
  setUserContent(world, page, content);
  world.move('cpuidCorrected', -1, { uaddr: source }, 'CpuidWrittenBack');
}
