/** KVM's bits for each guest frame: the private attribute and the mappings. */
import { gfnBits } from '../memory/page-bits';
import type { World } from '../world';
import { changeFar, farBits } from './far-frames';

/** The bits of a frame, also where the page store keeps no facts: behind the last memory that a slot can have. */
export const bitsOfGfn = (world: World, gfn: number): number =>
  world.pages.gfn.has(gfn) ? world.pages.gfn.get(gfn) : farBits(world, gfn);

/** Whether userspace declared a frame private. */
export const isPrivate = (world: World, gfn: number): boolean =>
  (bitsOfGfn(world, gfn) & gfnBits.attributePrivate) !== 0;

const LEAF = gfnBits.mappedPrivate | gfnBits.mappedShared;
const RIGHTS = gfnBits.mappedReadOnly | gfnBits.writeProtected;
/** Entries of memory slots; one for MMIO is not removed with them. */
const MAPPED = LEAF | RIGHTS;

const mappings = {
  private: gfnBits.mappedPrivate,
  shared: gfnBits.mappedShared,
  mmio: gfnBits.mappedMmio,
} as const;

/** Puts a frame into the nested page table, whatever stood there before. */
export function mapGfn(world: World, gfn: number, to: keyof typeof mappings, writable = true): void {
  const bit = mappings[to] | (writable ? 0 : gfnBits.mappedReadOnly);
  changeGfns(world, gfn, 1, bit, (MAPPED | gfnBits.mappedMmio) & ~bit);
}

/** The entry of the nested page table that leads to a page, and what it allows. */
export interface NestedEntry {
  readonly as: 'private' | 'shared';
  readonly writable: boolean;
  /** Only dirty logging keeps it from being writable. */
  readonly protected: boolean;
}

/** @returns nothing where there is no entry, or one for MMIO */
export function nestedEntry(world: World, gfn: number): NestedEntry | undefined {
  const bits = bitsOfGfn(world, gfn);
  if ((bits & LEAF) === 0) return undefined;
  return {
    as: bits & gfnBits.mappedPrivate ? 'private' : 'shared',
    writable: (bits & gfnBits.mappedReadOnly) === 0,
    protected: (bits & gfnBits.writeProtected) !== 0,
  };
}

/** Write-protects the writable entries of a range, for dirty logging. */
export function writeProtect(world: World, first: number, count: number): void {
  const { gfn } = world.pages;
  for (let at = first; at < first + count;) {
    const length = gfn.runLength(at, first + count - at);
    const bits = gfn.get(at);
    if ((bits & LEAF) !== 0 && (bits & gfnBits.mappedReadOnly) === 0)
      changeGfns(world, at, length, RIGHTS, 0);
    at += length;
  }
}

/** Removes a range from the nested page table. */
export function zapGfns(world: World, first: number, count: number): void {
  changeGfns(world, first, count, 0, MAPPED);
}

/** Sets and clears bits of a run of frames, run by run of equal values. */
export function changeGfns(world: World, first: number, count: number, set: number, clear: number): void {
  const { gfn } = world.pages;
  const last = first + count;
  const end = Math.min(last, gfn.pageCount);
  let at = first;
  while (at < end) {
    const length = gfn.runLength(at, end - at);
    gfn.setRun(at, length, (gfn.get(at) & ~clear) | set);
    at += length;
  }
  if (last > gfn.pageCount)
    changeFar(world, { first: Math.max(first, gfn.pageCount), end: last }, set, clear);
}
