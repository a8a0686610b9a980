/** Who may mean what by a request to end: more than one guest uses the numbers of reason set 1. */
import {
  ghcbMsrInfo,
  GHCB_MSR_TERM_REQ,
  terminationReasons,
  terminationReasonSets,
  terminationReasonsOf,
  terminationRequest,
} from '../abi/ghcb-msr';
import { hex } from '../base/hex';

/** Why a reason that no source names has no name: the sets and codes that are named. */
function unnamedReason(set: number, code: number): string {
  const own = knownCodes(set);
  return own === undefined
    ? `No source names reason set ${set}: those of ${knownSets.join(' and ')} are known.`
    : `No source names the reason ${hex(set)}:${hex(code)}: of set ${set} the codes ${own} are known.`;
}

const knownSets = Object.keys(terminationReasonSets);

/** `0x0 to 0xa`; nothing of a set that nobody uses. */
function knownCodes(set: number): string | undefined {
  const codes = terminationReasons.filter((one) => one.set === set).map(({ code }) => code);
  return codes.length === 0 ? undefined : `${hex(Math.min(...codes))} to ${hex(Math.max(...codes))}`;
}

/** A sentence where several guests use the number or no source names it, nothing where one does. */
export function ownersOfReason(set: number, code: number): string[] {
  const reasons = terminationReasonsOf(set, code);
  if (reasons.length === 0) return [unnamedReason(set, code)];
  if (reasons.length === 1) return [];
  const all = reasons.map(({ by, doc, when }) => `${by}: ${doc}${when ? ` (${when})` : ''}`).join('; ');
  return [`More than one guest uses reason set ${set}. ${all}.`];
}

/** As {@link ownersOfReason}, of a value of the GHCB MSR; nothing where it is no request to end. */
export function ownersOfMsr(value: bigint): string[] {
  if (ghcbMsrInfo(value) !== GHCB_MSR_TERM_REQ) return [];
  const { reasonSet, reasonCode } = terminationRequest.decode(value);
  return ownersOfReason(Number(reasonSet), Number(reasonCode));
}
