/** Who may mean what by a request to end: more than one guest uses the numbers of reason set 1. */
import { ghcbMsrInfo, GHCB_MSR_TERM_REQ, terminationReasonsOf, terminationRequest } from '../abi/ghcb-msr';

/** A sentence where several guests use the number, nothing where one does. */
export function ownersOfReason(set: number, code: number): string[] {
  const reasons = terminationReasonsOf(set, code);
  if (reasons.length < 2) return [];
  const all = reasons.map(({ by, doc, when }) => `${by}: ${doc}${when ? ` (${when})` : ''}`).join('; ');
  return [`More than one guest uses reason set ${set}. ${all}.`];
}

/** As {@link ownersOfReason}, of a value of the GHCB MSR; nothing where it is no request to end. */
export function ownersOfMsr(value: bigint): string[] {
  if (ghcbMsrInfo(value) !== GHCB_MSR_TERM_REQ) return [];
  const { reasonSet, reasonCode } = terminationRequest.decode(value);
  return ownersOfReason(Number(reasonSet), Number(reasonCode));
}
