/**
 * NAE event 0x80000010. Where KVM walks the entries, it does so in guest memory, joins adjacent entries, and changes the
 * RMP itself or exits once for each range; the completion of that exit continues the walk. Everything kept across the exit
 * is in the declared state.
 */
import { gfnToGpa } from '../../../abi/address';
import { ghcbPage } from '../../../abi/ghcb-page';
import { errno } from '../../../abi/errno';
import {
  PSC_DRAFT_INVALID_ENTRY,
  PSC_DRAFT_OTHER,
  PSC_GENERIC_ERROR,
  PSC_INVALID_ENTRY,
  PSC_INVALID_HDR,
  PSC_OP_PRIVATE,
} from '../../../abi/psc';
import { kvmRunVmgexitPsc, kvmRunVmgexitRaw } from '../../../abi/kvm-run';
import { assert } from '../../../base/assert';
import { carryOut, carryOutOne } from '../../../machines/effects';
import type { ExchangeEvent, PscRoute } from '../../../machines/exchange';
import type { FacetValue, KnownValue } from '../../../profiles/facets';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf } from '../exit';
import { answerPage, ghcbReachable, runFails, writeInfo1, writeInfo2, type Handled } from '../ghcb/ghcb';
import { exitMapGpaRange, pscExitsEnabled, readRet, retClass } from './map-gpa-range';
import {
  bufferOf,
  finishEntry,
  headerLegal,
  indexLimit,
  operationName,
  readHeader,
  writeCurrentEntry,
} from './psc-buffer';
import { changePageState, draftResult } from './psc-in-kernel';
import { answerWithoutVmm } from './psc-known';
import { nextRange, type Range } from './psc-range';
import { pscScratch, refusesBatchOfEs } from './psc-refusal';
import { exitVmgexitPsc, exitVmgexitRaw } from './psc-vmgexit';
import { isScratch, scratchAgain, type Scratch } from '../ghcb/scratch';

const routes: Record<FacetValue<'psc.batch'>, PscRoute> = {
  inKernel: 'inKernel',
  rawMsrExit: 'vmgexit',
  sharedGpa: 'vmgexit',
  mapGpaRangeLoop: 'mapGpaRange',
};
const routeOf = (world: World): PscRoute => routes[world.facet('psc.batch')];

/** The event from its arrival to the first exit or the answer. */
export function snpBeginPscRequest(world: World, vcpu: Vcpu): Handled {
  const refusal = refusesBatchOfEs(world, vcpu);
  if (refusal) return refusal;
  if (routeOf(world) === 'vmgexit') return forwardUnlessKnown(world, vcpu);
  const area = pscScratch(world, vcpu);
  if (!isScratch(area)) return area;
  const scratch = bufferOf(world, area);
  const stillInFlight = vcpu.pscBatch > 0;
  vcpu.pscBatch = 0;
  vcpu.pscLimit = indexLimit(world, scratch);
  const header = readHeader(scratch);
  vcpu.pscCurrent = header.current;
  vcpu.pscEnd = header.end;
  const ended = begin(world, vcpu, {
    carriedOut: routeOf(world),
    exitsEnabled: routeOf(world) === 'inKernel' || pscExitsEnabled(world),
    headerLegal: headerLegal(world, header, vcpu.pscLimit),
  });
  if (ended) return ended;
  if (stillInFlight) return leftOver(world, vcpu);
  return snpBeginPsc(world, vcpu, scratch);
}

type BeginFacts = Omit<Extract<ExchangeEvent, { type: 'PSC_BEGIN' }>, 'type'>;

/** The reply to a request that ends before its first entry; nothing when the walk may begin. */
function begin(world: World, vcpu: Vcpu, facts: BeginFacts): Handled | undefined {
  return carryOut(world.decideExchange(vcpu, { type: 'PSC_BEGIN', ...facts }), {
    exitVmgexit: () => forward(world, vcpu),
    answerPscGeneric: () => finish(world, vcpu, exitsDisabled),
    answerPscInvalidHeader: () => finish(world, vcpu, headerIllegal(world)),
  });
}

/** As posted the VMM gets every buffer; a KVM that implements some operations would answer those itself. */
function forwardUnlessKnown(world: World, vcpu: Vcpu): Handled {
  const value = answerWithoutVmm(world, vcpu);
  if (value === undefined) {
    const forwarded = begin(world, vcpu, { carriedOut: 'vmgexit', exitsEnabled: true, headerLegal: true });
    assert(forwarded, 'a buffer that the VMM walks is forwarded at once');
    return forwarded;
  }
  world.sendExchange(vcpu, { type: 'ANSWER' });
  return finish(world, vcpu, { value, rule: 'PscUnknownOperation' });
}

/** KVM does not read the buffer: its address, or that of the GHCB page, is passed to the VMM. */
function forward(world: World, vcpu: Vcpu): Handled {
  if (world.facet('psc.batch') === 'rawMsrExit') exitVmgexitRaw(world, vcpu, 'pscVmgexitRaw');
  else exitVmgexitPsc(world, vcpu, vcpu.swScratch);
  return 'left';
}

/** A refused `ret` left entries counted as in flight, which makes the next request fail. */
function leftOver(world: World, vcpu: Vcpu): Handled {
  world.finding('note', 'kernel WARN: a page state change begins while entries are still in flight');
  writeInfo2(answerPage(world, vcpu), PSC_GENERIC_ERROR);
  world.sendExchange(vcpu, { type: 'ANSWER' });
  world.move('pscAnswer', vcpu.index, { result: PSC_GENERIC_ERROR, current: vcpu.pscCurrent }, 'PscLeftOver');
  return 'resume';
}

/** snp_begin_psc: finds the next range, in a loop until a range needs an exit or no entry is left. */
function snpBeginPsc(world: World, vcpu: Vcpu, scratch: Scratch): Handled {
  for (;;) {
    const range = nextRange(world, vcpu, scratch);
    const effects = world.decideExchange(vcpu, {
      type: 'PSC_RANGE',
      carriedOut: routeOf(world),
      exitsEnabled: stillEnabled(world),
      headerLegal: range.headerLegal,
      found: range.found,
      operation: operationName(range.operation),
      other: otherOperation(world, vcpu, range),
    });
    const ended = carryOutOne(effects, {
      exitMapGpaRange: () => exitForRange(world, vcpu, range),
      changeRmp: () => changeRange(world, vcpu, range),
      skipRange: () => skipRange(world, vcpu, range),
      answerPscGeneric: () => finish(world, vcpu, exitsDisabled),
      answerPscInvalidHeader: () => finish(world, vcpu, headerIllegal(world)),
      answerPscInvalidEntry: () => finish(world, vcpu, entryIllegal),
      answerPscDone: () => finish(world, vcpu, { value: doneReply(world), rule: 'PscDone' }),
    });
    if (ended) return ended;
    completePscEntries(world, vcpu, scratch);
  }
}

/** KVM changes the RMP itself. @returns the reply when that failed */
function changeRange(world: World, vcpu: Vcpu, range: Range): Handled | undefined {
  const code = changePageState(world, range);
  return carryOut(world.decideExchange(vcpu, { type: 'PSC_CHANGED', done: code === 0 }), {
    answerNotChanged: () => finish(world, vcpu, notChanged(world, code)),
  });
}

/** An operation that is counted as done without being carried out. */
function skipRange(world: World, vcpu: Vcpu, { operation }: Range): undefined {
  const first = vcpu.pscCurrent;
  const last = first + vcpu.pscBatch - 1;
  world.move('pscSkipped', vcpu.index, { first, last, operation }, 'PscUnknownOperation');
}

function stillEnabled(world: World): boolean {
  if (routeOf(world) === 'inKernel' || world.vm.hypercallExits) return true;
  return world.facet('psc.enabledTest') === 'oncePerRequest' || pscExitsEnabled(world);
}

/** Handles an entry whose operation is neither private nor shared. */
function otherOperation(world: World, vcpu: Vcpu, range: Range): 'error' | 'skipped' | 'asShared' {
  if (range.found !== 'range' || operationName(range.operation) !== 'other') return 'error';
  const inKernel = routeOf(world) === 'inKernel';
  const value = world.facet('psc.smashTail');
  switch (value) {
    case 'error':
      return 'error';
    case 'skippedAsDone':
      return 'skipped';
    case 'vmmDecides':
      world.finding('ambiguity', 'psc.smashTail: where KVM walks the entries, no exit carries the operation');
      return inKernel ? 'error' : 'skipped';
    case 'forwardedAsShared': {
      if (inKernel) return 'error';
      const isTail = vcpu.pscCurrent + vcpu.pscBatch > vcpu.pscEnd;
      // In the posted code neither the address nor the count of this exit is initialised.
      if (isTail) world.finding('ambiguity', "psc.smashTail: shown with the entry's own address and count");
      return isTail ? 'asShared' : 'skipped';
    }
  }
}

function exitForRange(world: World, vcpu: Vcpu, range: Range): Handled {
  const gpa = gfnToGpa(range.gfn);
  const last = vcpu.pscCurrent + vcpu.pscBatch - 1;
  const what = { first: vcpu.pscCurrent, last, gpa, pages: range.pages };
  world.move('pscRange', vcpu.index, what, 'PscMerges');
  vcpu.completion = 'psc';
  exitMapGpaRange(world, vcpu, {
    gpa,
    pages: range.pages,
    toPrivate: range.operation === PSC_OP_PRIVATE,
    huge: vcpu.pscHuge,
  });
  return 'left';
}

/** Counts the entries of the batch as done, and marks each where KVM writes cur_page at all. */
function completePscEntries(world: World, vcpu: Vcpu, scratch: Scratch): void {
  const marks = routeOf(world) !== 'inKernel';
  for (let n = vcpu.pscBatch; n > 0; n--) {
    if (marks) finishEntry(scratch, vcpu.pscCurrent);
    vcpu.pscCurrent += 1;
  }
  if (ghcbReachable(world, vcpu)) writeCurrentEntry(scratch, vcpu.pscCurrent);
  vcpu.pscBatch = 0;
}

/** KVM_RUN again: userspace left `ret` in the hypercall exit. */
export function completePsc(world: World, vcpu: Vcpu): Handled {
  const ret = readRet(world, vcpu);
  return takeRet(world, vcpu, ret, retClass(world, ret));
}

type RetFacts = Omit<Extract<ExchangeEvent, { type: 'USERSPACE_RET' }>, 'type'>;

function takeRet(world: World, vcpu: Vcpu, ret: bigint, facts: RetFacts): Handled {
  const effects = world.decideExchange(vcpu, { type: 'USERSPACE_RET', ...facts });
  vcpu.completion = 'none';
  world.move('completionDone', vcpu.index, { ret });
  return carryOutOne(effects, {
    failRun: (): Handled => runFails(errno.EINVAL, 'PscRetNotAllowed'),
    answerUserspaceRefused: () =>
      finish(world, vcpu, { value: refusedByVmm(world, ret), rule: 'PscRetRefused' }),
    answerAsUserspaceSays: () => {
      const value = ret === 0n ? doneReply(world) : refusedByVmm(world, ret);
      return finish(world, vcpu, { value, rule: 'PscRetPassedOn' });
    },
    markRangeDone: () => {
      const scratch = bufferOf(world, scratchAgain(world, vcpu));
      completePscEntries(world, vcpu, scratch);
      return snpBeginPsc(world, vcpu, scratch);
    },
  });
}

/** After KVM_EXIT_VMGEXIT of type 2. */
export const completePscVmgexit = (world: World, vcpu: Vcpu): Handled =>
  completeForwarded(world, vcpu, kvmRunVmgexitPsc.get(kvmRunOf(world, vcpu), 'ret'));

/** After KVM_EXIT_VMGEXIT without type. */
export const completePscVmgexitRaw = (world: World, vcpu: Vcpu): Handled =>
  completeForwarded(world, vcpu, kvmRunVmgexitRaw.get(kvmRunOf(world, vcpu), 'ret'));

/** The VMM walked the buffer and updated cur_entry; KVM only writes its reply. */
const completeForwarded = (world: World, vcpu: Vcpu, ret: bigint): Handled =>
  takeRet(world, vcpu, ret, { ret: retClass(world, ret).ret, check: 'passedOn' });

interface Reply {
  /** SW_EXITINFO2. */
  readonly value: bigint;
  readonly rule: RuleId;
}

/** The reply to a batch of which nothing failed. */
function doneReply(world: World): bigint {
  const value = world.facet('psc.doneReply');
  return value === 'genericError' ? PSC_GENERIC_ERROR : 0n;
}

/** The reply when the VMM refused a range, or the whole buffer. */
function refusedByVmm(world: World, ret: bigint): bigint {
  const replies: Record<FacetValue<'psc.errorDetail'>, bigint> = {
    perEntry: PSC_DRAFT_OTHER,
    vmmReply: ret,
    perRange: PSC_GENERIC_ERROR,
  };
  return replies[world.facet('psc.errorDetail')];
}

/** The reply when KVM could not change the RMP. */
function notChanged(world: World, code: number): Reply {
  const detailed = world.facet('psc.errorDetail') === 'perEntry' || code === PSC_DRAFT_INVALID_ENTRY;
  return { value: detailed ? draftResult(code) : PSC_GENERIC_ERROR, rule: 'PscNotChanged' };
}

const headerErrors: Record<KnownValue<'psc.headerError'>, bigint> = {
  invalidEntry: PSC_INVALID_ENTRY,
  bare2: BigInt(PSC_DRAFT_INVALID_ENTRY),
  invalidHeader: PSC_INVALID_HDR,
};

const headerIllegal = (world: World): Reply => ({
  value: headerErrors[world.facet('psc.headerError')],
  rule: 'PscHeaderIllegal',
});
const entryIllegal: Reply = { value: PSC_INVALID_ENTRY, rule: 'PscEntryIllegal' };
const exitsDisabled: Reply = { value: PSC_GENERIC_ERROR, rule: 'PscExitsDisabled' };

function finish(world: World, vcpu: Vcpu, { value, rule }: Reply): Handled {
  vcpu.pscBatch = 0;
  if (ghcbReachable(world, vcpu)) {
    const page = answerPage(world, vcpu);
    // It is 0 since the dispatch, unless another vCPU has written it since.
    const written = ghcbPage.get(page, 'swExitInfo1') !== 0n;
    if (written && world.facet('psc.doneInfo1') === 'zeroed') writeInfo1(page, 0n);
    writeInfo2(page, value);
  }
  world.move('pscAnswer', vcpu.index, { result: value, current: vcpu.pscCurrent }, rule);
  return 'resume';
}
