/** The buffer of a batched page state change as KVM walks it: header and entries in the guest's bytes. */
import {
  pscEntry,
  pscHeader,
  PSC_ENTRY_SIZE,
  PSC_HEADER_SIZE,
  PSC_MAX_ENTRIES,
  PSC_OP_PRIVATE,
  PSC_OP_SHARED,
} from '../../../abi/psc';
import type { World } from '../../world';
import { withinPage, type Scratch } from '../ghcb/scratch';

const [CURRENT_PAGE_HIGH_BIT] = pscEntry.fields.curPage.bits;
const CURRENT_PAGE_MASK = 2 ** (CURRENT_PAGE_HIGH_BIT + 1) - 1;
const [CURRENT_ENTRY_HIGH_BIT] = pscHeader.fields.curEntry.bits;
const CURRENT_ENTRY_MASK = 2 ** (CURRENT_ENTRY_HIGH_BIT + 1) - 1;

export interface Entry {
  readonly curPage: number;
  readonly gfn: number;
  readonly operation: number;
  readonly huge: boolean;
}

export interface Header {
  readonly current: number;
  readonly end: number;
}

/** 4K pages of an entry. */
export const pagesOf = (entry: Entry): number => (entry.huge ? 512 : 1);

export const operationName = (operation: number): 'private' | 'shared' | 'other' =>
  operation === PSC_OP_PRIVATE ? 'private' : operation === PSC_OP_SHARED ? 'shared' : 'other';

const entryAt = (scratch: Scratch, index: number): number =>
  scratch.at + PSC_HEADER_SIZE + index * PSC_ENTRY_SIZE;

export function readEntry(scratch: Scratch, index: number): Entry {
  const at = entryAt(scratch, index);
  const low = scratch.page.u32(at);
  const high = scratch.page.u32(at + 4);
  return {
    curPage: pscEntry.field(low, high, 'curPage'),
    gfn: pscEntry.field(low, high, 'gfn'),
    operation: pscEntry.field(low, high, 'operation'),
    huge: pscEntry.field(low, high, 'pageSize') === 1,
  };
}

/** Marks an entry finished, by its own size bit as it stands now. */
export function finishEntry(scratch: Scratch, index: number): void {
  const at = entryAt(scratch, index);
  const pages = pagesOf(readEntry(scratch, index));
  scratch.page.setU32(at, (scratch.page.u32(at) & ~CURRENT_PAGE_MASK) | pages);
}

export function readHeader(scratch: Scratch): Header {
  const low = scratch.page.u32(scratch.at);
  return { current: pscHeader.field(low, 0, 'curEntry'), end: pscHeader.field(low, 0, 'endEntry') };
}

export function writeCurrentEntry(scratch: Scratch, index: number): void {
  const low = scratch.page.u32(scratch.at);
  scratch.page.setU32(scratch.at, (low & ~CURRENT_ENTRY_MASK) | (index & CURRENT_ENTRY_MASK));
}

/** Entries an index must stay below. */
export function indexLimit(world: World, scratch: Scratch): number {
  if (world.facet('psc.indexLimit') === 'fixed253') return PSC_MAX_ENTRIES;
  return Math.floor((scratch.lengthBytes - PSC_HEADER_SIZE) / PSC_ENTRY_SIZE);
}

/** Whether the indexes of a header pass the test before the first entry. */
export function headerLegal(world: World, { current, end }: Header, limit: number): boolean {
  switch (world.facet('psc.headerCheck')) {
    case 'bothAndOrder':
      return current < limit && end < limit && current <= end;
    case 'endOnly':
      return end < limit;
    case 'none':
      return true;
  }
}

/** With the limit fixed, or no test at all, an index can lead out of the page. */
export function bufferOf(world: World, scratch: Scratch): Scratch {
  const staysInside =
    world.facet('psc.indexLimit') !== 'fixed253' && world.facet('psc.headerCheck') !== 'none';
  return staysInside ? scratch : withinPage(world, scratch);
}
