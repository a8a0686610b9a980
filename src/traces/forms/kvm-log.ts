/** Lines that KVM prints into the kernel log: sev.c of KVM and of the host's SNP support. */
import { GHCB_MSR_TERM_REQ, terminationRequest } from '../../abi/ghcb-msr';
import {
  SVM_VMGEXIT_AP_JUMP_TABLE,
  SVM_VMGEXIT_TERM_REQUEST,
  SVM_VMGEXIT_UNSUPPORTED_EVENT,
} from '../../abi/nae';
import { source } from '../../abi/source';
import { hex } from '../../base/hex';
import { form, numberIn, signedIn, textIn, valueOf, vcpuOf, type LineForm, type Meaning } from '../form';
import { errnoWord, failureMeaning } from '../refusal';
import type { Fields } from '../template';
import { ownersOfReason } from '../termination';

const kvm = (topic: string) => source.kernel('6.12.117', 'arch/x86/kvm/svm/sev.c', topic);
const newer = (topic: string) => source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', topic);
const virt = (topic: string) => source.kernel('6.12.117', 'arch/x86/virt/svm/sev.c', topic);

/** What stands before the text of a line about one vCPU. */
const VCPU = '[[kvm [{pid:d}]: vcpu{vcpu:d}, guest rIP: 0x{rip:x} ]]';
const about = (text: string): string => `${VCPU}${text}`;

const resumes = 'The guest goes on with nothing written: it reads its own request as the answer.';
const answers = (info2: number, why: string) =>
  `KVM answers SW_EXITINFO1 = 2, SW_EXITINFO2 = ${info2}: ${why}.`;
const INVALID_INPUT = answers(5, 'invalid input');

/** A line whose meaning does not depend on its numbers. */
const remarkOnly =
  (remark: string) =>
  (fields: Fields): Meaning => ({ remarks: [remark], ...vcpuOf(fields) });

function termination(fields: Fields): Meaning | undefined {
  const [set, code] = [numberIn(fields, 'set'), numberIn(fields, 'code')];
  if (set > 0xfn || code > 0xffn) return undefined;
  const value = terminationRequest.encode({ info: GHCB_MSR_TERM_REQ, reasonSet: set, reasonCode: code });
  return {
    values: [
      {
        label: 'termination',
        kind: 'ghcb-msr',
        value,
        size: 8,
        why: 'The MSR value that makes KVM print this line',
      },
    ],
    remarks: ownersOfReason(Number(set), Number(code)),
  };
}

/** KVM's dump of a GHCB: words that are marked valid are those of the request. */
const DUMP_LINES = [
  'sw_exit_code {code:x16} is_valid: {codeValid:d}',
  'sw_exit_info_1 {info1:x16} is_valid: {info1Valid:d}',
  'sw_exit_info_2 {info2:x16} is_valid: {info2Valid:d}',
  'sw_scratch {scratch:x16} is_valid: {scratchValid:d}',
  'valid_bitmap {bitmap:t}',
];

function dumpedGhcb(fields: Fields): Meaning {
  const missing = ['code', 'info1', 'info2'].filter(
    (name) => fields[name] !== undefined && numberIn(fields, `${name}Valid`) === 0n,
  );
  const remarks =
    missing.length === 0 ? [] : [`Not marked valid: ${missing.map((name) => DUMP_NAMES[name]).join(', ')}.`];
  if (fields['code'] === undefined)
    return { remarks: ['Only the heading of the dump is here; the words stood in the lines below it.'] };
  return {
    exit: {
      code: numberIn(fields, 'code'),
      ...(fields['info1'] === undefined ? {} : { info1: numberIn(fields, 'info1') }),
      ...(fields['info2'] === undefined ? {} : { info2: numberIn(fields, 'info2') }),
    },
    remarks,
  };
}
const DUMP_NAMES: Readonly<Record<string, string>> = {
  code: 'SW_EXITCODE',
  info1: 'SW_EXITINFO1',
  info2: 'SW_EXITINFO2',
};

function rmpEntry(fields: Fields): Meaning {
  const value = numberIn(fields, 'low') | (numberIn(fields, 'high') << 64n);
  const why = 'The line gives the two halves of the entry, low half first';
  return { values: [{ label: 'RMP entry', kind: 'rmp-entry', value, size: 16, why }] };
}

const rmpFault =
  (why: string) =>
  (fields: Fields): Meaning => ({
    remarks: [`An RMP fault at GPA ${hex(numberIn(fields, 'gpa'))}: ${why}.`],
  });

/** The address in the GHCB MSR. */
const msrAddress =
  (remark: string) =>
  (fields: Fields): Meaning => ({
    values: [
      valueOf(fields, 'gpa', 'ghcb-msr', 'The line gives the page address that stood in the MSR', {
        label: 'GHCB MSR',
      }),
    ],
    remarks: [remark],
    ...vcpuOf(fields),
  });

const exitCode =
  (remark: string) =>
  (fields: Fields): Meaning => ({
    values: [valueOf(fields, 'code', 'nae-code', 'The line calls it the exit code', { label: 'exit code' })],
    remarks: [remark],
    ...vcpuOf(fields),
  });

export const kvmLogForms: readonly LineForm[] = [
  form({
    id: 'termination-msr',
    what: "KVM's line about a guest that asks to be terminated by the MSR protocol: reason set and reason code",
    source: kvm('sev_handle_vmgexit_msr_protocol'),
    formats: ['SEV-ES guest requested termination: 0x{set:x}:0x{code:x}'],
    read: termination,
  }),
  form({
    id: 'termination-nae',
    what: "KVM's line about a guest that asks to be terminated through its GHCB page",
    source: kvm('sev_handle_vmgexit'),
    formats: ['SEV-ES guest requested termination: reason 0x{info1:x} info 0x{info2:x}'],
    read: (fields) => ({
      exit: {
        code: BigInt(SVM_VMGEXIT_TERM_REQUEST),
        info1: numberIn(fields, 'info1'),
        info2: numberIn(fields, 'info2'),
      },
    }),
  }),
  form({
    id: 'unsupported-event',
    what: "KVM's line about an event the guest could not handle",
    source: kvm('sev_handle_vmgexit'),
    formats: [about('vmgexit: unsupported event - exit_info_1=0x{info1:x}, exit_info_2=0x{info2:x}')],
    read: (fields) => ({
      exit: {
        code: BigInt(SVM_VMGEXIT_UNSUPPORTED_EVENT),
        info1: numberIn(fields, 'info1'),
        info2: numberIn(fields, 'info2'),
      },
      remarks: ['The guest reported it; KVM_RUN returns -EINVAL.'],
      ...vcpuOf(fields),
    }),
  }),
  form({
    id: 'jump-table',
    what: "KVM's line about a request for the AP jump table that it does not know",
    source: kvm('sev_handle_vmgexit'),
    formats: ['unsupported AP jump table request - exit_info_1=0x{info1:x}'],
    read: (fields) => ({
      exit: { code: BigInt(SVM_VMGEXIT_AP_JUMP_TABLE), info1: numberIn(fields, 'info1') },
    }),
  }),
  form({
    id: 'ghcb-not-set',
    what: "KVM's line about a VMGEXIT without a GHCB address",
    source: kvm('sev_handle_vmgexit'),
    formats: [about('vmgexit: GHCB gpa is not set')],
    read: remarkOnly(resumes),
  }),
  form({
    id: 'ghcb-not-mapped',
    what: "KVM's line about a GHCB page that it cannot map",
    source: kvm('sev_handle_vmgexit'),
    formats: [about('vmgexit: error mapping GHCB [0x{gpa:x}] from guest')],
    read: msrAddress(resumes),
  }),
  form({
    id: 'ghcb-not-registered',
    what: "KVM's line about a GHCB page that is not registered",
    source: kvm('sev_handle_vmgexit'),
    formats: [about('vmgexit: GHCB GPA [0x{gpa:x}] is not registered')],
    read: msrAddress(
      'Up to 6.17 KVM_RUN returns -EINVAL; later KVM answers SW_EXITINFO1 = 2, SW_EXITINFO2 = 1: not registered.',
    ),
  }),
  form({
    id: 'ghcb-usage',
    what: "KVM's line about a GHCB usage that it does not know",
    source: kvm('sev_es_validate_vmgexit'),
    formats: [about('vmgexit: ghcb usage 0x{usage:x} is not valid')],
    read: remarkOnly(answers(2, 'invalid usage')),
  }),
  form({
    id: 'exit-code-input',
    what: "KVM's line about a request in which a field that it needs is not marked valid",
    source: kvm('sev_es_validate_vmgexit'),
    formats: [about('vmgexit: exit code 0x{code:x} input is not valid')],
    read: exitCode(answers(4, 'missing input')),
  }),
  form({
    id: 'exit-code-unknown',
    what: "KVM's line about a request that it does not know",
    source: kvm('sev_es_validate_vmgexit'),
    formats: [about('vmgexit: exit code 0x{code:x} is not valid')],
    read: exitCode(answers(6, 'invalid event')),
  }),
  form({
    id: 'exit-code-snp-only',
    what: "KVM's line about a request of SNP guests that comes from another guest",
    source: newer('sev_handle_vmgexit'),
    formats: [about('vmgexit: exit code 0x{code:x} is SNP-only')],
    read: exitCode(answers(6, 'invalid event')),
  }),
  form({
    id: 'ap-id',
    what: "KVM's line about an AP creation for an APIC id that no vCPU has",
    source: kvm('sev_snp_ap_creation'),
    formats: [about('vmgexit: invalid AP APIC ID [0x{apic:x}] from guest')],
    read: remarkOnly(INVALID_INPUT),
  }),
  form({
    id: 'ap-request',
    what: "KVM's line about an AP creation with a request number that it does not know",
    source: kvm('sev_snp_ap_creation'),
    formats: [about('vmgexit: invalid AP creation request [0x{request:x}] from guest')],
    read: (fields) => ({
      values: [
        valueOf(fields, 'request', 'ap-info1', 'The line gives bits 31:0 of SW_EXITINFO1', {
          label: 'low half of SW_EXITINFO1',
        }),
      ],
      remarks: [INVALID_INPUT],
      ...vcpuOf(fields),
    }),
  }),
  form({
    id: 'ap-vmsa',
    what: "KVM's line about the VMSA address of an AP creation",
    source: kvm('sev_snp_ap_creation'),
    formats: [about('vmgexit: invalid AP VMSA address [0x{gpa:x}] from guest')],
    read: (fields) => ({ ...vmsaAddress(fields), ...vcpuOf(fields) }),
  }),
  form({
    id: 'ap-vmsa-2m',
    what: "KVM's line about a VMSA page that is aligned to 2M",
    source: kvm('sev_snp_ap_creation'),
    formats: [about('vmgexit: AP VMSA address [{gpa:x}] from guest is unsafe as it is 2M aligned')],
    read: (fields) => ({ ...vmsaAddress(fields), ...vcpuOf(fields) }),
  }),
  form({
    id: 'ap-features',
    what: "KVM's line about the features of an AP creation",
    source: newer('sev_snp_ap_creation'),
    formats: [about('vmgexit: mismatched AP sev_features [0x{asked:x}] != [0x{own:x}] from guest')],
    read: (fields) => ({
      values: [
        valueOf(fields, 'asked', 'sev-features', 'RAX of the request', { label: 'of the guest' }),
        valueOf(fields, 'own', 'sev-features', 'What KVM compares it with', { label: 'of the VM' }),
      ],
      remarks: [INVALID_INPUT],
      ...vcpuOf(fields),
    }),
  }),
  form({
    id: 'ap-injection',
    what: "KVM's line about the injection mode of an AP creation",
    source: kvm('sev_snp_ap_creation; not printed by 7.2'),
    formats: [about('vmgexit: invalid AP injection mode [0x{features:x}] from guest')],
    read: (fields) => ({
      values: [
        valueOf(fields, 'features', 'sev-features', 'The line gives the SEV_FEATURES of the request', {
          label: 'RAX',
        }),
      ],
      remarks: [INVALID_INPUT],
      ...vcpuOf(fields),
    }),
  }),
  form({
    id: 'scratch-missing',
    what: "KVM's line about a request without a scratch area",
    source: kvm('setup_vmgexit_scratch'),
    formats: ['vmgexit: scratch gpa not provided'],
    read: remarkOnly(answers(3, 'invalid scratch area')),
  }),
  form({
    id: 'scratch-area',
    what: "KVM's line about the scratch area of a request",
    source: kvm('setup_vmgexit_scratch'),
    formats: [
      'vmgexit: kvm_read_guest for scratch area failed',
      'vmgexit: scratch length (0x{length:x}) not valid for scratch address (0x{gpa:x})',
      'vmgexit: scratch area is outside of GHCB shared buffer area (0x{gpa:x} - 0x{end:x})',
      'vmgexit: scratch area exceeds KVM limits (0x{length:x} requested, 0x{limit:x} limit)',
    ],
    read: remarkOnly(answers(3, 'invalid scratch area')),
  }),
  form({
    id: 'ghcb-dump',
    what: "KVM's dump of a GHCB",
    source: kvm('dump_ghcb; 7.2 adds "snapshot" to the heading'),
    formats: ['GHCB (GPA={gpa:x16})[[ snapshot]]:'],
    continues: { formats: DUMP_LINES, most: DUMP_LINES.length },
    read: dumpedGhcb,
  }),
  form({
    id: 'rmp-entry',
    what: 'a dump of an RMP entry by the kernel; 6.12 prints what memory holds, as later kernels do for the raw entry',
    source: virt('dump_rmpentry'),
    formats: [
      'PFN 0x{pfn:x}, RMP entry: [0x{low:x16} - 0x{high:x16}]',
      'PFN: 0x{pfn:x}, [0x{low:x16} - 0x{high:x16}]',
      'RMP entry: [0x{low:x16} - 0x{high:x16}]',
    ],
    read: rmpEntry,
  }),
  form({
    id: 'rmpupdate-failed',
    what: 'a line of the host about an RMPUPDATE that failed',
    source: virt('rmpupdate'),
    formats: ['RMPUPDATE failed for PFN {pfn:x}, pg_level: {level:d}, ret: {ret:d}'],
    read: (fields) => ({
      remarks: [
        `RMPUPDATE returned ${signedIn(fields, 'ret') ?? 0} for PFN ${hex(numberIn(fields, 'pfn'))}.`,
      ],
    }),
  }),
  ...(
    [
      ['Unexpected RMP fault for non-private GPA 0x{gpa:x}', 'the access was not a private one'],
      ['Unexpected RMP fault, non-private slot for GPA 0x{gpa:x}', 'the memory slot has no guest_memfd'],
      [
        'Unexpected RMP fault, no backing page for private GPA 0x{gpa:x}',
        'guest_memfd has no page at that address',
      ],
      [
        'Unexpected RMP fault, no assigned RMP entry found for GPA 0x{gpa:x} PFN 0x{pfn:x} error {ret:d}',
        'the RMP entry of its page is not assigned',
      ],
      ['Unable to split RMP entry for GPA 0x{gpa:x} PFN 0x{pfn:x} ret {ret:d}', 'PSMASH failed'],
    ] as const
  ).map(([text, why], index) =>
    form({
      id: `rmp-fault-${index}`,
      what: "KVM's line about an RMP fault",
      source: kvm('sev_handle_rmp_fault'),
      formats: [`SEV: ${text}`],
      read: rmpFault(why),
    }),
  ),
  form({
    id: 'rmp-entry-update',
    what: "KVM's line about an RMP entry of guest_memfd",
    source: kvm('sev_gmem_prepare'),
    formats: ['SEV: Failed to {what:t} RMP entry: GFN {gfn:x} PFN {pfn:x} [[level {level:d} ]]error {ret:d}'],
    read: (fields) => ({
      remarks: [
        `To ${textIn(fields, 'what')} the RMP entry of GFN ${hex(numberIn(fields, 'gfn'))} failed with ${errnoWord(signedIn(fields, 'ret') ?? 0)}.`,
      ],
    }),
  }),
  form({
    id: 'snp-context',
    what: "KVM's line about a guest context that was not made",
    source: kvm('snp_launch_start'),
    formats: ['Failed to create SEV-SNP context, rc {ret:d} fw_error {status:d}'],
    read: (fields) =>
      failureMeaning({
        call: 'SNP_GCTX_CREATE',
        ret: signedIn(fields, 'ret'),
        status: signedIn(fields, 'status'),
      }),
  }),
  form({
    id: 'asids',
    what: "KVM's line about the ASIDs of one kind of guest",
    source: source.mail('KVM: SVM: Add SEV-SNP CipherTextHiding Support', 'Ashish Kalra', '2025'),
    formats: ['{kind:w} {state:w} (ASIDs {first:d} - {last:d})'],
    read: (fields) => {
      const [first, last] = [numberIn(fields, 'first'), numberIn(fields, 'last')];
      const kind = textIn(fields, 'kind');
      return {
        remarks: [
          last < first || last === 0n
            ? `No ASID is left for ${kind} guests: the first would be ${first}, the last is ${last}.`
            : `${kind} guests have ${last - first + 1n} ASIDs, ${first} to ${last}.`,
        ],
      };
    },
  }),
];

function vmsaAddress(fields: Fields): Meaning {
  return {
    values: [
      valueOf(fields, 'gpa', 'ap-info2', 'The line gives the VMSA address', { label: 'SW_EXITINFO2' }),
    ],
    remarks: [INVALID_INPUT],
  };
}
