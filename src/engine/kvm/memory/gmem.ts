/** guest_memfd: allocation of private pages, and the RMP changes when they are allocated and freed. */
import { errno } from '../../../abi/errno';
import {
  bytesToPages,
  gpaToGfn,
  isPageAligned,
  PAGES_PER_LARGE_PAGE,
  pagesToBytes,
} from '../../../abi/address';
import { itemAt, unmodelled } from '../../../base/assert';
import { allocationFails } from '../../faults';
import {
  faultsArmed,
  largePagePfn,
  psmash,
  rmpLookup,
  rmpMakePrivate,
  rmpMakeShared,
  rmpRunLength,
  rmpUpdateRun,
} from '../../hardware/rmp';
import { hostPageBits } from '../../memory/page-bits';
import type { GmemFile, Slot } from '../../state/vm';
import type { World } from '../../world';
import { zapGfns } from '../../frames/attributes';
import { writtenByHost } from '../../frames/content-key';
import { gmemPageOf, slotHasGmem, slotOf } from '../../frames/slots';

export type PrivatePage = { readonly pfn: number } | { readonly errno: number };

const is = (world: World, pfn: number, bit: number): boolean => (world.pages.hostPage.get(pfn) & bit) !== 0;
const change = (world: World, pfn: number, set: number, clear = 0): void =>
  world.pages.hostPage.set(pfn, (world.pages.hostPage.get(pfn) & ~clear) | set);

/** kvm_gmem_get_folio: the page of the file, allocated when it is missing. @returns 0 or an errno */
export function gmemGetFolio(world: World, pfn: number): number {
  if (is(world, pfn, hostPageBits.present)) return 0;
  world.interleave?.('gmemPage');
  if (is(world, pfn, hostPageBits.present)) return 0;
  if (allocationFails(world, 'gmem')) return errno.ENOMEM;
  change(world, pfn, hostPageBits.present | hostPageBits.garbage, hostPageBits.upToDate);
  return 0;
}

/** Whether look-ups of a page fail because its memory is damaged. */
export const isPoisoned = (world: World, pfn: number): boolean => is(world, pfn, hostPageBits.poisoned);

/** Whether the kernel has an address for a page: one injected as missing has none. */
export const hasDirectMap = (world: World, pfn: number): boolean => !is(world, pfn, hostPageBits.noDirectMap);

/** The host writes the first eight bytes of a page, without a key. */
export function writeContent(world: World, pfn: number, content: bigint): void {
  world.pages.contentLow.set(pfn, Number(content & 0xffffffffn) | 0);
  world.pages.contentHigh.set(pfn, Number(content >> 32n) | 0);
  writtenByHost(world, pfn);
  if (is(world, pfn, hostPageBits.garbage)) change(world, pfn, 0, hostPageBits.garbage);
}

export function readContent(world: World, pfn: number): bigint {
  const low = BigInt(world.pages.contentLow.get(pfn) >>> 0);
  return low | (BigInt(world.pages.contentHigh.get(pfn) >>> 0) << 32n);
}

export const markUpToDate = (world: World, pfn: number): void => change(world, pfn, hostPageBits.upToDate);

/** sev_gmem_prepare: makes a page private in the RMP at its first use. @returns 0 or an errno */
export function sevGmemPrepare(world: World, pfn: number, gfn: number, order: number): number {
  if (world.vm.type !== 'snp') return 0;
  const entry = rmpLookup(world, pfn);
  if (!entry) return errno.ENOENT;
  if (entry.assigned) return 0;
  const twoMeg = order >= 9 && largeRangeUnassigned(world, pfn);
  const page = twoMeg ? largePagePfn(pfn) : pfn;
  const frame = twoMeg ? gfn - (gfn % PAGES_PER_LARGE_PAGE) : gfn;
  const made = rmpMakePrivate(world, page, { gfn: frame, asid: world.vm.asid, immutable: false, twoMeg });
  return made ? 0 : errno.EINVAL;
}

function largeRangeUnassigned(world: World, pfn: number): boolean {
  const head = largePagePfn(pfn);
  for (let page = head; page < head + PAGES_PER_LARGE_PAGE; page++) {
    if (rmpLookup(world, page)?.assigned !== false) return false;
  }
  return true;
}

/** kvm_gmem_get_pfn: allocates, zeroes once, prepares. */
export function gmemGetPfn(world: World, slot: Slot, gfn: number): PrivatePage {
  if (slot.backing === 'closed') return { errno: errno.EFAULT };
  const pfn = gmemPageOf(slot, gfn);
  const missing = gmemGetFolio(world, pfn);
  if (missing) return { errno: missing };
  if (isPoisoned(world, pfn)) return { errno: errno.EHWPOISON };
  const upToDate = is(world, pfn, hostPageBits.upToDate);
  if (!upToDate) {
    writeContent(world, pfn, 0n);
    world.move('pageCleared', -1, { pfn, pages: 1 }, 'GmemZeroed');
  }
  const failed = sevGmemPrepare(world, pfn, gfn, 0);
  if (failed) {
    const counts = !upToDate && world.facet('gmem.upToDateAfterRmpFailure') === 'yes';
    if (counts) markUpToDate(world, pfn);
    world.move('kernelLog', -1, { what: 'a private page could not be prepared' }, 'RmpUpdateFails');
    return { errno: failed };
  }
  if (!upToDate) markUpToDate(world, pfn);
  return { pfn };
}

/** Pages of the file from `pfn` on that were never allocated and have no owner: all become private in the same way. */
export function freshRunLength(world: World, pfn: number, limit: number): number {
  if (faultsArmed(world) || world.vm.type !== 'snp') return 0;
  if (world.pages.hostPage.get(pfn) !== 0 || rmpLookup(world, pfn)?.assigned !== false) return 0;
  return rmpRunLength(world, pfn, world.pages.hostPage.runLength(pfn, limit));
}

/** Does what `gmemGetPfn` does to each page of such a run. */
export function gmemGetFreshRun(world: World, run: { gfn: number; pfn: number; count: number }): void {
  const { gfn, pfn, count } = run;
  world.move('pageCleared', -1, { pfn, pages: count }, 'GmemZeroed');
  const { asid } = world.vm;
  rmpUpdateRun(world, pfn, count, { assigned: true, immutable: false, twoMeg: false, gfn, asid });
  world.pages.hostPage.setRun(pfn, count, hostPageBits.present | hostPageBits.upToDate);
}

/** Looks up the private page of a frame: for nested faults, pre-fault and an AP's VMSA. */
export function privatePage(world: World, gfn: number): PrivatePage {
  const slot = slotOf(world, gfn);
  if (!slot || !slotHasGmem(slot)) return { errno: errno.EFAULT };
  return gmemGetPfn(world, slot, gfn);
}

/** sev_gmem_max_mapping_level. */
export function sevGmemMaxMappingLevel(world: World, pfn: number): '4K' | '2M' {
  const entry = rmpLookup(world, pfn);
  return entry?.assigned ? entry.level : '4K';
}

/** sev_gmem_invalidate: gives a range of pages back to the host. */
export function sevGmemInvalidate(world: World, start: number, end: number): void {
  let pfn = start;
  while (pfn < end) pfn += invalidateAt(world, pfn, end);
}

/** @returns how many pages are dealt with */
function invalidateAt(world: World, pfn: number, end: number): number {
  const entry = rmpLookup(world, pfn);
  if (!entry?.assigned) return 1;
  const wholeLargePage =
    pfn % PAGES_PER_LARGE_PAGE === 0 && end >= pfn + PAGES_PER_LARGE_PAGE && entry.level === '2M';
  const pages = wholeLargePage ? PAGES_PER_LARGE_PAGE : 1;
  if (!wholeLargePage && entry.level === '2M' && psmash(world, pfn) !== 0) {
    world.move('kernelWarn', -1, { what: 'PSMASH of a page being freed failed' }, 'PsmashFails');
  }
  if (!rmpMakeShared(world, pfn, wholeLargePage ? '2M' : '4K')) {
    world.move('kernelWarn', -1, { what: 'a page being freed stays assigned' }, 'RmpUpdateFails');
    return pages;
  }
  world.move('cacheFlushed', -1, { pfn, pages, times: 1 }, 'GmemFreed');
  return pages;
}

/** Removes pages from the file: each allocated folio is made shared and freed. */
export function truncateGmem(world: World, first: number, count: number): void {
  const { hostPage } = world.pages;
  const end = first + count;
  let at = first;
  while (at < end) {
    const length = hostPage.runLength(at, end - at);
    if (is(world, at, hostPageBits.present)) {
      freeGmemPages(world, at, length);
    }
    at += length;
  }
}

/** Frees allocated pages: runs of equal pages at once, the others one by one. */
function freeGmemPages(world: World, first: number, count: number): void {
  let pfn = first;
  while (pfn < first + count) {
    const alike = rmpRunLength(world, pfn, first + count - pfn);
    if (alike < 2 || !freeGmemRun(world, pfn, alike)) {
      freeGmemPage(world, pfn);
      pfn += 1;
    } else pfn += alike;
  }
}

/** @returns whether the run could be handled as one */
function freeGmemRun(world: World, pfn: number, count: number): boolean {
  if (rmpLookup(world, pfn)?.assigned) {
    const shared = { assigned: false, immutable: false, twoMeg: false, asid: 0, gfn: 0 };
    if (!rmpUpdateRun(world, pfn, count, shared)) return false;
    world.move('cacheFlushed', -1, { pfn, pages: 1, times: count }, 'GmemFreed');
  }
  world.pages.hostPage.setRun(pfn, count, 0);
  world.pages.contentLow.setRun(pfn, count, 0);
  world.pages.contentHigh.setRun(pfn, count, 0);
  world.pages.contentKey.setRun(pfn, count, 0);
  world.pages.contentHome.setRun(pfn, count, 0);
  return true;
}

function freeGmemPage(world: World, pfn: number): void {
  sevGmemInvalidate(world, pfn, pfn + 1);
  const gone = hostPageBits.present | hostPageBits.upToDate | hostPageBits.garbage | hostPageBits.poisoned;
  change(world, pfn, 0, gone);
  writeContent(world, pfn, 0n);
}

/** A range of the file is removed: mappings are zapped, and vCPUs whose VMSA lies there look it up again. */
function invalidateMappings(world: World, first: number, count: number): void {
  for (const slot of world.slots) {
    if (!slot.used || !hasOpenFile(slot)) continue;
    const from = Math.max(first, slot.firstGmemPage);
    const to = Math.min(first + count, slot.firstGmemPage + slot.pages);
    if (from >= to) continue;
    world.invalidations += 1;
    const gfn = from - slot.firstGmemPage + slot.firstGfn;
    zapGfns(world, gfn, to - from);
    dropPrivateImages(world, gfn, to - from);
    requestVmsaReload(world, gfn, to - from);
  }
}

/** The bytes of removed private pages are lost. */
export function dropPrivateImages(world: World, gfn: number, count: number): void {
  for (const image of world.pageImages) {
    if (!image.used || image.side !== 'private' || image.frame < gfn || image.frame >= gfn + count) continue;
    world.bytesOf(image).clear();
    image.used = false;
    image.side = 'shared';
    image.frame = 0;
  }
}

/** A kernel that looks up a removed VMSA page again makes a request to the vCPU; the others keep the old address. */
function requestVmsaReload(world: World, gfn: number, count: number): void {
  for (const vcpu of world.vcpus) {
    const frame = gpaToGfn(vcpu.guestVmsaGpa); // without a VMSA all ones, which is in no file
    if (frame < gfn || frame >= gfn + count) continue;
    if (world.facet('vmsa.reload') === 'onInvalidation') vcpu.vmsaReloadRequest = true;
  }
}

/** Whether pages of guest_memfd are bound to a slot. In place they are pages of userspace. */
const hasOpenFile = ({ backing }: Slot): boolean => backing === 'guestMemfd' || backing === 'userPages';

const KEEP_SIZE = 1;
const PUNCH_HOLE = 2;

/** What `fallocate` is called with. Offset and length are bytes. */
export interface Fallocate {
  readonly mode: number;
  readonly offset: bigint;
  readonly length: bigint;
  /** Whether a signal is pending for the thread; asked before each page. */
  readonly interrupted?: () => boolean;
}

/** The pages of a range of a file, as far as this world keeps them. */
function pagesOf(file: GmemFile, first: number, count: number): { first: number; count: number } {
  const from = Math.min(first, file.pages);
  return { first: file.firstPfn + from, count: Math.min(first + count, file.pages) - from };
}

/** kvm_gmem_fallocate. @returns 0 or a negative errno */
export function gmemFallocate(world: World, file: GmemFile, call: Fallocate): number {
  const { mode, offset, length } = call;
  if ((mode & KEEP_SIZE) === 0 || (mode & ~(KEEP_SIZE | PUNCH_HOLE)) !== 0) return -errno.EOPNOTSUPP;
  if (!isPageAligned(offset) || !isPageAligned(length)) return -errno.EINVAL;
  const [first, count] = [gpaToGfn(offset), bytesToPages(length)];
  if (mode & PUNCH_HOLE) {
    const pages = pagesOf(file, first, count);
    punchHole(world, pages.first, pages.count);
    return 0;
  }
  if (offset + length > file.bytes) return -errno.EINVAL;
  return allocateRange(world, file, first, { count, interrupted: call.interrupted ?? (() => false) });
}

/** kvm_gmem_allocate: pages are allocated, not zeroed and not made private. */
function allocateRange(
  world: World,
  file: GmemFile,
  first: number,
  { count, interrupted }: { readonly count: number; readonly interrupted: () => boolean },
): number {
  for (let page = first; page < first + count; page++) {
    world.look();
    if (interrupted()) return -errno.EINTR;
    if (page >= file.pages) unmodelled(`page ${page} of a guest_memfd: this world keeps ${file.pages}`);
    const missing = gmemGetFolio(world, file.firstPfn + page);
    if (missing) return -missing;
  }
  return 0;
}

/** kvm_gmem_punch_hole. */
export function punchHole(world: World, first: number, count: number): void {
  invalidateMappings(world, first, count);
  truncateGmem(world, first, count);
}

/** kvm_gmem_error_folio: the memory of a page is damaged. It stays in the file; who looks it up gets -EHWPOISON. */
export function gmemMemoryFailure(world: World, pfn: number): void {
  invalidateMappings(world, pfn, 1);
  change(world, pfn, hostPageBits.poisoned);
}

/** kvm_gmem_release: the last descriptor of a file is closed. Its slots lose it, its mappings go; its pages stay. */
export function closeGmemFile(world: World, file: GmemFile): void {
  invalidateMappings(world, file.firstPfn, file.pages);
  for (const slot of world.slots) {
    if (slot.used && slot.backing === 'guestMemfd' && slot.file === file.index) slot.backing = 'closed';
  }
  file.open = false;
}

/** The last descriptor of a file is closed, and nothing else holds its pages: they are freed. */
export function releaseGmem(world: World, file: GmemFile = usualFile(world)): void {
  closeGmemFile(world, file);
  truncateGmem(world, file.firstPfn, file.pages);
  file.exists = false;
}

/** The VMM is gone: every file is closed and freed. */
export function releaseAllGmem(world: World): void {
  releaseGmem(world);
  for (const file of world.files) if (file.exists) releaseGmem(world, file);
}

/** guest_memfd 0, made when it is first needed, as big as the memory of the guest. */
export function usualFile(world: World): GmemFile {
  const file = itemAt(world.files, 0, 'guest_memfd');
  if (!file.exists) createFile(world, file, { bytes: pagesToBytes(world.config.gmemPages), flags: 0 });
  return file;
}

interface FileSize {
  readonly bytes: bigint;
  readonly flags: number;
}

/** Gives a file its pages: all of them, or as many as this world has left. */
function createFile(world: World, file: GmemFile, { bytes, flags }: FileSize): void {
  const others = world.files.filter(({ index, exists }) => index > 0 && exists);
  const free = others.reduce(
    (at, { firstPfn, pages }) => Math.max(at, firstPfn + pages),
    world.firstOtherFilePage,
  );
  const isUsual = file.index === 0;
  const [first, room] = isUsual ? [0, world.config.gmemPages] : [free, world.pages.hostPage.pageCount - free];
  file.exists = true;
  file.open = true;
  file.bytes = bytes;
  file.flags = flags;
  file.firstPfn = first;
  file.pages = Math.min(bytesToPages(bytes), room);
}

/** Makes one more guest_memfd. @returns nothing when this world has no room for one more */
export function openFile(world: World, size: FileSize): GmemFile | undefined {
  usualFile(world);
  const file = world.files.find(({ exists }) => !exists);
  if (file) createFile(world, file, size);
  return file;
}
