/** The next range of a batch: finished entries are skipped, one entry is checked, and adjacent entries are joined. */
import type { PscEntry } from '../../../abi/psc';
import { convertsBatchInKernel } from '../../../profiles/facets/psc-batch';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { ghcbReachable } from '../ghcb/ghcb';
import { headerLegal, readEntry, readHeader, writeCurrentEntry } from './psc-buffer';
import type { Scratch } from '../ghcb/scratch';

const GFN_SPACE = 2 ** 40;

/** The next piece of work. Its entries are `pscCurrent` and `pscBatch` of the vCPU. */
export interface Range {
  readonly found: 'range' | 'invalidEntry' | 'nothingLeft';
  readonly headerLegal: boolean;
  readonly gfn: number;
  readonly pages: number;
  readonly operation: number;
  /** The whole range is one run of whole 2 MiB entries. */
  readonly huge: boolean;
}

const noRange = (found: 'invalidEntry' | 'nothingLeft', legal = true): Range => ({
  found,
  headerLegal: legal,
  gfn: 0,
  pages: 0,
  operation: 0,
  huge: false,
});

/** Reads the indexes from guest memory again where KVM does. @returns whether they pass its check */
function rereadHeader(world: World, vcpu: Vcpu, scratch: Scratch): boolean {
  const how = world.facet('psc.headerRead');
  if (how === 'oncePerRequest') return true;
  // A GHCB page that has become private keeps its old index forever.
  if (!ghcbReachable(world, vcpu)) return true;
  const header = readHeader(scratch);
  // They are read again for each entry, but checked for the first only.
  if (how === 'everyRange' && !headerLegal(world, header, vcpu.pscLimit)) return false;
  vcpu.pscCurrent = header.current;
  vcpu.pscEnd = header.end;
  return true;
}

/** 4K pages of an entry that count as done. */
function pagesDone(world: World, entry: PscEntry): number {
  if (entry.curPage === 0) return 0;
  return world.facet('psc.partialEntry') === 'ignored' ? 0 : entry.curPage;
}

function entryLegal(world: World, entry: PscEntry): boolean {
  const whole = entry.pages;
  if (entry.gfn % whole !== 0) return false;
  if (entry.curPage <= whole) return true;
  return world.facet('psc.entryCheck') === 'alignment';
}

export function nextRange(world: World, vcpu: Vcpu, scratch: Scratch): Range {
  if (!rereadHeader(world, vcpu, scratch)) return noRange('nothingLeft', false);
  let index = vcpu.pscCurrent;
  for (; index <= vcpu.pscEnd; index++) {
    const entry = readEntry(scratch, index);
    if (!entryLegal(world, entry)) {
      vcpu.pscCurrent = index;
      return noRange('invalidEntry');
    }
    const done = pagesDone(world, entry);
    if (done < entry.pages) return rangeFrom(world, vcpu, scratch, { entry, index, done });
    // The header in guest memory is incremented, also when the guest has changed it meanwhile.
    writeCurrentEntry(scratch, readHeader(scratch).current + 1);
  }
  vcpu.pscCurrent = index;
  return noRange('nothingLeft');
}

/** The entry that opens a range, and how many of its pages are done. */
interface First {
  readonly entry: PscEntry;
  readonly index: number;
  readonly done: number;
}

function rangeFrom(world: World, vcpu: Vcpu, scratch: Scratch, first: First): Range {
  const { entry, index, done } = first;
  const joined = joinFollowing(world, vcpu, scratch, first);
  vcpu.pscCurrent = index;
  vcpu.pscBatch = 1 + joined.entries;
  vcpu.pscHuge = entry.huge;
  return {
    found: 'range',
    headerLegal: true,
    gfn: entry.gfn + done,
    pages: joined.pages,
    operation: entry.operation,
    huge: entry.huge && done === 0,
  };
}

/** Entries join while operation and page size are equal and the GFN is the one wanted. KVM by itself joins nothing. */
function joinFollowing(
  world: World,
  vcpu: Vcpu,
  scratch: Scratch,
  { entry, index, done }: First,
): { entries: number; pages: number } {
  const huge = entry.huge && done === 0;
  let pages = entry.pages - done;
  let next = index + 1;
  const alone = next > vcpu.pscEnd || convertsBatchInKernel(world.facet('psc.batch'));
  const merging = alone ? 'none' : world.facet('psc.merging');
  if (merging === 'none') return { entries: 0, pages };
  const base = merging === 'fromFirstBase' ? entry.gfn : entry.gfn + done;
  for (; next <= vcpu.pscEnd; next++) {
    const candidate = readEntry(scratch, next);
    const follows = candidate.gfn === (base + pages) % GFN_SPACE;
    const fresh = candidate.operation === entry.operation && candidate.curPage === 0;
    if (!follows || !fresh || candidate.huge !== huge) {
      const undecided = merging === 'contiguous' && follows && fresh;
      if (undecided)
        world.finding('ambiguity', 'psc.merging: no source says whether entries of different sizes join');
      break;
    }
    pages += candidate.pages;
  }
  return { entries: next - index - 1, pages };
}
