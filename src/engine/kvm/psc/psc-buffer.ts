/** The buffer of a batched page state change as KVM walks it: header and entries in guest memory. */
import {
  pscHeader,
  PSC_ENTRY_SIZE,
  PSC_HEADER_SIZE,
  PSC_MAX_ENTRIES,
  PSC_OP_PRIVATE,
  PSC_OP_SHARED,
  readPscEntry,
  writeCurPage,
  type PscEntry,
} from '../../../abi/psc';
import type { World } from '../../world';
import { withinPage, type Scratch } from '../ghcb/scratch';

const [CURRENT_ENTRY_HIGH_BIT] = pscHeader.fields.curEntry.bits;
const CURRENT_ENTRY_MASK = 2 ** (CURRENT_ENTRY_HIGH_BIT + 1) - 1;

export interface Header {
  readonly current: number;
  readonly end: number;
}

export const operationName = (operation: number): 'private' | 'shared' | 'other' =>
  operation === PSC_OP_PRIVATE ? 'private' : operation === PSC_OP_SHARED ? 'shared' : 'other';

export const readEntry = (scratch: Scratch, index: number): PscEntry =>
  readPscEntry(scratch.page, index, scratch.at);

/** Marks an entry finished, by the current value of its size bit. */
export function finishEntry(scratch: Scratch, index: number): void {
  writeCurPage(scratch.page, { index, base: scratch.at }, readEntry(scratch, index).pages);
}

export function readHeader(scratch: Scratch): Header {
  const low = scratch.page.u32(scratch.at);
  return { current: pscHeader.field(low, 0, 'curEntry'), end: pscHeader.field(low, 0, 'endEntry') };
}

export function writeCurrentEntry(scratch: Scratch, index: number): void {
  const low = scratch.page.u32(scratch.at);
  scratch.page.setU32(scratch.at, (low & ~CURRENT_ENTRY_MASK) | (index & CURRENT_ENTRY_MASK));
}

/** The number of entries that bounds an index. */
export function indexLimit(world: World, scratch: Scratch): number {
  if (world.facet('psc.indexLimit') === 'fixed253') return PSC_MAX_ENTRIES;
  return Math.floor((scratch.lengthBytes - PSC_HEADER_SIZE) / PSC_ENTRY_SIZE);
}

/** Whether the indexes of a header pass the check before the first entry. */
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

/** With a fixed limit, or without a check, an index can point outside the page. */
export function bufferOf(world: World, scratch: Scratch): Scratch {
  const staysInside =
    world.facet('psc.indexLimit') !== 'fixed253' && world.facet('psc.headerCheck') !== 'none';
  return staysInside ? scratch : withinPage(world, scratch);
}
