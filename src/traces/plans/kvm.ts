/** From lines of KVM to the acts that make it print them. */
import { bytesToPages, gpaToGfn } from '../../abi/address';
import { KVM_MEMORY_ATTRIBUTE_PRIVATE } from '../../abi/kvm-structs';
import {
  naeEvent,
  requiredFields,
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_HV_FEATURES,
  SVM_VMGEXIT_UNSUPPORTED_EVENT,
} from '../../abi/nae';
import { PFERR_GUEST_ENC_MASK, PFERR_PRIVATE_ACCESS } from '../../abi/nested-fault';
import { hex } from '../../base/hex';
import {
  FREE_GPA,
  guest,
  machineWith,
  memoryFor,
  VALID_GPA,
  vmm,
  type Planned,
} from '../../scenarios/from-value/plan';
import { planOfExit } from '../../scenarios/from-value/requests';
import { planOfMemoryFault } from '../../scenarios/from-value/words';
import { defaultVm } from '../../scenarios/scenario';
import { numberIn, signedIn, textIn } from '../form';
import type { Fields } from '../template';

export type LinePlans = Readonly<Record<string, (fields: Fields) => Planned>>;

const WRITE = 1n << 1n;
const FEATURES = BigInt(SVM_VMGEXIT_HV_FEATURES);
/** SW_EXITINFO1 of a CREATE for the second vCPU. */
const CREATE_SECOND = 0x1_0000_0001n;

/** The access that a nested page fault is of. */
function access(gpa: bigint, error: bigint): Planned {
  const isPrivate = (error & (PFERR_GUEST_ENC_MASK | PFERR_PRIVATE_ACCESS)) !== 0n;
  const isWrite = (error & WRITE) !== 0n;
  return {
    title: `A ${isPrivate ? 'private' : 'shared'} ${isWrite ? 'write' : 'read'} at ${hex(gpa)}, the access of the nested page fault`,
    vm: machineWith(gpa),
    acts: [
      isWrite
        ? guest('write', { gpa, private: isPrivate, value: 0n })
        : guest('read', { gpa, private: isPrivate }),
    ],
  };
}

/** A request in which a field that it needs is not marked valid. */
function missingInput(code: bigint): Planned {
  const event = naeEvent(code);
  if (!event) return `${hex(code)} is no event that KVM asks fields for.`;
  const needed = requiredFields(code, { info1: 0n, rax: 0n });
  return {
    title: `${event.name} without the fields that it needs`,
    notes: [`Needed are ${needed.join(', ')}; here only the exit code and the info words are marked valid.`],
    acts: [guest('nae', { code, info1: 0n, info2: 0n })],
  };
}

function attributes(start: bigint, end: bigint, bits: bigint): Planned {
  if (end <= start) return 'The range is empty.';
  if (bits !== 0n && bits !== KVM_MEMORY_ATTRIBUTE_PRIVATE)
    return 'The act sets KVM_MEMORY_ATTRIBUTE_PRIVATE alone; KVM knows no other attribute.';
  return {
    title: `KVM_SET_MEMORY_ATTRIBUTES of ${end - start} pages to ${hex(bits)}`,
    acts: [vmm('set-attributes', { gfn: Number(start), n: Number(end - start), private: bits !== 0n })],
  };
}

/** An AP creation that names no vCPU of the machine. */
function unknownTarget(apic: bigint): Planned {
  if (apic === 0n) return 'Every machine has a vCPU with APIC id 0, so KVM finds the target.';
  const vcpus = apic < BigInt(defaultVm.vcpus) ? { vm: { vcpus: Number(apic) } } : {};
  return {
    title: `AP creation for APIC id ${hex(apic)}, which no vCPU has`,
    ...vcpus,
    acts: [
      guest('nae', {
        code: BigInt(SVM_VMGEXIT_AP_CREATION),
        info1: (apic << 32n) | 1n,
        info2: VALID_GPA,
        rax: 1n,
      }),
    ],
  };
}

/** An AP creation whose SEV_FEATURES KVM refuses. */
const wrongFeatures = (features: bigint): Planned => ({
  title: `AP creation with SEV_FEATURES ${hex(features)}`,
  acts: [
    guest('make-vmsa', { gpa: VALID_GPA }),
    guest('nae', {
      code: BigInt(SVM_VMGEXIT_AP_CREATION),
      info1: CREATE_SECOND,
      info2: VALID_GPA,
      rax: features,
    }),
  ],
});

/** A GHCB page outside all memory slots. */
function unmappable(gpa: bigint): Planned {
  if (memoryFor([gpa]) !== undefined && gpa < BigInt(defaultVm.memory))
    return `${hex(gpa)} lies in the memory of these machines, where KVM can map every page.`;
  return { title: `The GHCB page ${hex(gpa)} lies in no memory slot`, acts: [guest('msr', { value: gpa })] };
}

/** A request of an SNP guest in an SEV-ES guest. */
const fromEsGuest = (code: bigint): Planned => ({
  title: `${naeEvent(code)?.name ?? hex(code)} of an SEV-ES guest`,
  vm: { vcpus: 1 },
  launch: [
    vmm('create-vm', { type: 'seves' }),
    vmm('memslot', { gfn: 0, n: bytesToPages(BigInt(defaultVm.memory)), backing: 'none' }),
    vmm('init2', {}),
    vmm('create-vcpu', {}),
    vmm('assume-es-launch', {}),
    vmm('run', { vcpu: 0 }),
  ],
  acts: [guest('nae', { code, info1: 0n, info2: 0n, rax: 0n })],
});

/** A private access whose RMPUPDATE the hardware refuses. */
const refusedRmpupdate = (code: number): Planned => ({
  title: `RMPUPDATE fails with ${code} at the first private access to a page`,
  acts: [
    guest('msr-psc', { gfn: gpaToGfn(FREE_GPA), op: 'private' }),
    { actor: 'inject', verb: 'rmpupdate', args: { code } },
    guest('read', { gpa: FREE_GPA, private: true }),
  ],
});

/** What KVM_RUN returned to userspace. */
function failedRun(fields: Fields): Planned | undefined {
  const number = signedIn(fields, 'number') ?? 0;
  if (textIn(fields, 'name') !== 'error') return undefined;
  if (number === 14) return planOfMemoryFault(FREE_GPA, 8n);
  if (number === 22) return planOfExit(BigInt(SVM_VMGEXIT_UNSUPPORTED_EVENT), 0x404n);
  return undefined;
}

const NO_RMP_FAULT =
  'No act of these scenarios makes the processor report an RMP violation to KVM outside of private memory.';

export const kvmPlans: LinePlans = {
  'termination-msr': (fields) => ({
    title: `A guest asks to be terminated: reason ${hex(numberIn(fields, 'set'))}:${hex(numberIn(fields, 'code'))}`,
    acts: [
      guest('terminate', {
        form: 'msr',
        set: Number(numberIn(fields, 'set')),
        code: Number(numberIn(fields, 'code')),
      }),
    ],
  }),
  'ghcb-not-set': () => ({ title: 'A VMGEXIT while the GHCB MSR is 0', acts: [guest('msr', { value: 0n })] }),
  'ghcb-not-mapped': (fields) => unmappable(numberIn(fields, 'gpa')),
  'ghcb-not-registered': (fields) => ({
    title: 'A request by a GHCB page that is not registered',
    vm: machineWith(numberIn(fields, 'gpa')),
    acts: [guest('use-ghcb', { gpa: numberIn(fields, 'gpa') }), guest('hv-features', { form: 'nae' })],
  }),
  'ghcb-usage': (fields) => ({
    title: `A request with ghcb_usage ${hex(numberIn(fields, 'usage'))}`,
    acts: [guest('nae', { code: FEATURES, info1: 0n, info2: 0n, usage: Number(numberIn(fields, 'usage')) })],
  }),
  'exit-code-input': (fields) => missingInput(numberIn(fields, 'code')),
  'exit-code-snp-only': (fields) => fromEsGuest(numberIn(fields, 'code')),
  'ap-id': (fields) => unknownTarget(numberIn(fields, 'apic')),
  'ap-request': (fields) =>
    planOfExit(BigInt(SVM_VMGEXIT_AP_CREATION), numberIn(fields, 'request') | (1n << 32n)),
  'ap-vmsa': (fields) => ({
    title: `AP creation with VMSA address ${hex(numberIn(fields, 'gpa'))}`,
    vm: machineWith(numberIn(fields, 'gpa')),
    acts: [
      guest('nae', {
        code: BigInt(SVM_VMGEXIT_AP_CREATION),
        info1: CREATE_SECOND,
        info2: numberIn(fields, 'gpa'),
        rax: 1n,
      }),
    ],
  }),
  'ap-features': (fields) =>
    numberIn(fields, 'own') === 1n
      ? wrongFeatures(numberIn(fields, 'asked'))
      : 'The VM of the line has more features than these machines, so the comparison would come out otherwise.',
  'ap-injection': (fields) => {
    const planned = wrongFeatures(numberIn(fields, 'features'));
    return typeof planned === 'string' ? planned : { ...planned, profile: 'linux-6.12' };
  },
  'scratch-area': (fields) =>
    fields['gpa'] === undefined
      ? {
          title: 'A page state change without a scratch area',
          acts: [
            guest('psc', {
              entries: [{ operation: 2, gfn: 0x200, twoMeg: false, currentPage: 0 }],
              scratch: 0n,
            }),
          ],
        }
      : {
          title: `A page state change with its scratch area at ${hex(numberIn(fields, 'gpa'))}`,
          acts: [
            guest('psc', {
              entries: [{ operation: 2, gfn: 0x200, twoMeg: false, currentPage: 0 }],
              scratch: numberIn(fields, 'gpa'),
            }),
          ],
        },
  'rmpupdate-failed': (fields) => refusedRmpupdate(signedIn(fields, 'ret') ?? 0),
  'rmp-entry-update': () => refusedRmpupdate(2),
  'rmp-fault-0': () => NO_RMP_FAULT,
  'rmp-fault-1': () => NO_RMP_FAULT,
  'rmp-fault-2': () => NO_RMP_FAULT,
  'rmp-fault-3': () => NO_RMP_FAULT,
  'rmp-fault-4': () => NO_RMP_FAULT,
  asids: () => 'How many ASIDs a host has is set in its firmware, before the first VM.',
  kvm_page_fault: (fields) => access(numberIn(fields, 'address'), numberIn(fields, 'error')),
  kvm_rmp_fault: (fields) => access(numberIn(fields, 'gpa'), numberIn(fields, 'error')),
  kvm_userspace_exit: (fields) =>
    failedRun(fields) ?? 'The line does not say what the guest asked for before this exit.',
  kvm_vm_set_mem_attributes: (fields) =>
    attributes(numberIn(fields, 'start'), numberIn(fields, 'end'), numberIn(fields, 'attributes')),
  kvm_convert_memory: (fields) =>
    attributes(
      BigInt(gpaToGfn(numberIn(fields, 'gpa'))),
      BigInt(gpaToGfn(numberIn(fields, 'gpa') + numberIn(fields, 'size'))),
      /_to_private$/.test(textIn(fields, 'direction')) ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0n,
    ),
};
