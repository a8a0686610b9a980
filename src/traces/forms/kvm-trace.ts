/** Trace events of KVM, as their print formats in trace.h write them. 6.12.117 and 7.2.13 were read. */
import { source } from '../../abi/source';
import { errnoWord } from '../refusal';
import { form, numberIn, signedIn, textIn, valueOf, vcpuOf, type LineForm } from '../form';
import type { Fields } from '../template';
import { ownersOfMsr } from '../termination';

const x86 = (event: string) => source.kernel('7.2.13', 'arch/x86/kvm/trace.h', event);
const common = (event: string) => source.kernel('7.2.13', 'include/trace/events/kvm.h', event);

const GHCB_WORDS = ['[[vcpu {vcpu:d}, ]]exit_reason {code:x}, exit_info1 {info1:x}, exit_info2 {info2:x}'];
const GHCB_GPA = 'The line calls it ghcb_gpa';
const ERROR_CODE = 'The error code of the nested page fault';

const exitWords = (fields: Fields) => ({
  code: numberIn(fields, 'code'),
  info1: numberIn(fields, 'info1'),
  info2: numberIn(fields, 'info2'),
});

/** The name that the SVM table of KVM gives to the exit of a guest that asks through its GHCB. */
const NPF = 'npf';

/** What the print of KVM_RUN's return value says where it is an errno and no exit reason. */
function userspaceExit(fields: Fields) {
  const number = signedIn(fields, 'number') ?? 0;
  const name = textIn(fields, 'name');
  if (name !== 'error' && name !== 'restart')
    return {
      values: [
        valueOf(fields, 'number', 'exit-reason', 'The line names it', { label: 'exit reason', size: 4 }),
      ],
    };
  const returned = `KVM_RUN returned ${errnoWord(number)}: the number is an errno and no exit reason.`;
  return {
    remarks: [
      number === 14
        ? `${returned} With -EFAULT the exit reason may be KVM_EXIT_MEMORY_FAULT, which this line does not show.`
        : returned,
    ],
  };
}

/** Events whose words belong to the protocol. */
export const kvmTraceForms: readonly LineForm[] = [
  form({
    id: 'kvm_vmgexit_enter',
    what: 'a trace line of a request by the GHCB page',
    source: x86('kvm_vmgexit_enter'),
    isEvent: true,
    formats: GHCB_WORDS,
    read: (fields) => ({ exit: exitWords(fields), ...vcpuOf(fields) }),
  }),
  form({
    id: 'kvm_vmgexit_exit',
    what: "a trace line of KVM's answer in the GHCB page",
    source: x86('kvm_vmgexit_exit'),
    isEvent: true,
    formats: GHCB_WORDS,
    read: (fields) => ({ exit: { ...exitWords(fields), answered: true }, ...vcpuOf(fields) }),
  }),
  form({
    id: 'kvm_vmgexit_msr_protocol_enter',
    what: 'a trace line of a request by the MSR protocol',
    source: x86('kvm_vmgexit_msr_protocol_enter'),
    isEvent: true,
    formats: ['[[vcpu {vcpu:d}, ]]ghcb_gpa {msr:x16}'],
    read: (fields) => ({
      values: [valueOf(fields, 'msr', 'ghcb-msr', GHCB_GPA, { label: 'GHCB MSR' })],
      remarks: ownersOfMsr(numberIn(fields, 'msr')),
      ...vcpuOf(fields),
    }),
  }),
  form({
    id: 'kvm_vmgexit_msr_protocol_exit',
    what: 'a trace line after a request by the MSR protocol',
    source: x86('kvm_vmgexit_msr_protocol_exit'),
    isEvent: true,
    formats: ['[[vcpu {vcpu:d}, ]]ghcb_gpa {msr:x16}[[, result {result:d}]]'],
    read: (fields) => ({
      values: [valueOf(fields, 'msr', 'ghcb-msr', GHCB_GPA, { label: 'GHCB MSR' })],
      remarks: msrResult(signedIn(fields, 'result')),
      ...vcpuOf(fields),
    }),
  }),
  form({
    id: 'kvm_rmp_fault',
    what: 'a trace line of an RMP fault',
    source: x86('kvm_rmp_fault'),
    isEvent: true,
    formats: [
      'vcpu {vcpu:d} gpa {gpa:x16} pfn 0x{pfn:x} error_code 0x{error:x} rmp_level {level:d} psmash_ret {ret:d}',
    ],
    read: (fields) => ({
      values: [valueOf(fields, 'error', 'nested-fault', ERROR_CODE, { label: 'error code' })],
      remarks: [
        `The RMP entry of GPA 0x${numberIn(fields, 'gpa').toString(16)} is of ${numberIn(fields, 'level') === 2n ? '2M' : '4K'}${psmash(fields)}.`,
      ],
      ...vcpuOf(fields),
    }),
  }),
  form({
    id: 'kvm_page_fault',
    what: 'a trace line of a nested page fault',
    source: x86('kvm_page_fault'),
    isEvent: true,
    formats: ['[[vcpu {vcpu:d} ]][[rip 0x{rip:x} ]]address 0x{address:x16} error_code 0x{error:x}'],
    read: (fields) => ({
      values: [valueOf(fields, 'error', 'nested-fault', ERROR_CODE, { label: 'error code' })],
      ...vcpuOf(fields),
    }),
  }),
  form({
    id: 'kvm_exit',
    what: 'a trace line of an exit from the guest',
    source: x86('kvm_exit'),
    isEvent: true,
    formats: [
      '[[vcpu {vcpu:d} ]]reason {reason:t} rip 0x{rip:x} info1 0x{info1:x16} info2 0x{info2:x16} intr_info 0x{intr:x8} error_code 0x{error:x8}[[ requests 0x{requests:x16}]]',
      '[[vcpu {vcpu:d} ]]reason {reason:t} rip 0x{rip:x} info {info1:x} {info2:x}',
      '[[vcpu {vcpu:d} ]]reason {reason:t} info1 0x{info1:x16}[[ info2 0x{info2:x16}]]',
      '[[vcpu {vcpu:d} ]]reason {reason:w}[[ rip 0x{rip:x}]]',
    ],
    read: (fields) =>
      isIntel(textIn(fields, 'reason'))
        ? { remarks: [INTEL], ...vcpuOf(fields) }
        : {
            ...(textIn(fields, 'reason') === NPF && fields['info1'] !== undefined
              ? {
                  values: [
                    valueOf(
                      fields,
                      'info1',
                      'nested-fault',
                      'EXITINFO1 of a nested page fault is its error code',
                    ),
                  ],
                }
              : {}),
            ...vcpuOf(fields),
          },
  }),
  form({
    id: 'kvm_userspace_exit',
    what: 'a trace line of an exit to userspace',
    source: common('kvm_userspace_exit'),
    isEvent: true,
    formats: ['reason {name:w} ({number:d})'],
    read: userspaceExit,
  }),
  form({
    id: 'kvm_entry',
    what: 'a trace line of an entry into the guest',
    source: x86('kvm_entry'),
    isEvent: true,
    formats: ['vcpu {vcpu:d}[[, rip 0x{rip:x}]][[ intr_info 0x{intr:x8} error_code 0x{error:x8}]]'],
    read: vcpuOf,
  }),
  form({
    id: 'kvm_hypercall',
    what: 'a trace line of a hypercall by VMMCALL',
    source: x86('kvm_hypercall'),
    isEvent: true,
    formats: ['nr 0x{nr:x} a0 0x{a0:x} a1 0x{a1:x} a2 0x{a2:x} a3 0x{a3:x}'],
  }),
  form({
    id: 'kvm_vm_set_mem_attributes',
    what: 'a trace line of KVM_SET_MEMORY_ATTRIBUTES',
    source: common('kvm_vm_set_mem_attributes'),
    isEvent: true,
    formats: ['0x{start:x14} -- 0x{end:x14} [0x{attributes:x}]'],
    read: (fields) => ({
      values: [
        valueOf(
          fields,
          'attributes',
          'memory-attribute-bits',
          'The attributes that the range has from now on',
        ),
      ],
      remarks: ['Start and end are guest frame numbers; the end is not part of the range.'],
    }),
  }),
  form({
    id: 'kvm_msr',
    what: 'a trace line of an MSR that KVM emulated',
    source: x86('kvm_msr'),
    isEvent: true,
    formats: ['msr_{direction:w} {msr:x} = 0x{value:x}'],
  }),
  form({
    id: 'kvm_cpuid',
    what: 'a trace line of a CPUID that KVM emulated',
    source: x86('kvm_cpuid'),
    isEvent: true,
    formats: ['func {leaf:x} idx {index:x} rax {rax:x} rbx {rbx:x} rcx {rcx:x} rdx {rdx:x}'],
  }),
  form({
    id: 'kvm_inj_exception',
    what: 'a trace line of an exception that KVM injects',
    source: x86('kvm_inj_exception'),
    isEvent: true,
    formats: ['#{vector:w} (0x{error:x})'],
  }),
  form({
    id: 'kvm_apic_ipi',
    what: 'a trace line of an IPI',
    source: x86('kvm_apic_ipi'),
    isEvent: true,
    formats: ['dst {destination:x} vec {vector:d} ({mode:t})'],
  }),
];

/** Events of KVM that say nothing about the protocol; any other event is one of another subsystem. */
export const otherKvmEvent = (event: string): boolean => /^kvm_/.test(event);

export const INTEL =
  'The reason is one of Intel VMX; the GHCB protocol and SEV-SNP are of AMD, so nothing of this line is read.';

/** Exit reasons of VMX, as its table in the kernel's user ABI writes them: in capitals. */
export const isIntel = (reason: string): boolean =>
  /^(?:EPT_|VM(?:CLEAR|LAUNCH|PTRLD|READ|RESUME|WRITE|OFF|ON|CALL|FUNC)\b|TDCALL|SEAMCALL|EXTERNAL_INTERRUPT|PENDING_INTERRUPT|IO_INSTRUCTION|MSR_(?:READ|WRITE)|PREEMPTION_TIMER|APIC_ACCESS|CR_ACCESS|PAUSE_INSTRUCTION|EXCEPTION_NMI)/.test(
    reason,
  );

function msrResult(result: number | undefined): string[] {
  if (result === undefined) return [];
  if (result === 1) return ['Result 1: the guest goes on.'];
  if (result === 0)
    return [
      'Result 0: KVM leaves to userspace, and the MSR still holds the request; the answer is in no line.',
    ];
  return [`Result ${result}: KVM_RUN returns ${errnoWord(result)}.`];
}

function psmash(fields: Fields): string {
  const ret = signedIn(fields, 'ret') ?? 0;
  if (numberIn(fields, 'level') !== 2n) return '; no PSMASH was needed';
  return ret === 0 ? '; it was split' : `; PSMASH failed with ${errnoWord(ret)}`;
}
