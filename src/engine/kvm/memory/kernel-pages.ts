/** Kernel pages: VMSAs, firmware pages, request pages; and the list of leaked pages. */
import { PAGES_PER_LARGE_PAGE } from '../../../abi/address';
import { reclaimMakesShared } from '../../../profiles/facets/launch-update';
import { rmpEntry, rmpMakePrivate, rmpMakeShared } from '../../hardware/rmp';
import { SEV_CMD_SNP_PAGE_RECLAIM } from '../../../abi/firmware';
import { pageReclaim } from '../../firmware/commands';
import { allocationFails } from '../../faults';
import { sevDoCmd } from '../../firmware/psp';
import {
  hostPageBits,
  KERNEL_KIND_SHIFT,
  KERNEL_NUMBER_SHIFT,
  LEAK_COUNT_SHIFT,
} from '../../memory/page-bits';
import { NO_PFN, type World } from '../../world';

export type KernelPageKind = 'vmsa' | 'firmware' | 'request';

const kinds = ['none', 'vmsa', 'firmware', 'request'] as const;
const prefixes = { none: 'gmem', vmsa: 'vmsa', firmware: 'fw', request: 'req' } as const;
const KIND_MASK = 0xf;
const LEAK_MASK = 0xf;

/** Name of a host page for people, from its `hostPage` word: `gmem7`, `vmsa0`, `fw1`. */
export function hostPageName(word: number, pfn: number): string {
  const kind = kinds[(word >>> KERNEL_KIND_SHIFT) & KIND_MASK] ?? 'none';
  return `${prefixes[kind]}${kind === 'none' ? pfn : word >>> KERNEL_NUMBER_SHIFT}`;
}

/** Name of a host page for people; `gmem2.7` is page 7 of guest_memfd 2. */
export function pageName(world: World, pfn: number): string {
  if (pfn < world.firstOtherFilePage) return hostPageName(world.pages.hostPage.get(pfn), pfn);
  const file = world.files.find(({ firstPfn, pages }) => pfn >= firstPfn && pfn < firstPfn + pages);
  return file ? `gmem${file.index}.${pfn - file.firstPfn}` : hostPageName(0, pfn);
}

/** How often a page is on the leak list. */
export const leakCount = (world: World, pfn: number): number =>
  (world.pages.hostPage.get(pfn) >>> LEAK_COUNT_SHIFT) & LEAK_MASK;

/** The next page of the allocator; a freed page is reused only when no unused one is left. */
function nextKernelPage(world: World, kind: KernelPageKind): number | undefined {
  const first = world.config.gmemPages;
  const { hostPage, rmp } = world.pages;
  for (;;) {
    const pfn = first + world.host.kernelPages;
    if (pfn >= world.firstOtherFilePage) break;
    world.host.kernelPages += 1;
    // Erratum: a VMSA page must not start a 2 MiB page.
    if (kind === 'vmsa' && pfn % PAGES_PER_LARGE_PAGE === 0) continue;
    return pfn;
  }
  for (let pfn = first; pfn < world.firstOtherFilePage; pfn++) {
    const free = (hostPage.get(pfn) & hostPageBits.allocated) === 0 && leakCount(world, pfn) === 0;
    const vmsaAtLargePage = kind === 'vmsa' && pfn % PAGES_PER_LARGE_PAGE === 0;
    if (free && rmp.get(pfn) === 0 && !vmsaAtLargePage) return pfn;
  }
  return undefined;
}

function takeNumber(world: World, kind: KernelPageKind): number {
  const { host } = world;
  switch (kind) {
    case 'vmsa':
      return host.vmsaPages++;
    case 'firmware':
      return host.firmwarePages++;
    case 'request':
      return host.requestPages++;
  }
}

/** @returns the page, or NO_PFN when there is no memory */
export function allocateKernelPage(world: World, kind: KernelPageKind): number {
  if (allocationFails(world, kind)) return NO_PFN;
  const pfn = nextKernelPage(world, kind);
  if (pfn === undefined) return NO_PFN;
  const number = takeNumber(world, kind);
  const word =
    hostPageBits.allocated | (kinds.indexOf(kind) << KERNEL_KIND_SHIFT) | (number << KERNEL_NUMBER_SHIFT);
  world.pages.hostPage.set(pfn, word);
  return pfn;
}

export function freeKernelPage(world: World, pfn: number): void {
  if (rmpEntry(world, pfn).assigned) world.move('freedAssigned', -1, { pfn }, 'FirmwarePageLeaked');
  world.pages.hostPage.set(pfn, world.pages.hostPage.get(pfn) & ~hostPageBits.allocated);
}

/** snp_leak_pages. */
export function snpLeakPages(world: World, pfn: number, pages = 1): void {
  for (let page = pfn; page < pfn + pages; page++) {
    const word = world.pages.hostPage.get(page);
    if (leakCount(world, page) < LEAK_MASK) world.pages.hostPage.set(page, word + (1 << LEAK_COUNT_SHIFT));
  }
  world.host.leakedPages += pages;
  world.move('pageLeaked', -1, { pfn, pages }, 'FirmwarePageLeaked');
}

/** snp_alloc_firmware_page. @returns the page in Firmware state, or NO_PFN; a page whose transition fails is lost */
export function snpAllocFirmwarePage(world: World): number {
  if (world.host.noPsp) return NO_PFN;
  const pfn = allocateKernelPage(world, 'firmware');
  if (pfn === NO_PFN) return NO_PFN;
  return rmpMakePrivate(world, pfn, { gfn: 0, asid: 0, immutable: true, twoMeg: false }) ? pfn : NO_PFN;
}

/** snp_free_firmware_page: PAGE_RECLAIM, make shared, free; a failure leaks the page. */
export function snpFreeFirmwarePage(world: World, pfn: number): void {
  const reclaimed = sevDoCmd(world, SEV_CMD_SNP_PAGE_RECLAIM, () => pageReclaim(world, pfn));
  if (reclaimed.ret !== 0 || !rmpMakeShared(world, pfn)) {
    snpLeakPages(world, pfn);
    return;
  }
  freeKernelPage(world, pfn);
}

/** kvm_vm_dead: every vCPU is asked to leave KVM_RUN. Those in the guest are kicked out, a sleeping one is not woken. */
function requestDead(world: World): void {
  for (const vcpu of world.vcpus) if (vcpu.exists) vcpu.deadRequest = true;
}

/** KVM_BUG_ON: the VM is bugged. */
export function bugVm(world: World): void {
  if (world.vm.health !== 'sound') return;
  requestDead(world);
  world.sendLaunch({ type: 'BUGGED' });
  world.move('vmBugged', -1, {}, 'ReclaimFails');
}

/** kvm_vm_dead alone: every ioctl is refused from here. */
export function killVm(world: World): void {
  if (world.vm.health !== 'sound') return;
  requestDead(world);
  world.sendLaunch({ type: 'KILLED' });
  world.move('vmKilled', -1, {}, 'FinishKills');
}

/** Why a page is returned to the host: kernels differ in the effect of a failure. */
export type MakeSharedFor = 'launch' | 'vcpuFree';

function giveUpPage(world: World, pfn: number, { bugs }: { readonly bugs: boolean }): void {
  if (bugs) bugVm(world);
  snpLeakPages(world, pfn);
}

/** The effect of a failing RMPUPDATE to shared, by the reason for it. */
function makeSharedFailure(world: World, why: MakeSharedFor): 'ignored' | 'leak' | 'bugVm+leak' {
  if (why === 'launch') return world.facet('lu.makeSharedFailure');
  return world.facet('free.vmsa') === 'rmpupdate+bugVm+leak' ? 'bugVm+leak' : 'leak';
}

/** kvm_rmp_make_shared. @returns whether it worked */
export function kvmRmpMakeShared(world: World, pfn: number, why: MakeSharedFor): boolean {
  if (rmpMakeShared(world, pfn)) return true;
  const then = makeSharedFailure(world, why);
  if (then !== 'ignored') giveUpPage(world, pfn, { bugs: then === 'bugVm+leak' });
  return false;
}

/** snp_page_reclaim: PAGE_RECLAIM, then RMPUPDATE to shared where the kernel does so here. @returns whether it worked */
export function snpPageReclaim(world: World, pfn: number): boolean {
  const reclaimed = sevDoCmd(world, SEV_CMD_SNP_PAGE_RECLAIM, () => pageReclaim(world, pfn));
  if (reclaimed.ret !== 0) {
    const then = world.facet('lu.reclaimFailure');
    if (then !== 'ignored') giveUpPage(world, pfn, { bugs: then === 'bugVm+leak' });
    return false;
  }
  if (!reclaimMakesShared(world.facet('lu.reclaim'))) return true;
  return kvmRmpMakeShared(world, pfn, 'launch');
}
