/**
 * The question of the review of 2024-04-25: what happens to an exit that the VMM relies on once KVM implements the
 * operation? No posting that passes the buffer to the VMM handles an operation itself; setting `psc.smashTail` does.
 */
import { PSC_INVALID_ENTRY } from '../../../abi/psc';
import type { FacetValue } from '../../../profiles/facets';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import {
  finishEntry,
  indexLimit,
  operationName,
  readEntry,
  readHeader,
  writeCurrentEntry,
} from './psc-buffer';
import { findScratch, isScratch } from '../ghcb/scratch';

/** SW_EXITINFO2 for a buffer of operations that KVM does not pass to the VMM. */
const replies: Record<FacetValue<'psc.smashTail'>, bigint | undefined> = {
  error: PSC_INVALID_ENTRY,
  vmmDecides: undefined,
  forwardedAsShared: undefined,
  skippedAsDone: 0n,
};

/** Answers such a buffer without the VMM. @returns SW_EXITINFO2, or nothing when the VMM has to see it */
export function answerWithoutVmm(world: World, vcpu: Vcpu): bigint | undefined {
  const reply = replies[world.facet('psc.smashTail')];
  if (reply === undefined) return undefined;
  const scratch = findScratch(world, vcpu, { minimum: 8n, sync: true });
  if (!isScratch(scratch)) return undefined;
  const { current, end } = readHeader(scratch);
  const inside = current <= end && end < indexLimit(world, scratch);
  const own = Array.from({ length: inside ? end - current + 1 : 0 }, (_, i) => current + i);
  if (own.length === 0) return undefined;
  if (own.some((index) => operationName(readEntry(scratch, index).operation) !== 'other')) return undefined;
  if (reply !== 0n) return reply;
  for (const index of own) finishEntry(scratch, index);
  writeCurrentEntry(scratch, end + 1);
  return reply;
}
