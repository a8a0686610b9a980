/** From lines of guests to the requests behind them. */
import {
  GHCB_ERR_INVALID_EVENT,
  GHCB_ERR_INVALID_INPUT,
  GHCB_ERR_INVALID_SCRATCH_AREA,
  GHCB_ERR_INVALID_USAGE,
  GHCB_ERR_MISSING_INPUT,
  GHCB_ERR_NOT_REGISTERED,
} from '../../abi/error-words';
import { errno } from '../../abi/errno';
import { PSC_GENERIC_ERROR, PSC_INVALID_ENTRY, PSC_INVALID_HDR, PSC_LINUX_MAX_ENTRIES } from '../../abi/psc';
import { naeEvent } from '../../abi/nae';
import { hex } from '../../base/hex';
import { FREE_GPA, guest, type Planned } from '../../scenarios/from-value/plan';
import { planOfSvmExit } from '../../scenarios/from-value/words';
import { own } from '../../base/table';
import { numberIn, textIn } from '../form';
import type { Fields } from '../template';
import { kvmPlans, type LinePlans } from './kvm';

const entry = (gfn: number, twoMeg = false) => ({ operation: 2, gfn, twoMeg, currentPage: 0 });

/** A page state change that is answered with this word. */
function refusedBatch(info2: bigint): Planned {
  if (info2 === PSC_INVALID_HDR)
    return {
      title: 'A page state change whose header names an entry behind the buffer',
      acts: [guest('psc', { entries: [entry(0x200)], end: 8 * PSC_LINUX_MAX_ENTRIES })],
    };
  if (info2 === PSC_INVALID_ENTRY)
    return {
      title: 'A page state change of a 2 MiB page at an unaligned frame',
      acts: [guest('psc', { entries: [entry(0x201, true)] })],
    };
  if (info2 === PSC_GENERIC_ERROR)
    return {
      title: 'A page state change that userspace refuses',
      acts: [
        { actor: 'inject', verb: 'answer', args: { ret: BigInt(errno.EINVAL) } },
        guest('psc', { entries: [entry(0x200)] }),
      ],
    };
  return `${hex(info2)} is no answer that this KVM gives to a page state change.`;
}

/** The shortest request that is answered 2 and this reason. */
const malformed: Readonly<Record<string, () => Planned>> = {
  [String(GHCB_ERR_NOT_REGISTERED)]: () =>
    kvmPlans['ghcb-not-registered']?.({ gpa: FREE_GPA }) ?? 'There is no such request.',
  [String(GHCB_ERR_INVALID_USAGE)]: () =>
    kvmPlans['ghcb-usage']?.({ usage: 1n }) ?? 'There is no such request.',
  [String(GHCB_ERR_INVALID_SCRATCH_AREA)]: () =>
    kvmPlans['scratch-missing']?.({}) ?? 'There is no such request.',
  [String(GHCB_ERR_MISSING_INPUT)]: () =>
    kvmPlans['exit-code-input']?.({ code: 0x72n }) ?? 'There is no such request.',
  [String(GHCB_ERR_INVALID_INPUT)]: () => kvmPlans['ap-id']?.({ apic: 0x10n }) ?? 'There is no such request.',
  [String(GHCB_ERR_INVALID_EVENT)]: () => ({
    title: 'A request that KVM does not know',
    acts: [guest('nae', { code: 0x8000_0099n, info1: 0n, info2: 0n })],
  }),
};

/** A request whose answer coconut-svsm takes for a failure. */
function svsmFailure(fields: Fields): Planned {
  const [info1, info2] = [numberIn(fields, 'info1'), numberIn(fields, 'info2')];
  if (info1 !== 2n) return 'The answer asks for an exception; the line does not say which request it was.';
  return own(malformed, String(info2))?.() ?? `${info2} is no reason that any source names.`;
}

/** An AP creation that KVM refuses. */
const refusedCreation = (what: string): Planned =>
  /destroy/i.test(what)
    ? 'The line does not say why: KVM refuses a DESTROY for an APIC id alone that no vCPU has.'
    : (kvmPlans['ap-id']?.({ apic: 0x10n }) ?? 'There is no such request.');

/** A #VC exception that Linux has no case for: of those that a request answers it has one. */
const unhandledVc = (fields: Fields): Planned => {
  const code = numberIn(fields, 'code');
  return naeEvent(code)
    ? `Linux answers the #VC exception ${hex(code)} by a request to the hypervisor; the guest of the line is another.`
    : planOfSvmExit(code);
};

const guestOnly = (what: string) => () => `${what} happens in the guest alone; KVM takes no part in it.`;

export const guestPlans: LinePlans = {
  'psc-failed': (fields) => refusedBatch(numberIn(fields, 'info2')),
  'vc-unsupported': unhandledVc,
  'vc-opcode': unhandledVc,
  'ap-creation-error': (fields) => refusedCreation(textIn(fields, 'what')),
  'svsm-vmgexit-error': svsmFailure,
  'asp-decode': guestOnly('Decryption of an answer'),
  'vmpck-disabled': guestOnly('Giving up a key'),
};
