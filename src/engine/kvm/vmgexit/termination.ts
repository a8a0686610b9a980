/** Termination requests, and how they reach the VMM, which changed more than once before the merge. */
import { errno } from '../../../abi/errno';
import {
  DRAFT_SYSTEM_EVENT_NDATA_VALID,
  DRAFT_SYSTEM_EVENT_SEV_TERM,
  kvmRunSystemEvent,
  KVM_EXIT_SHUTDOWN,
  KVM_EXIT_SYSTEM_EVENT,
  KVM_SYSTEM_EVENT_SEV_TERM,
} from '../../../abi/kvm-run';
import type { FacetValue, KnownValue } from '../../../profiles/facets';
import type { RuleId } from '../../rules';
import type { Vcpu } from '../../state/vcpu';
import type { World } from '../../world';
import { kvmRunOf, leaveToUserspace } from '../exit';
import { failRequest, type Handled, type VmgexitHandler } from '../ghcb/ghcb';
import { fillInternalError } from '../internal-error';

const DATA = kvmRunSystemEvent.offsetOf('data');
const DRAFT_TYPE = (DRAFT_SYSTEM_EVENT_SEV_TERM | DRAFT_SYSTEM_EVENT_NDATA_VALID) >>> 0;

interface TermExit {
  readonly reason: number;
  readonly type: number;
  /** Number of data words; the drafts without the field leave it as it was. */
  readonly ndata: number | undefined;
  /** Which word of data holds the value. */
  readonly word: number;
}

const merged: TermExit = {
  reason: KVM_EXIT_SYSTEM_EVENT,
  type: KVM_SYSTEM_EVENT_SEV_TERM,
  ndata: 1,
  word: 0,
};

const forms: Record<FacetValue<'term.msr'>, TermExit | 'einval'> = {
  einval: 'einval',
  shutdownFlags: {
    reason: KVM_EXIT_SHUTDOWN,
    type: DRAFT_SYSTEM_EVENT_SEV_TERM,
    ndata: undefined,
    word: 0,
  },
  sysEventBit31Data1: { reason: KVM_EXIT_SYSTEM_EVENT, type: DRAFT_TYPE, ndata: 1, word: 1 },
  sysEventBit31Data0: { reason: KVM_EXIT_SYSTEM_EVENT, type: DRAFT_TYPE, ndata: 1, word: 0 },
  sysEventNdata: merged,
};

/** Termination by the MSR protocol. @param data the GHCB MSR value */
export function exitSevTerm(world: World, vcpu: Vcpu, data: bigint, rule: RuleId): Handled {
  if (world.facet('term.tracepoint') === 'unpaired') {
    world.finding('note', 'trace: kvm_vmgexit_msr_protocol_enter has no kvm_vmgexit_msr_protocol_exit');
  }
  const form = forms[world.facet('term.msr')];
  if (form === 'einval') return failRequest(world, vcpu, errno.EINVAL, rule);
  return exitAs(world, vcpu, form, { data, rule });
}

function exitAs(world: World, vcpu: Vcpu, form: TermExit, what: { data: bigint; rule: RuleId }): Handled {
  const run = kvmRunOf(world, vcpu);
  world.sendExchange(vcpu, { type: 'EXIT_TO_USERSPACE' });
  kvmRunSystemEvent.set(run, 'type', form.type);
  if (form.ndata !== undefined) kvmRunSystemEvent.set(run, 'ndata', form.ndata);
  run.setU64(DATA + 8 * form.word, what.data);
  leaveToUserspace(world, vcpu, { errno: 0, reason: form.reason });
  world.move('systemEventExit', vcpu.index, { type: form.type, data: what.data }, what.rule);
  return 'left';
}

const byGhcb: Record<KnownValue<'term.nae'>, VmgexitHandler> = {
  sysEventGhcbGpa: (world, vcpu) => exitAs(world, vcpu, merged, { data: vcpu.ghcbMsr, rule: 'Termination' }),
  unsupported: (world, vcpu) => {
    fillInternalError(world, vcpu, vcpu.exitCode);
    return failRequest(world, vcpu, errno.EINVAL, 'UnknownEvent');
  },
};

/** NAE event 0x8000fffe: the data word is the address of the GHCB, the reason stays in the page. */
export function exitSevTermByGhcb(world: World, vcpu: Vcpu): Handled {
  return byGhcb[world.facet('term.nae')](world, vcpu);
}
