/**
 * NAE event 0x80000010. KVM walks the entries in guest memory, joins what follows on, and leaves once for each range;
 * the walk goes on from the completion of that exit. All that is kept across the exit is in the declared state.
 */
import { errno } from '../../abi/errno';
import {
  PSC_GENERIC_ERROR,
  PSC_INVALID_ENTRY,
  PSC_INVALID_HDR,
  pscEntry,
  pscHeader,
  PSC_ENTRY_SIZE,
  PSC_HEADER_SIZE,
  PSC_MAX_ENTRIES,
  PSC_OP_PRIVATE,
  PSC_OP_SHARED,
} from '../../abi/psc';
import type { Effect } from '../../machines/compile';
import type { Vcpu } from '../state/vcpu';
import type { World } from '../world';
import { answerPage, resumeAnswered, runFails, writeInfo1, writeInfo2, type Handled } from './ghcb';
import { exitMapGpaRange, readRet, retClass } from './map-gpa-range';
import { isScratch, scratchAgain, setupScratch, withinPage, type Scratch } from './scratch';

const GFN_SPACE = 2 ** 40;
const [CURRENT_PAGE_HIGH_BIT] = pscEntry.fields.curPage.bits;
const CURRENT_PAGE_MASK = 2 ** (CURRENT_PAGE_HIGH_BIT + 1) - 1;
const [CURRENT_ENTRY_HIGH_BIT] = pscHeader.fields.curEntry.bits;
const CURRENT_ENTRY_MASK = 2 ** (CURRENT_ENTRY_HIGH_BIT + 1) - 1;

interface Entry {
  readonly curPage: number;
  readonly gfn: number;
  readonly operation: number;
  readonly huge: boolean;
}

const entryAt = (scratch: Scratch, index: number): number =>
  scratch.at + PSC_HEADER_SIZE + index * PSC_ENTRY_SIZE;

function readEntry(scratch: Scratch, index: number): Entry {
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

function writeCurrentPage(scratch: Scratch, index: number, pages: number): void {
  const at = entryAt(scratch, index);
  scratch.page.setU32(at, (scratch.page.u32(at) & ~CURRENT_PAGE_MASK) | pages);
}

function readHeader(scratch: Scratch): { current: number; end: number } {
  const low = scratch.page.u32(scratch.at);
  return { current: pscHeader.field(low, 0, 'curEntry'), end: pscHeader.field(low, 0, 'endEntry') };
}

function writeCurrentEntry(scratch: Scratch, index: number): void {
  const low = scratch.page.u32(scratch.at);
  scratch.page.setU32(scratch.at, (low & ~CURRENT_ENTRY_MASK) | (index & CURRENT_ENTRY_MASK));
}

/** Entries an index must stay below. */
function indexLimit(world: World, scratch: Scratch): number {
  if (world.facet('psc.indexLimit') === 'fixed253') return PSC_MAX_ENTRIES;
  return Math.floor((scratch.lengthBytes - PSC_HEADER_SIZE) / PSC_ENTRY_SIZE);
}

/** With the limit fixed, an index can lead out of the page. */
function bufferOf(world: World, scratch: Scratch): Scratch {
  return world.facet('psc.indexLimit') === 'fixed253' ? withinPage(world, scratch) : scratch;
}

/** The event from its arrival to the first exit or the answer. */
export function snpBeginPscRequest(world: World, vcpu: Vcpu): Handled {
  const minimum = world.facet('psc.length') === 'header' ? BigInt(PSC_HEADER_SIZE) : vcpu.exitInfo2;
  const area = setupScratch(world, vcpu, { minimum, sync: true });
  if (!isScratch(area)) return area;
  const scratch = bufferOf(world, area);
  const stillInFlight = vcpu.pscBatch > 0;
  vcpu.pscBatch = 0;
  const limit = indexLimit(world, scratch);
  vcpu.pscLimit = limit;
  const { current, end } = readHeader(scratch);
  const effects = world.sendExchange(vcpu, {
    type: 'PSC_BEGIN',
    exitsEnabled: world.vm.hypercallExits,
    headerLegal: end < limit,
  });
  if (effects.length > 0) return finish(world, vcpu, effects);
  if (stillInFlight) return leftOver(world, vcpu);
  vcpu.pscCurrent = current;
  vcpu.pscEnd = end;
  return snpBeginPsc(world, vcpu, scratch);
}

/** A refused `ret` left entries counted as in flight: the next request pays for it. */
function leftOver(world: World, vcpu: Vcpu): Handled {
  world.finding('note', 'kernel WARN: a page state change begins while entries are still in flight');
  writeInfo2(answerPage(world, vcpu), PSC_GENERIC_ERROR);
  world.sendExchange(vcpu, { type: 'ANSWER' });
  world.move(
    'pscAnswer',
    world.indexOf(vcpu),
    { result: PSC_GENERIC_ERROR, current: vcpu.pscCurrent },
    'PscLeftOver',
  );
  return 'resume';
}

/** snp_begin_psc: looks for the next range, over and over until one must leave or nothing is left. */
function snpBeginPsc(world: World, vcpu: Vcpu, scratch: Scratch): Handled {
  for (;;) {
    const range = nextRange(world, vcpu, scratch);
    const effects = world.sendExchange(vcpu, {
      type: 'PSC_RANGE',
      exitsEnabled: world.facet('psc.enabledTest') === 'oncePerRequest' || world.vm.hypercallExits,
      headerLegal: range.headerLegal,
      found: range.found,
      operation: operationName(range.operation),
    });
    const [effect] = effects;
    if (effect?.type === 'exitMapGpaRange') return exitForRange(world, vcpu, range);
    if (effect?.type !== 'skipRange') return finish(world, vcpu, effects);
    world.move(
      'pscSkipped',
      world.indexOf(vcpu),
      { first: vcpu.pscCurrent, last: vcpu.pscCurrent + vcpu.pscBatch - 1, operation: range.operation },
      'PscUnknownOperation',
    );
    completePscEntries(vcpu, scratch);
  }
}

const operationName = (operation: number): 'private' | 'shared' | 'other' =>
  operation === PSC_OP_PRIVATE ? 'private' : operation === PSC_OP_SHARED ? 'shared' : 'other';

interface Range {
  readonly found: 'range' | 'invalidEntry' | 'nothingLeft';
  readonly headerLegal: boolean;
  readonly gfn: number;
  readonly pages: number;
  readonly operation: number;
}

const noRange = (found: 'invalidEntry' | 'nothingLeft', headerLegal = true): Range => ({
  found,
  headerLegal,
  gfn: 0,
  pages: 0,
  operation: 0,
});

/** Skips entries that are done, checks the first that is not, and joins what follows on. */
function nextRange(world: World, vcpu: Vcpu, scratch: Scratch): Range {
  if (world.facet('psc.headerRead') !== 'oncePerRequest') {
    const header = readHeader(scratch);
    if (header.end >= vcpu.pscLimit) return noRange('nothingLeft', false);
    vcpu.pscCurrent = header.current;
    vcpu.pscEnd = header.end;
  }
  let index = vcpu.pscCurrent;
  for (; index <= vcpu.pscEnd; index++) {
    const entry = readEntry(scratch, index);
    const whole = entry.huge ? 512 : 1;
    if (entry.curPage > whole || entry.gfn % whole !== 0) {
      vcpu.pscCurrent = index;
      return noRange('invalidEntry');
    }
    const left = whole - entry.curPage;
    if (left > 0) return joinRange(vcpu, scratch, { entry, index, left });
    // The header in guest memory is counted up, whatever the guest made of it meanwhile.
    writeCurrentEntry(scratch, readHeader(scratch).current + 1);
  }
  vcpu.pscCurrent = index;
  return noRange('nothingLeft');
}

/** Entries join while operation and size are equal and the GFN follows the first entry's own GFN. */
function joinRange(
  vcpu: Vcpu,
  scratch: Scratch,
  first: { entry: Entry; index: number; left: number },
): Range {
  const { entry, index } = first;
  const huge = entry.huge && entry.curPage === 0;
  let pages = first.left;
  let batch = 1;
  for (let next = index + 1; next <= vcpu.pscEnd; next++) {
    const candidate = readEntry(scratch, next);
    const follows = candidate.gfn === (entry.gfn + pages) % GFN_SPACE;
    const alike =
      candidate.operation === entry.operation && candidate.huge === huge && candidate.curPage === 0;
    if (!follows || !alike) break;
    pages += candidate.huge ? 512 : 1;
    batch++;
  }
  vcpu.pscCurrent = index;
  vcpu.pscBatch = batch;
  vcpu.pscHuge = entry.huge;
  return {
    found: 'range',
    headerLegal: true,
    gfn: entry.gfn + entry.curPage,
    pages,
    operation: entry.operation,
  };
}

function exitForRange(world: World, vcpu: Vcpu, range: Range): Handled {
  const gpa = BigInt(range.gfn) << 12n;
  world.move(
    'pscRange',
    world.indexOf(vcpu),
    { first: vcpu.pscCurrent, last: vcpu.pscCurrent + vcpu.pscBatch - 1, gpa, pages: range.pages },
    'PscMerges',
  );
  vcpu.completion = 'psc';
  exitMapGpaRange(world, vcpu, {
    gpa,
    pages: range.pages,
    toPrivate: range.operation === PSC_OP_PRIVATE,
    huge: vcpu.pscHuge,
  });
  return 'left';
}

/** Marks the entries of the batch finished, each by its own size bit as it stands now. */
function completePscEntries(vcpu: Vcpu, scratch: Scratch): void {
  for (let n = vcpu.pscBatch; n > 0; n--) {
    const index = vcpu.pscCurrent;
    writeCurrentPage(scratch, index, readEntry(scratch, index).huge ? 512 : 1);
    vcpu.pscCurrent = index + 1;
  }
  writeCurrentEntry(scratch, vcpu.pscCurrent);
  vcpu.pscBatch = 0;
}

/** KVM_RUN again: userspace left `ret` in the hypercall exit. */
export function completePsc(world: World, vcpu: Vcpu): Handled {
  const ret = readRet(world, vcpu);
  const effects = world.sendExchange(vcpu, { type: 'USERSPACE_RET', ...retClass(world, ret) });
  vcpu.completion = 'none';
  world.move('completionDone', world.indexOf(vcpu), { ret });
  const [effect] = effects;
  if (effect?.type === 'failRun') return runFails(errno.EINVAL, 'PscRetNotAllowed');
  if (effect?.type === 'answerUserspaceRefused') return finish(world, vcpu, effects);
  const scratch = bufferOf(world, scratchAgain(world, vcpu));
  completePscEntries(vcpu, scratch);
  return snpBeginPsc(world, vcpu, scratch);
}

const results: Readonly<
  Record<
    string,
    {
      value: bigint;
      rule: 'PscDone' | 'PscEntryIllegal' | 'PscHeaderIllegal' | 'PscExitsDisabled' | 'PscRetRefused';
    }
  >
> = {
  answerPscDone: { value: 0n, rule: 'PscDone' },
  answerPscInvalidEntry: { value: PSC_INVALID_ENTRY, rule: 'PscEntryIllegal' },
  answerPscInvalidHeader: { value: PSC_INVALID_HDR, rule: 'PscHeaderIllegal' },
  answerPscGeneric: { value: PSC_GENERIC_ERROR, rule: 'PscExitsDisabled' },
  answerUserspaceRefused: { value: PSC_GENERIC_ERROR, rule: 'PscRetRefused' },
};

function finish(world: World, vcpu: Vcpu, effects: readonly Effect[]): Handled {
  const result = results[effects[0]?.type ?? ''];
  if (!result) return resumeAnswered(world, vcpu);
  const page = answerPage(world, vcpu);
  vcpu.pscBatch = 0;
  if (world.facet('psc.doneInfo1') === 'zeroed') writeInfo1(page, 0n);
  writeInfo2(page, result.value);
  world.move(
    'pscAnswer',
    world.indexOf(vcpu),
    { result: result.value, current: vcpu.pscCurrent },
    result.rule,
  );
  return 'resume';
}
