/** A memory access of the guest: the nested page table first, then the RMP, then the bytes. */
import { gfnToGpa, gpaToGfn, PAGE_SIZE, pageOffset, type Gfn } from '../../abi/address';
import { PAGE_NOT_VALIDATED } from '../../abi/nested-fault';
import { bitsOfGfn, changeGfns } from '../frames/attributes';
import { encryptFirstBytes, encryptPage, keyState, noise } from '../frames/content-key';
import { readContent } from '../kvm/memory/gmem';
import { gmemPageOf, slotOf } from '../frames/slots';
import { handleNestedFault, mapsByRmp, type NestedAccess } from '../kvm/memory/nested-fault';
import { fixRmpFault, sevHandleRmpFault } from '../kvm/memory/rmp-fault';
import { gfnBits } from '../memory/page-bits';
import type { Image } from '../memory/image';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { hasRmpEntry, rmpEntry } from '../hardware/rmp';

export interface GuestAccess {
  readonly gpa: bigint;
  readonly private: boolean;
  readonly write: boolean;
  /** What a write stores. */
  readonly value: bigint;
}

/** Result of an access. */
export type AccessOutcome =
  | { readonly kind: 'done'; readonly value: bigint; readonly noise?: true }
  /** KVM_RUN ended; the instruction did not retire. */
  | { readonly kind: 'left' }
  /** #VC in the guest: the page is not validated. */
  | { readonly kind: 'notValidated' }
  /** #VC in the guest: emulated MMIO. */
  | { readonly kind: 'mmio' }
  /** The access faults again after every retry. */
  | { readonly kind: 'faultsForever' };

export type Refused = Exclude<AccessOutcome, { kind: 'done' }>['kind'];

/** Maps a frame as the access needs it. @returns why that failed, or nothing */
export function mapForGuest(world: World, vcpu: Vcpu, access: NestedAccess): 'left' | 'mmio' | undefined {
  const own = access.private ? gfnBits.mappedPrivate : gfnBits.mappedShared;
  const wanted = mapsByRmp(world) ? gfnBits.mappedPrivate | gfnBits.mappedShared : own;
  const bits = bitsOfGfn(world, access.gfn);
  const present = (bits & wanted) !== 0;
  if (present && !(access.write && (bits & gfnBits.mappedReadOnly) !== 0)) return undefined;
  const handled = handleNestedFault(world, vcpu, { ...access, present });
  if (handled === 'mmio') {
    world.move('vcMmio', vcpu.index, { gpa: gfnToGpa(access.gfn) }, 'SharedMmio');
    return 'mmio';
  }
  return handled === 'left' ? 'left' : undefined;
}

/** The page of guest_memfd that a privately mapped frame translates to. */
export function privatePfn(world: World, gfn: number): number {
  const slot = slotOf(world, gfn);
  return slot ? gmemPageOf(slot, gfn) : -1;
}

/** Whether the RMP entry assigns the page to this guest at this frame. On a mismatch every retry faults again. */
export function rmpAgrees(world: World, vcpu: Vcpu, gfn: Gfn, pfn: number): boolean {
  const isOwn = (): boolean => {
    const { assigned, asid, gfn: owned } = rmpEntry(world, pfn);
    return assigned && asid === world.vm.asid && owned === gfn;
  };
  if (isOwn()) return true;
  if (mapsByRmp(world) && mendFault(world, vcpu, gfn, 'private') && isOwn()) return true;
  const entry = rmpEntry(world, pfn);
  const why = !entry.assigned
    ? 'the page is not assigned'
    : entry.asid !== world.vm.asid
      ? 'another owner'
      : 'another address';
  const gpa = gfnToGpa(gfn);
  sevHandleRmpFault(world, gpa);
  world.move('rmpViolation', vcpu.index, { gpa, why }, 'RmpMismatch');
  return false;
}

/** An RMP fault that the handler of 2021 answers by changing the page. @returns whether the access can continue */
function mendFault(world: World, vcpu: Vcpu, gfn: Gfn, access: 'private' | 'shared'): boolean {
  world.sendVcpu(vcpu, { type: 'LEAVE' });
  const mended = fixRmpFault(world, gfnToGpa(gfn), access);
  world.sendVcpu(vcpu, { type: 'ENTER' });
  return (
    mended && mapForGuest(world, vcpu, { gfn, private: access === 'private', write: true }) === undefined
  );
}

/** The page of guest_memfd that a shared access reaches: where only the RMP decides, or where the file serves both. */
function pfnOfShared(world: World, gfn: Gfn): number {
  return mapsByRmp(world) || slotOf(world, gfn)?.gmemOnly ? privatePfn(world, gfn) : -1;
}

/** The RMP check of a shared access: the page must not be assigned. Where attributes decide, the mapping mostly is user memory. */
function checkShared(world: World, vcpu: Vcpu, gfn: Gfn): Refused | undefined {
  const pfn = pfnOfShared(world, gfn);
  if (!hasRmpEntry(world, pfn) || !rmpEntry(world, pfn).assigned) return undefined;
  if (mapsByRmp(world) && mendFault(world, vcpu, gfn, 'shared')) return undefined;
  world.move('rmpViolation', vcpu.index, { gpa: gfnToGpa(gfn), why: 'a private page' }, 'RmpMismatch');
  return 'faultsForever';
}

/** The RMP check of a private access. @returns why it fails, or nothing */
function checkPrivate(world: World, vcpu: Vcpu, gfn: Gfn): Refused | undefined {
  const pfn = privatePfn(world, gfn);
  if (!rmpAgrees(world, vcpu, gfn, pfn)) return 'faultsForever';
  if (rmpEntry(world, pfn).validated) return undefined;
  const { code } = PAGE_NOT_VALIDATED;
  world.move('vcNotValidated', vcpu.index, { gpa: gfnToGpa(gfn), code }, 'NotValidated');
  return 'notValidated';
}

/** One access of eight bytes. Moves show the faults; the caller shows the access itself. */
export function guestAccess(world: World, vcpu: Vcpu, access: GuestAccess): AccessOutcome {
  const gfn = gpaToGfn(access.gpa);
  const blocked =
    mapForGuest(world, vcpu, { gfn, private: access.private, write: access.write }) ??
    (access.private ? checkPrivate : checkShared)(world, vcpu, gfn);
  vcpu.instructionFaulted = blocked === 'left';
  if (blocked) return { kind: blocked };
  changeGfns(
    world,
    gfn,
    1,
    gfnBits.guestKnows | (access.private ? gfnBits.guestPrivate : 0),
    access.private ? 0 : gfnBits.guestPrivate | gfnBits.guestValidated,
  );
  if (!access.write) return { kind: 'done', ...readBytes(world, access, gfn) };
  writeBytes(world, access, gfn);
  return { kind: 'done', value: access.value };
}

const sideOf = (access: GuestAccess): 'private' | 'shared' => (access.private ? 'private' : 'shared');
const offsetOf = (access: GuestAccess): number => Math.min(pageOffset(access.gpa), 0x1000 - 8);

type Read = { readonly value: bigint; readonly noise?: true };

/** The first eight bytes of a page without an image. */
function readTag(world: World, access: GuestAccess, gfn: number): bigint {
  if (access.private) return readContent(world, privatePfn(world, gfn));
  const low = BigInt(world.pages.sharedLow.get(gfn) >>> 0);
  return low | (BigInt(world.pages.sharedHigh.get(gfn) >>> 0) << 32n);
}

function writeTag(world: World, access: GuestAccess, gfn: number): void {
  if (access.private) {
    const pfn = privatePfn(world, gfn);
    const { contentLow, contentHigh } = world.pages;
    contentLow.set(pfn, Number(access.value & 0xffffffffn) | 0);
    contentHigh.set(pfn, Number(access.value >> 32n) | 0);
    encryptFirstBytes(world, pfn);
    return;
  }
  world.pages.sharedLow.set(gfn, Number(access.value & 0xffffffffn) | 0);
  world.pages.sharedHigh.set(gfn, Number(access.value >> 32n) | 0);
}

function readBytes(world: World, access: GuestAccess, gfn: number): Read {
  const offset = offsetOf(access);
  const image = world.findImage(sideOf(access), gfn);
  const key = access.private ? keyState(world, privatePfn(world, gfn)) : 'own';
  if (key === 'ownZero') return { value: 0n };
  if (key === 'other' || (key === 'ownFirstBytes' && offset > 0 && !image))
    return { value: noise(world, privatePfn(world, gfn), offset), noise: true };
  if (image) return { value: image.u64(offset) };
  return { value: offset === 0 ? readTag(world, access, gfn) : 0n };
}

function writeBytes(world: World, access: GuestAccess, gfn: number): void {
  const offset = offsetOf(access);
  const found = world.findImage(sideOf(access), gfn);
  // Bytes beyond the first eight need an image of the page; one that is there follows the page.
  if (found || offset > 0) {
    const image = access.private ? privateImage(world, gfn) : (found ?? sharedImage(world, access, gfn));
    image.setU64(offset, access.value);
  }
  if (offset === 0) writeTag(world, access, gfn);
}

/** Eight bytes at the start of a page, as the guest sees them before a store to a part of them. */
export function firstBytesSeen(world: World, access: Pick<GuestAccess, 'gpa' | 'private'>): bigint {
  const gfn = gpaToGfn(access.gpa);
  if (access.private ? privatePfn(world, gfn) < 0 : !slotOf(world, gfn)) return 0n;
  return readBytes(world, { ...access, gpa: gfnToGpa(gfn), write: false, value: 0n }, gfn).value;
}

function sharedImage(world: World, access: GuestAccess, gfn: number): Image {
  const image = world.image('shared', gfn);
  image.setU64(0, readTag(world, access, gfn));
  return image;
}

/**
 * The bytes of a private page as its guest sees them, which it is about to write with its key: what was not under that
 * key is noise, and stays so.
 */
export function privateImage(world: World, gfn: number): Image {
  const found = world.findImage('private', gfn);
  const pfn = privatePfn(world, gfn);
  const key = keyState(world, pfn);
  if (found && key !== 'other') return found;
  const image = found ?? world.image('private', gfn);
  const isNoise = key === 'other' || key === 'ownFirstBytes';
  if (isNoise) for (let at = 0; at < PAGE_SIZE; at += 8) image.setU64(at, noise(world, pfn, at));
  if (key === 'own' || key === 'ownFirstBytes') image.setU64(0, readContent(world, pfn));
  encryptPage(world, pfn);
  return image;
}
