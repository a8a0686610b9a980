/** From lines of VMMs to the exits behind them. */
import { bytesToPages, gpaToGfn, PAGE_SIZE } from '../../abi/address';
import { errno } from '../../abi/errno';
import { terminationRequest } from '../../abi/ghcb-msr';
import { KVM_EXIT_SYSTEM_EVENT, KVM_MAP_GPA_RANGE_ENCRYPTED } from '../../abi/kvm-run';
import { SVM_EXIT_ERR, SVM_VMGEXIT_UNSUPPORTED_EVENT } from '../../abi/nae';
import { hex } from '../../base/hex';
import { FREE_GPA, guest, machineWith, VALID_GPA, vmm, type Planned } from '../../scenarios/from-value/plan';
import { planOfExit } from '../../scenarios/from-value/requests';
import { planOfMemoryFault } from '../../scenarios/from-value/words';
import { numberIn, textIn } from '../form';
import { errnoOfText } from '../strerror';
import type { Fields } from '../template';
import { conversion } from './conversion';
import { kvmPlans, type LinePlans } from './kvm';

/** KVM_RUN that fails with an errno, in the shortest way. */
const failedRuns: Readonly<Record<number, () => Planned>> = {
  [errno.EINVAL]: () => planOfExit(BigInt(SVM_VMGEXIT_UNSUPPORTED_EVENT), 0x404n),
  [errno.EFAULT]: () => ({
    title: 'A shared access to a page that userspace does not map',
    acts: [
      vmm('user-memory', { gfn: gpaToGfn(FREE_GPA), n: 1, access: 'none' }),
      guest('read', { gpa: FREE_GPA, private: false }),
    ],
  }),
  [errno.ENOMEM]: () => ({
    title: 'A private access without memory for the page',
    acts: [
      guest('msr-psc', { gfn: gpaToGfn(FREE_GPA), op: 'private' }),
      { actor: 'inject', verb: 'allocation', args: { what: 'gmem' } },
      guest('read', { gpa: FREE_GPA, private: true }),
    ],
  }),
};

function unknownExit(reason: bigint): Planned {
  if (reason !== BigInt(KVM_EXIT_SYSTEM_EVENT))
    return `No request of a guest leads to exit reason ${reason} here.`;
  return {
    title: 'QEMU does not know the exit of a termination request',
    notes: ['The reason is not in the line; here it is the general one.'],
    acts: [guest('terminate', { form: 'msr', set: 0, code: 0 })],
  };
}

/** A vCPU that is to run on a page which is no VMSA. */
const failedEntry = (reason: bigint): Planned =>
  reason === INVALID_32 || reason === SVM_EXIT_ERR
    ? {
        title: 'A vCPU is created on a page that the RMP does not mark as VMSA',
        ...(reason === INVALID_32 ? { profile: 'linux-6.12' } : {}),
        acts: [guest('init-sipi', { target: 1 }), guest('ap-create', { target: 1, vmsa: VALID_GPA })],
      }
    : `VMRUN fails here with VMEXIT_INVALID alone, which is printed with all bits set, and not with ${hex(reason)}.`;

/** VMEXIT_INVALID in the 32 bits that older kernels keep. */
const INVALID_32 = 0xffff_ffffn;

/** A guest access that meets the wrong attribute: of one page, as KVM reports it. */
const memoryFault = (fields: Fields): Planned =>
  numberIn(fields, 'size') === BigInt(PAGE_SIZE)
    ? planOfMemoryFault(numberIn(fields, 'gpa'), numberIn(fields, 'flags'))
    : 'An access of these scenarios faults on one page of 4K at a time.';

/** KVM's own hypercall for a page state change: no VMMCALL of the guest, which would set a flag. */
function pageStateChange(fields: Fields): Planned {
  const attributes = numberIn(fields, 'attributes');
  if ((attributes & ~(KVM_MAP_GPA_RANGE_ENCRYPTED | 1n)) !== 0n)
    return `KVM sets the attributes of a page state change to private or shared, of 4K or 2M: ${hex(attributes)} is none of these.`;
  return conversion({
    gpa: numberIn(fields, 'gpa'),
    size: numberIn(fields, 'size'),
    toPrivate: (attributes & KVM_MAP_GPA_RANGE_ENCRYPTED) !== 0n,
    twoMeg: (attributes & 1n) !== 0n,
  });
}

export const vmmPlans: LinePlans = {
  kvm_memory_fault: memoryFault,
  'rust-memory-fault': memoryFault,
  kvm_hc_map_gpa_range: (fields) =>
    numberIn(fields, 'flags') === 0n
      ? pageStateChange(fields)
      : {
          title: `KVM_HC_MAP_GPA_RANGE at ${hex(numberIn(fields, 'gpa'))} with attributes ${hex(numberIn(fields, 'attributes'))}`,
          vm: machineWith(numberIn(fields, 'gpa')),
          acts: [
            guest('vmmcall', {
              nr: 12n,
              a0: numberIn(fields, 'gpa'),
              a1: BigInt(bytesToPages(numberIn(fields, 'size'))),
              a2: numberIn(fields, 'attributes'),
            }),
          ],
        },
  'qemu-exit-reason': (fields) => unknownExit(numberIn(fields, 'reason')),
  'qemu-entry-failed': (fields) => failedEntry(numberIn(fields, 'reason')),
  'qemu-run-failed': (fields) => {
    const number = errnoOfText(textIn(fields, 'error'));
    const planned = number === undefined ? undefined : failedRuns[number]?.();
    return planned ?? 'The line does not say what the guest did before.';
  },
  'qemu-attributes-failed': () =>
    'KVM takes this attribute of every range of these machines, and the line does not say what it did not take.',
  'rust-system-event': (fields) => {
    const data = numberIn(fields, 'data');
    if (numberIn(fields, 'type') !== 6n) return 'Only type 6 is the termination of an SEV guest.';
    const { reasonSet, reasonCode } = terminationRequest.decode(data);
    return kvmPlans['termination-msr']?.({ set: BigInt(reasonSet), code: BigInt(reasonCode) }) ?? '';
  },
};
