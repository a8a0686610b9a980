/** AP creation: what a failed request must not change, and what the requester must be able to read. */
import { hex } from '../../base/hex';
import { apAnswer, apAnswerMoves, type ApAnswer } from './ap-request';
import { afterEach, checks, type Seen } from './invariant';
import { changedSince } from './log-view';

/** The variables of a vCPU that a request may change. */
const subject = ['vmsa', 'creation', 'mpState', 'pendingVmsaGpa', 'guestVmsaGpa', 'vmcbVmsaPfn'] as const;

function refusedButChanged(seen: Seen): string | undefined {
  const answer = apAnswer(seen);
  if (!answer?.target || answer.succeeded) return undefined;
  const changed = changedSince(seen.world, seen.since, answer.target, subject);
  if (changed.length === 0) return undefined;
  return `the request was answered with an error, yet ${changed.map((name) => `v${answer.targetIndex}.${name}`).join(', ')} changed`;
}

/** Why a request that was answered with success was not carried out. */
function notCarriedOut({ caller, target, request }: ApAnswer): string | undefined {
  if (!target) return 'no vCPU has that APIC id';
  if (request === 'unknown') return 'no such request is defined';
  if (request !== 'DESTROY' && target.pendingVmsaGpa !== caller.exitInfo2)
    return `VMSA ${hex(caller.exitInfo2)} does not wait for it`;
  return undefined;
}

function successForNothing(seen: Seen): string | undefined {
  const answer = apAnswer(seen);
  if (!answer?.succeeded) return undefined;
  const why = notCarriedOut(answer);
  return why && `the guest reads success for ${answer.request} of v${answer.targetIndex}, but ${why}`;
}

function pageNeverInstalled({ world, index }: Seen): string | undefined {
  const history = world.vcpuHistory[index];
  if (!history?.created || world.vcpu(index).destroyed) return undefined;
  return `the requester read success long before v${index} found no page for its VMSA`;
}

function createdTwice(seen: Seen): string | undefined {
  const answer = apAnswer(seen);
  if (!answer?.succeeded || !answer.history?.created) return undefined;
  if (answer.request !== 'CREATE' && answer.request !== 'CREATE_ON_INIT') return undefined;
  return `${answer.request} of v${answer.targetIndex} was accepted a second time, without a DESTROY between`;
}

function refusalServed({ world, index }: Seen): string | undefined {
  if (!world.vcpuHistory[index]?.armedByRefusal) return undefined;
  return `v${index} takes what a refused AP creation request left behind`;
}

function physicalZero({ index }: Seen): string | undefined {
  return `the requester read success, and v${index} got physical address 0 for its VMSA`;
}

export const apChecks = checks({
  FailureIsNoOp: afterEach(apAnswerMoves, refusedButChanged),
  ErrorsAreVisible: {
    ...afterEach(apAnswerMoves, successForNothing),
    vmsaNotInstalled: pageNeverInstalled,
    physicalZeroInstalled: physicalZero,
  },
  NoDoubleCreate: afterEach(apAnswerMoves, createdTwice),
  NoLandmine: { vmsaNotInstalled: refusalServed },
});
