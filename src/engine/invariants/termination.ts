/** Whether a VMM can read from kvm_run alone why the guest gave up. */
import { ghcbMsrInfo, GHCB_MSR_TERM_REQ, terminationRequest } from '../../abi/ghcb-msr';
import {
  DRAFT_SYSTEM_EVENT_NDATA_VALID,
  kvmRun,
  kvmRunSystemEvent,
  KVM_EXIT_SYSTEM_EVENT,
} from '../../abi/kvm-run';
import { SVM_VMGEXIT_TERM_REQUEST, terminationInfo1 } from '../../abi/nae';
import { hex } from '../../base/hex';
import { kvmRunOf } from '../kvm/exit';
import type { Image } from '../memory/image';
import type { Vcpu } from '../state/vcpu';
import { afterEach, checks, type Seen } from './invariant';
import { wordWrittenSince } from './log-view';

const DATA = kvmRunSystemEvent.offsetOf('data');
const DATA_WORDS = 16;

interface Reason {
  readonly reasonSet: number;
  readonly reasonCode: number;
}

/** The reason of the guest's termination request, or nothing when its current request is another one. */
function askedFor(vcpu: Vcpu): Reason | undefined {
  if (vcpu.guestRequest === 'msr') {
    return ghcbMsrInfo(vcpu.guestSentMsr) === GHCB_MSR_TERM_REQ ? reasonOf(vcpu.guestSentMsr) : undefined;
  }
  if (vcpu.guestRequest !== 'nae' || vcpu.exitCode !== BigInt(SVM_VMGEXIT_TERM_REQUEST)) return undefined;
  const { reasonSet, reasonCode } = terminationInfo1.decode(vcpu.exitInfo1);
  return { reasonSet, reasonCode };
}

function reasonOf(msr: bigint): Reason {
  const { reasonSet, reasonCode } = terminationRequest.decode(msr);
  return { reasonSet, reasonCode };
}

/** The termination reason that kvm_run alone gives the VMM. */
function reasonIn(run: Image): Reason | undefined {
  if (kvmRun.get(run, 'exitReason') !== KVM_EXIT_SYSTEM_EVENT || kvmRunSystemEvent.get(run, 'ndata') < 1)
    return undefined;
  const word = run.u64(DATA);
  return ghcbMsrInfo(word) === GHCB_MSR_TERM_REQ ? reasonOf(word) : undefined;
}

function reasonNotReported({ world, index }: Seen): string | undefined {
  const vcpu = world.vcpus[index];
  const asked = vcpu && askedFor(vcpu);
  if (!asked) return undefined;
  const reported = reasonIn(kvmRunOf(world, vcpu));
  if (reported?.reasonSet === asked.reasonSet && reported.reasonCode === asked.reasonCode) return undefined;
  return `the guest gave up with reason ${asked.reasonSet}:${asked.reasonCode}; kvm_run ${reported ? `says ${reported.reasonSet}:${reported.reasonCode}` : 'does not say'}`;
}

function ndataWrong({ world, index, args, since }: Seen): string | undefined {
  const run = kvmRunOf(world, world.vcpu(index));
  if (kvmRun.get(run, 'exitReason') !== KVM_EXIT_SYSTEM_EVENT) return undefined;
  const ndata = kvmRunSystemEvent.get(run, 'ndata');
  for (let word = 0; word < DATA_WORDS; word++) {
    const at = DATA + 8 * word;
    const first = run.base + at / 4;
    const logged = wordWrittenSince(world, since, first) || wordWrittenSince(world, since, first + 1);
    // Writing the same value leaves no record in the log; the word then holds the value of this exit.
    const counts = word < ndata;
    if (counts && !logged && run.u64(at) !== args['data'])
      return `ndata is ${ndata}, but data[${word}] was not written in this exit`;
    if (!counts && logged) return `data[${word}] was written, but ndata is ${ndata}`;
  }
  return undefined;
}

function typeHasFlags({ args }: Seen): string | undefined {
  const type = Number(args['type']);
  if ((type & DRAFT_SYSTEM_EVENT_NDATA_VALID) === 0) return undefined;
  return `type is ${hex(type)}: a flag bit beside the constant, so a VMM that compares for equality misses it`;
}

function wrongReason({ world, index }: Seen): string | undefined {
  const reason = kvmRun.get(kvmRunOf(world, world.vcpu(index)), 'exitReason');
  if (reason === KVM_EXIT_SYSTEM_EVENT) return undefined;
  return `system_event is filled in, but the exit reason is ${reason}`;
}

export const terminationChecks = checks({
  TermDecodable: afterEach(['systemEventExit', 'kvmRunReturns'], reasonNotReported),
  NdataCoversData: { systemEventExit: ndataWrong },
  TypeIsPlainEnum: { systemEventExit: typeHasFlags },
  ExitReasonFitsPayload: { systemEventExit: wrongReason },
});
