/** One page of LAUNCH_UPDATE: source, guest_memfd, RMPUPDATE to Pre-Guest, firmware, and the error path. */
import { PAGE_SIZE } from '../../../abi/address';
import { hex } from '../../../base/hex';
import { errno } from '../../../abi/errno';
import { firmwareStatus, SEV_CMD_SNP_LAUNCH_UPDATE } from '../../../abi/firmware';
import {
  KVM_SEV_SNP_PAGE_TYPE_CPUID,
  KVM_SEV_SNP_PAGE_TYPE_VMSA,
  KVM_SEV_SNP_PAGE_TYPE_ZERO,
  launchUpdateTypes,
} from '../../../abi/kvm-structs';
import type { FacetValue, KnownValue } from '../../../profiles/facets';
import { usesGuestMemfd } from '../../../profiles/facets/guest-memory';
import { copiesFromUserspace, reclaimMakesShared } from '../../../profiles/facets/launch-update';
import { launchUpdatePage, type CpuidVerdict } from '../../firmware/commands';
import { correctedCpuid, cpuidVerdict, refusedLeaf } from '../../firmware/cpuid-page';
import { takeFault } from '../../faults';
import { badDevice, sevDoCmd, type PspResult } from '../../firmware/psp';
import { rmpLookup, rmpMakePrivate } from '../../hardware/rmp';
import type { World } from '../../world';
import { isPrivate } from '../../frames/attributes';
import {
  gmemGetFolio,
  hasDirectMap,
  isPoisoned,
  markUpToDate,
  readContent,
  writeContent,
} from '../memory/gmem';
import { kvmRmpMakeShared, snpPageReclaim } from '../memory/kernel-pages';
import type { LaunchPage } from './launch-pages';
import { gmemPageOf, slotHasGmem } from '../../frames/slots';
import type { SevCommand } from './sev-call';
import { rangeReadable, readUser64, userReadable, userWritable, writeUser64 } from '../memory/user-memory';

/** The progress of one page of a call; the clean-up of each generation uses another part of it. */
export interface Attempt {
  /** The last firmware status of the call. */
  status: number;
  /** A firmware command was sent during the call. */
  asked: boolean;
  /** KVM holds the host page. */
  got: boolean;
  /** The RMP assigned the host page before the call reached it. */
  alreadyAssigned: boolean;
  /** KVM made it private in the RMP. */
  madePrivate: boolean;
  /** KVM made it shared again before its clean-up. */
  shared: boolean;
}

/** The initial progress of a page; the firmware status is carried over from page to page. */
export const newAttempt = (before?: Attempt): Attempt => ({
  status: before?.status ?? 0,
  asked: before?.asked ?? false,
  got: false,
  alreadyAssigned: false,
  madePrivate: false,
  shared: false,
});

/** Whether the bytes are copied from any user address, and are not taken from the mapping of the frame. */
const fromUserAddress = (world: World): boolean => copiesFromUserspace(world.facet('lu.source'));

/** Whether the shared page is the private one. */
export const inPlace = (world: World): boolean => !usesGuestMemfd(world.facet('mem.private'));

/** @returns 0 or the errno inside the loop */
export function populatePage(world: World, command: SevCommand, page: LaunchPage, attempt: Attempt): number {
  if (fromUserAddress(world) && takeFault(world, 'signal')) return errno.EINTR;
  if (!page.slot) return outsideSlots(world);
  if (page.source === 0n) {
    world.move('kernelWarn', -1, { what: 'no source page' }, 'UpdateFirstPageFails');
    return errno.EINVAL;
  }
  if (page.source !== undefined && fromUserAddress(world) && !pinSource(world, page.source, page.type)) {
    return errno.EFAULT;
  }
  if (page.slot.backing === 'closed') return errno.EFAULT;
  if (!inPlace(world) && !slotHasGmem(page.slot)) return errno.EINVAL;
  const pfn = gmemPageOf(page.slot, page.gfn);
  const missing = gmemGetFolio(world, pfn);
  if (missing) return missing;
  attempt.got = true;
  if (isPoisoned(world, pfn)) return errno.EHWPOISON;
  const wantsAttribute = world.facet('lu.privateAttribute') === 'required';
  if (wantsAttribute && !isPrivate(world, page.gfn)) return errno.EINVAL;
  const failed = gmemPostPopulate(world, command, page, pfn, attempt);
  if (failed === 0) markUpToDate(world, pfn);
  return failed;
}

/** An address that no slot covers: the frame cannot be found, or is not needed. @returns 0 or an errno */
function outsideSlots(world: World): number {
  if (world.facet('lu.source') !== 'registeredRegion') return errno.EINVAL;
  world.finding(
    'unmodelled',
    'a registered page outside all memory slots is encrypted: the model has no RMP entry for it',
  );
  return 0;
}

/** Pins one page of the source, where the kernel does; a CPUID page may be corrected, so it must be writable. */
function pinSource(world: World, source: bigint, type: number): boolean {
  const readable = userReadable(world, source);
  if (readable && type === KVM_SEV_SNP_PAGE_TYPE_CPUID && !userWritable(world, source)) {
    return world.facet('lu.cpuidReadOnlySource') === 'accepted';
  }
  return readable || world.facet('lu.sourceRead') === 'afterPage';
}

/** The effect of an RMP entry that is assigned already. @returns the errno, or 0 to continue */
const whenAssigned: Record<FacetValue<'lu.alreadyAssigned'>, number> = {
  overwritten: 0,
  reject: errno.EEXIST,
  efaultBeforeAny: errno.EFAULT,
  efaultAndLeak: errno.EFAULT,
  einvalInside: errno.EINVAL,
  eexistInside: errno.EEXIST,
};

/** What KVM assumes about the memory behind a page. @returns the errno for a page without direct-map address, or 0 */
const withoutDirectMap: Record<KnownValue<'lu.directMap'>, (world: World) => number> = {
  pinnedPages: (world) => {
    world.finding('ambiguity', 'pinning fails with an error pointer, which the posting takes for pages');
    return errno.ENOMEM;
  },
  virtAddrValid: () => errno.EINVAL,
  temporaryMapping: () => 0,
};

/** Checks before the page is changed: its RMP entry and its address. @returns 0 or an errno */
function checkPage(world: World, pfn: number, attempt: Attempt): number {
  const entry = rmpLookup(world, pfn);
  if (!entry) return errno.EINVAL;
  attempt.alreadyAssigned = entry.assigned;
  const taken = entry.assigned ? whenAssigned[world.facet('lu.alreadyAssigned')] : 0;
  if (taken) return taken;
  if (hasDirectMap(world, pfn)) return 0;
  return withoutDirectMap[world.facet('lu.directMap')](world);
}

/** sev_gmem_post_populate and its forerunners: copy, RMPUPDATE to Pre-Guest, firmware. @returns 0 or an errno */
function gmemPostPopulate(
  world: World,
  command: SevCommand,
  page: LaunchPage,
  pfn: number,
  attempt: Attempt,
): number {
  const refused = checkPage(world, pfn, attempt);
  if (refused) return refused;
  if (!copySource(world, page, pfn)) return errno.EFAULT;
  const { asid } = world.vm;
  if (!rmpMakePrivate(world, pfn, { gfn: page.rmpGfn, asid, immutable: true, twoMeg: false })) {
    return errno.EFAULT;
  }
  attempt.madePrivate = true;
  const result = askFirmware(world, command, page.type, pfn);
  if (result.error !== undefined) {
    attempt.status = result.error;
    attempt.asked = true;
  }
  if (result.ret === 0) return 0;
  const reclaimed = snpPageReclaim(world, pfn);
  const corrected =
    page.type === KVM_SEV_SNP_PAGE_TYPE_CPUID && result.error === firmwareStatus.INVALID_PARAM;
  if (reclaimed && corrected) copyCpuidBack(world, page, pfn, attempt);
  return -result.ret;
}

/** Brings the bytes into the page while it is still the host's. @returns false when they cannot be read */
function copySource(world: World, { source }: LaunchPage, pfn: number): boolean {
  if (source === undefined) return true;
  // A copy that stops at an unreadable page has written the bytes before it.
  if (userReadable(world, source)) writeContent(world, pfn, readUser64(world, source));
  return rangeReadable(world, source, PAGE_SIZE);
}

function askFirmware(world: World, command: SevCommand, type: number, pfn: number): PspResult {
  if (!command.sevDevice) return badDevice;
  const { contextPfn } = world.vm;
  const content: CpuidVerdict =
    type === KVM_SEV_SNP_PAGE_TYPE_CPUID ? cpuidVerdict(readContent(world, pfn)) : 'legal';
  return sevDoCmd(world, SEV_CMD_SNP_LAUNCH_UPDATE, () => {
    const vmsa = type === KVM_SEV_SNP_PAGE_TYPE_VMSA;
    const typeKnown = type in launchUpdateTypes;
    const answer = launchUpdatePage(world, contextPfn, {
      pfn,
      vmsa,
      content,
      typeKnown,
      cleared: type === KVM_SEV_SNP_PAGE_TYPE_ZERO,
    });
    if (answer === firmwareStatus.INVALID_PARAM && content === 'corrected') {
      const refused = refusedLeaf(readContent(world, pfn));
      if (refused) {
        const { leaf, register } = refused;
        world.finding('note', `the firmware refuses ${register} of CPUID leaf ${hex(leaf)} and corrects it`);
      }
      writeContent(world, pfn, correctedCpuid(readContent(world, pfn)));
    }
    return answer;
  });
}

/** Copies the corrected table to userspace; a failing copy is ignored and the correction is lost. */
function copyCpuidBack(world: World, { source }: LaunchPage, pfn: number, attempt: Attempt): void {
  const content = readContent(world, pfn);
  const where = world.facet('lu.cpuidCorrection');
  // In place nothing is copied: the firmware wrote the page that userspace maps.
  if (where !== 'inPlace' && !reclaimMakesShared(world.facet('lu.reclaim'))) {
    attempt.shared = kvmRmpMakeShared(world, pfn, 'launch');
    if (!attempt.shared && where === 'sourceBuffer') return;
  }
  if (source === undefined || !userWritable(world, source)) return;
  writeUser64(world, source, content);
  world.move('cpuidCorrected', -1, { uaddr: source }, 'CpuidWrittenBack');
}
