/** Guest and host addresses: branded, so that a frame number is never taken for an address. */
import { assert } from '../base/assert';

declare const brand: unique symbol;

/** A guest physical address, in bytes. */
export type Gpa = bigint & { readonly [brand]: 'Gpa' };
/** A guest frame number: GPA >> 12. At most 52 bits, so a `number` holds it exactly. */
export type Gfn = number & { readonly [brand]: 'Gfn' };
/** A system (host) frame number: system physical address >> 12. */
export type Pfn = number & { readonly [brand]: 'Pfn' };

const PAGE_SHIFT = 12n;
/** Bytes in a 4 KiB page. */
export const PAGE_SIZE = 0x1000;
/** The same as a 64-bit word, for sums with addresses. */
export const PAGE_BYTES = 0x1000n;
/** Bytes in a 2 MiB page. */
export const LARGE_PAGE_SIZE = 0x20_0000;
/** 4 KiB pages in a 2 MiB page. */
export const PAGES_PER_LARGE_PAGE = 512;
/** The largest frame number of a 64-bit address: 52 bits, all ones. */
export const MAX_FRAME = 2 ** 52 - 1;
/** KVM's INVALID_PAGE: a `vmsa_pa` or a pending GPA that names no page. */
export const INVALID_PAGE = 0xffff_ffff_ffff_ffffn;

const PAGE_MASK = 0xfffn;
const LARGE_PAGE_MASK = 0x1f_ffffn;

const isFrame = (value: number) => Number.isInteger(value) && value >= 0 && value <= MAX_FRAME;

/** `value` as a GPA. Throws when it is not an unsigned 64-bit integer. */
export function gpa(value: bigint): Gpa {
  assert(value >= 0n && value <= INVALID_PAGE, 'a GPA is an unsigned 64-bit integer');
  return value as Gpa;
}

/** `value` as a GFN. Throws when it is not an integer of at most 52 bits. */
export function gfn(value: number): Gfn {
  assert(isFrame(value), 'a GFN is an integer of at most 52 bits');
  return value as Gfn;
}

/** `value` as a PFN. Throws when it is not an integer of at most 52 bits. */
export function pfn(value: number): Pfn {
  assert(isFrame(value), 'a PFN is an integer of at most 52 bits');
  return value as Pfn;
}

/** The address of the first byte of a guest frame. */
export const gfnToGpa = (frame: number): Gpa => (BigInt(frame) << PAGE_SHIFT) as Gpa;

/** The guest frame that an address lies in. */
export const gpaToGfn = (address: bigint): Gfn => Number(address >> PAGE_SHIFT) as Gfn;

/** The system physical address of the first byte of a host frame. */
export const pfnToAddress = (frame: number): bigint => BigInt(frame) << PAGE_SHIFT;

/** Bytes in so many 4 KiB pages. */
export const pagesToBytes = (pages: number | bigint): bigint => BigInt(pages) << PAGE_SHIFT;

/** Whole 4 KiB pages in so many bytes; a rest that fills no page does not count. */
export const bytesToPages = (bytes: bigint): number => Number(bytes >> PAGE_SHIFT);

/** The address of the first byte of the page that an address lies in. */
export const pageStart = (address: bigint): bigint => address & ~PAGE_MASK;

/** Whether two addresses lie in one 4 KiB page. */
export const isSamePage = (one: bigint, other: bigint): boolean => pageStart(one) === pageStart(other);

/** The byte of its page that an address names, 0..4095. */
export const pageOffset = (address: bigint): number => Number(address & PAGE_MASK);

/** Whether an address is a multiple of 4 KiB. */
export const isPageAligned = (address: bigint): boolean => (address & PAGE_MASK) === 0n;

/** Whether an address is a multiple of 2 MiB; 0 counts as one. */
export const isLargePageAligned = (address: bigint): boolean => (address & LARGE_PAGE_MASK) === 0n;

/** The first frame of the 2 MiB region that a guest frame lies in. */
export const largePageGfn = (frame: Gfn): Gfn => (frame - (frame % PAGES_PER_LARGE_PAGE)) as Gfn;

/** The guest frame `count` frames further on. Throws past the end of the address space. */
export const gfnPlus = (frame: Gfn, count: number): Gfn => gfn(frame + count);
