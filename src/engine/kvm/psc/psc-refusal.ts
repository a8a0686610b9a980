/** A batched page state change answered before its first entry: wrong guest type or bad scratch area. */
import { GHCB_HV_RESP_MALFORMED_INPUT } from '../../../abi/error-words';
import { GHCB_SHARED_BUFFER, GHCB_SHARED_BUFFER_END } from '../../../abi/ghcb-page';
import { PSC_DRAFT_INVALID_HDR, PSC_DRAFT_OTHER, PSC_HEADER_SIZE, PSC_INVALID_HDR } from '../../../abi/psc';
import type { FacetValue, KnownValue } from '../../../profiles/facets';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { answerPage, resumeAnswered, writeInfo1, writeInfo2, type Handled } from '../ghcb/ghcb';
import { findScratch, isScratch, refuseScratch, type Scratch } from '../ghcb/scratch';

const BARE_INVALID_HDR = BigInt(PSC_DRAFT_INVALID_HDR);
const WHOLE_BUFFER = BigInt(GHCB_SHARED_BUFFER_END - GHCB_SHARED_BUFFER);

/** Whether an SNP-only event of another guest is refused before its handler, as all but some postings do. */
export const batchIsSnpOnly = (world: World): boolean => world.facet('psc.batchNonSnp') === 'beforeDispatch';

/** Whether sw_scratch must be marked valid for the event to reach its handler. */
export function batchNeedsScratchBit(world: World): boolean {
  if (world.facetOrUnspecified('psc.length') === 'notChecked') return false;
  return world.facet('psc.badScratch') === 'malformedInput';
}

const esReplies: Record<FacetValue<'psc.batchNonSnp'>, bigint | undefined> = {
  otherError: PSC_DRAFT_OTHER,
  bare1: BARE_INVALID_HDR,
  beforeDispatch: undefined,
  forwarded: undefined,
  unspecified: undefined,
};

/** The reply to a guest without SNP where the handler tests for it. */
export function refusesBatchOfEs(world: World, vcpu: Vcpu): Handled | undefined {
  if (world.vm.type === 'snp') return undefined;
  const reply = esReplies[world.facetOrUnspecified('psc.batchNonSnp')];
  return reply === undefined ? undefined : answerInfo2(world, vcpu, reply);
}

function answerInfo2(world: World, vcpu: Vcpu, value: bigint): Handled {
  writeInfo2(answerPage(world, vcpu), value);
  return resumeAnswered(world, vcpu, 'PscRefused');
}

/** Bytes that the area must hold. */
function lengthNeeded(world: World, vcpu: Vcpu): bigint {
  const needs: Record<FacetValue<'psc.length'>, bigint> = {
    header: BigInt(PSC_HEADER_SIZE),
    swExitInfo2: vcpu.exitInfo2,
    wholeBuffer: WHOLE_BUFFER,
    notChecked: 0n,
    unspecified: BigInt(PSC_HEADER_SIZE),
  };
  const value = world.facetOrUnspecified('psc.length');
  // The start of the shared buffer, where guests put it, passes with any length.
  const usual = vcpu.swScratch === vcpu.ghcbGpa + BigInt(GHCB_SHARED_BUFFER);
  return needs[usual ? value : world.facet('psc.length')];
}

type ScratchReply = (world: World, vcpu: Vcpu, problem: 'invalid' | 'unreadable') => Handled;

const scratchReplies: Record<KnownValue<'psc.badScratch'>, ScratchReply> = {
  invalidHeader: (world, vcpu) => answerInfo2(world, vcpu, PSC_INVALID_HDR),
  bare1: (world, vcpu) => answerInfo2(world, vcpu, BARE_INVALID_HDR),
  malformedThenBare1: (world, vcpu, problem) => {
    if (problem === 'invalid') writeInfo1(answerPage(world, vcpu), GHCB_HV_RESP_MALFORMED_INPUT);
    return answerInfo2(world, vcpu, BARE_INVALID_HDR);
  },
  malformedInput: refuseScratch,
};

/** The buffer, or the answer to a request without a usable one. */
export function pscScratch(world: World, vcpu: Vcpu): Scratch | Handled {
  const found = findScratch(world, vcpu, { minimum: lengthNeeded(world, vcpu), sync: true });
  if (isScratch(found)) return found;
  return scratchReplies[world.facet('psc.badScratch')](world, vcpu, found);
}
