/** From lines of KVM to the acts that make it print them. */
import { bytesToPages, gpaToGfn, isLargePageAligned, isPageAligned } from '../../abi/address';
import { apCreationRequests } from '../../abi/ap-creation';
import { ghcbAlwaysRequired } from '../../abi/ghcb-page';
import { KVM_MEMORY_ATTRIBUTE_PRIVATE } from '../../abi/kvm-structs';
import {
  naeEvent,
  requiredFields,
  SVM_VMGEXIT_AP_CREATION,
  SVM_VMGEXIT_AP_JUMP_TABLE,
  SVM_VMGEXIT_GET_AP_JUMP_TABLE,
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
import { conversion } from './conversion';

export type LinePlans = Readonly<Record<string, (fields: Fields) => Planned>>;

/** Bits of the error code of a nested page fault: a write, a user access, the final translation. */
const WRITE = 1n << 1n;
const USER = 1n << 2n;
const FINAL = 1n << 32n;
const FEATURES = BigInt(SVM_VMGEXIT_HV_FEATURES);
/** SW_EXITINFO1 of a CREATE for the second vCPU. */
const CREATE_SECOND = 0x1_0000_0001n;

/** The access that a nested page fault is of. @param error the error code, with or without KVM's own bit */
function access(gpa: bigint, error: bigint): Planned {
  const isPrivate = (error & (PFERR_GUEST_ENC_MASK | PFERR_PRIVATE_ACCESS)) !== 0n;
  const isWrite = (error & WRITE) !== 0n;
  const made = USER | FINAL | (isWrite ? WRITE : 0n) | (isPrivate ? PFERR_GUEST_ENC_MASK : 0n);
  const others = (error & ~PFERR_PRIVATE_ACCESS) ^ made;
  if (others !== 0n)
    return `The accesses of these scenarios are reads and writes of data to pages of 4K that are not mapped: none makes the error code ${hex(error)}, which differs in ${hex(others)}.`;
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

/** The bit of SW_EXITINFO2 in what a guest leaves unmarked. */
const INFO2 = 4n;

/** A request in which a field that it needs is not marked valid. */
function missingInput(code: bigint): Planned {
  const name = naeEvent(code)?.name ?? `The request ${hex(code)}`;
  const needed = requiredFields(code, { info1: 0n, rax: 0n });
  const needsMore = needed.length > ghcbAlwaysRequired.length;
  return {
    title: `${name} without the fields that it needs`,
    notes: [
      `Needed are ${needed.join(', ')}; marked valid here: exit code and SW_EXITINFO1${needsMore ? ' and 2' : ''} alone.`,
    ],
    acts: [guest('nae', { code, info1: 0n, info2: 0n, ...(needsMore ? {} : { omit: INFO2 }) })],
  };
}

/** Whether the newest KVM takes a request of this code for an event. */
const isKnown = (code: bigint): boolean =>
  !['refuses as an invalid event', undefined].includes(naeEvent(code)?.kvm);

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

/** An AP creation with this address of the VMSA page. */
const createdAt = (gpa: bigint): Planned => ({
  title: `AP creation with VMSA address ${hex(gpa)}`,
  vm: machineWith(gpa),
  acts: [guest('nae', { code: BigInt(SVM_VMGEXIT_AP_CREATION), info1: CREATE_SECOND, info2: gpa, rax: 1n })],
});

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
  if (!isPageAligned(gpa)) return `${hex(gpa)} is no page address, and KVM maps pages alone.`;
  if (memoryFor([gpa]) !== undefined && gpa < BigInt(defaultVm.memory))
    return `${hex(gpa)} lies in the memory of these machines, where KVM can map every page.`;
  return { title: `The GHCB page ${hex(gpa)} lies in no memory slot`, acts: [guest('msr', { value: gpa })] };
}

/** A request of an SNP guest in an SEV-ES guest. */
const fromEsGuest = (code: bigint): Planned =>
  !naeEvent(code)?.snpOnly
    ? `KVM takes ${hex(code)} of every kind of guest.`
    : {
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
      };

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
  'ghcb-usage': (fields) =>
    numberIn(fields, 'usage') === 0n
      ? 'The usage 0 is the one that KVM takes.'
      : {
          title: `A request with ghcb_usage ${hex(numberIn(fields, 'usage'))}`,
          acts: [
            guest('nae', { code: FEATURES, info1: 0n, info2: 0n, usage: Number(numberIn(fields, 'usage')) }),
          ],
        },
  'exit-code-input': (fields) => missingInput(numberIn(fields, 'code')),
  'exit-code-unknown': (fields) => {
    const code = numberIn(fields, 'code');
    return isKnown(code)
      ? `The kernels that are modelled here know ${hex(code)}: that of the line is another.`
      : planOfExit(code);
  },
  'jump-table': (fields) => {
    const selector = numberIn(fields, 'info1');
    return selector <= SVM_VMGEXIT_GET_AP_JUMP_TABLE
      ? `KVM knows the selector ${selector}, and refuses others alone.`
      : planOfExit(BigInt(SVM_VMGEXIT_AP_JUMP_TABLE), selector);
  },
  'exit-code-snp-only': (fields) => fromEsGuest(numberIn(fields, 'code')),
  'ap-id': (fields) => unknownTarget(numberIn(fields, 'apic')),
  'ap-request': (fields) => {
    const request = numberIn(fields, 'request');
    return Object.hasOwn(apCreationRequests, String(request))
      ? `The request ${request} is one that KVM knows.`
      : planOfExit(BigInt(SVM_VMGEXIT_AP_CREATION), request | (1n << 32n));
  },
  'ap-vmsa': (fields) => {
    const gpa = numberIn(fields, 'gpa');
    return isPageAligned(gpa) && gpa >> BigInt(defaultVm.maxphyaddr) === 0n
      ? `${hex(gpa)} is the address of a page, which KVM does not call invalid.`
      : createdAt(gpa);
  },
  'ap-vmsa-2m': (fields) => {
    const gpa = numberIn(fields, 'gpa');
    return isLargePageAligned(gpa) ? createdAt(gpa) : `${hex(gpa)} is not aligned to 2M.`;
  },
  'ap-features': (fields) =>
    numberIn(fields, 'own') === 1n && numberIn(fields, 'asked') !== 1n
      ? wrongFeatures(numberIn(fields, 'asked'))
      : 'The features of these machines are 0x1, which KVM takes and nothing else: the comparison would come out otherwise.',
  'ap-injection': (fields) => {
    const planned = wrongFeatures(numberIn(fields, 'features'));
    return typeof planned === 'string' ? planned : { ...planned, profile: 'linux-6.12' };
  },
  'scratch-missing': () => ({
    title: 'A page state change without a scratch area',
    acts: [
      guest('psc', { entries: [{ operation: 2, gfn: 0x200, twoMeg: false, currentPage: 0 }], scratch: 0n }),
    ],
  }),
  'scratch-area': () =>
    'Where the GHCB page of the request lay and how much it asked for the line does not say.',
  'rmpupdate-failed': (fields) =>
    numberIn(fields, 'level') === 1n
      ? refusedRmpupdate(signedIn(fields, 'ret') ?? 0)
      : 'Pages of these scenarios become private one by one, with RMP entries of 4K.',
  'rmp-entry-update': () => refusedRmpupdate(2),
  'rmp-fault-0': () => NO_RMP_FAULT,
  'rmp-fault-1': () => NO_RMP_FAULT,
  'rmp-fault-2': () => NO_RMP_FAULT,
  'rmp-fault-3': () => NO_RMP_FAULT,
  'rmp-fault-4': () => NO_RMP_FAULT,
  asids: () => 'How many ASIDs a host has is set in its firmware, before the first VM.',
  kvm_page_fault: (fields) => access(numberIn(fields, 'address'), numberIn(fields, 'error')),
  kvm_exit: (fields) =>
    textIn(fields, 'reason') === 'npf'
      ? access(numberIn(fields, 'info2'), numberIn(fields, 'info1'))
      : textIn(fields, 'reason') === 'vmgexit'
        ? 'What the guest asks for stands in the event behind this one.'
        : 'A guest whose state is encrypted asks through its GHCB; no act of these scenarios makes this exit.',
  kvm_rmp_fault: () =>
    'The RMP entries of these scenarios are of 4K, as their pages are: no access meets one of another size.',
  kvm_userspace_exit: (fields) =>
    failedRun(fields) ?? 'The line does not say what the guest asked for before this exit.',
  kvm_vm_set_mem_attributes: (fields) =>
    attributes(numberIn(fields, 'start'), numberIn(fields, 'end'), numberIn(fields, 'attributes')),
  kvm_convert_memory: (fields) =>
    conversion({
      gpa: numberIn(fields, 'gpa'),
      size: numberIn(fields, 'size'),
      toPrivate: /_to_private$/.test(textIn(fields, 'direction')),
      twoMeg: false,
    }),
};
