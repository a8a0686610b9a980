/** Trace events and messages of QEMU, and errors of VMMs in Rust. QEMU 10.0.13 and 10.2.2 were read. */
import { kvmExitReasons } from '../../abi/kvm-run';
import { source } from '../../abi/source';
import { hex } from '../../base/hex';
import { form, numberIn, signedIn, textIn, valueOf, type LineForm, type Meaning } from '../form';
import { errnoWord, failureMeaning } from '../refusal';
import { errnoOfText } from '../strerror';
import type { Fields } from '../template';
import { ownersOfMsr } from '../termination';

const qemu = (topic: string) => source.qemu('trace events and error reports', topic);
const crate = source.crate('kvm-ioctls', 'VcpuExit as its Debug prints it', 'unconfirmed');

const exitReason = (fields: Fields, name: string) =>
  valueOf(fields, name, 'exit-reason', 'The line gives exit_reason', { label: 'exit reason', size: 4 });

/** Launch calls of QEMU, with what the firmware said. */
const launch = (fields: Fields): Meaning =>
  failureMeaning({
    call: textIn(fields, 'call'),
    ret: signedIn(fields, 'ret'),
    status: Number(BigInt.asUintN(32, numberIn(fields, 'status'))),
  });

function runFailed(fields: Fields): Meaning {
  const said = textIn(fields, 'error').trim();
  const number = errnoOfText(said);
  return {
    remarks: [
      number === undefined ? `KVM_RUN failed: ${said}.` : `KVM_RUN returned ${errnoWord(-number)}.`,
      'The registers that QEMU prints after it are not those of the guest: they are encrypted.',
    ],
  };
}

/** What a VMM prints of an exit that it does not handle. */
const MEMORY_FAULT = [
  'MemoryFault { flags: {flags:n}, gpa: {gpa:n}, size: {size:n}',
  'MemoryFault { gpa: {gpa:n}, size: {size:n}, flags: {flags:n}',
];

const REGISTERS = [
  '{r:w}={v:x} ',
  'Code={code:t}',
  'RIP={rip:x}',
  'EIP={rip:x}',
  'GDT= {gdt:t}',
  'IDT= {idt:t}',
];

/** The highest exit reason that a header or a posting names. */
const LAST_REASON = Math.max(...Object.keys(kvmExitReasons).map(Number));

export const vmmForms: readonly LineForm[] = [
  form({
    id: 'qemu-launch',
    what: 'an error of QEMU about a launch call',
    source: qemu('fw_error of the launch commands'),
    formats: ["{call:w} ret={ret:d} fw_error={status:n}[[ '{text:t}']]"],
    read: launch,
  }),
  form({
    id: 'kvm_hc_map_gpa_range',
    what: 'a trace line of QEMU about KVM_HC_MAP_GPA_RANGE',
    source: qemu('kvm_hc_map_gpa_range'),
    isEvent: true,
    formats: ['gpa 0x{gpa:x} size 0x{size:x} attributes 0x{attributes:x}[[ flags 0x{flags:x}]]'],
    read: (fields) => ({
      values: [valueOf(fields, 'attributes', 'map-gpa-attributes', 'The third argument of the hypercall')],
    }),
  }),
  form({
    id: 'kvm_memory_fault',
    what: 'a trace line of QEMU about a memory fault',
    source: qemu('kvm_memory_fault'),
    isEvent: true,
    formats: ['start 0x{gpa:x} size 0x{size:x} flags 0x{flags:x}'],
    read: (fields) => ({
      values: [valueOf(fields, 'flags', 'memory-fault-flags', 'The flags of the exit')],
    }),
  }),
  form({
    id: 'kvm_convert_memory',
    what: 'a trace line of QEMU about a conversion of memory',
    source: qemu('kvm_convert_memory'),
    isEvent: true,
    formats: ['start 0x{gpa:x} size 0x{size:x} {direction:w}'],
    read: (fields) => ({
      remarks: [
        `${hex(numberIn(fields, 'size'))} bytes at GPA ${hex(numberIn(fields, 'gpa'))} become ${/_to_private$/.test(textIn(fields, 'direction')) ? 'private' : 'shared'}.`,
      ],
    }),
  }),
  form({
    id: 'kvm_run_exit',
    what: 'a trace line of QEMU about an exit of KVM_RUN',
    source: qemu('kvm_run_exit'),
    isEvent: true,
    formats: ['cpu_index {vcpu:d}, reason {reason:d}'],
    read: (fields) => ({ values: [exitReason(fields, 'reason')] }),
  }),
  form({
    id: 'kvm_run_exit_system_event',
    what: 'a trace line of QEMU about KVM_EXIT_SYSTEM_EVENT',
    source: qemu('kvm_run_exit_system_event'),
    isEvent: true,
    formats: [
      'cpu_index {vcpu:d}, system_even{rest:w}_type {type:d}',
      'cpu_index {vcpu:d}, system_even_type {type:d}',
    ],
    read: (fields) => ({
      remarks: [
        numberIn(fields, 'type') === 6n
          ? 'Type 6 is KVM_SYSTEM_EVENT_SEV_TERM: the guest asked to be terminated. The reason is not on this line.'
          : `System event of type ${numberIn(fields, 'type')}.`,
      ],
    }),
  }),
  form({
    id: 'kvm_sev_snp_launch_start',
    what: 'a trace line of QEMU about SNP_LAUNCH_START',
    source: qemu('kvm_sev_snp_launch_start'),
    isEvent: true,
    formats: ['policy 0x{policy:x}'],
    read: (fields) => ({
      values: [valueOf(fields, 'policy', 'snp-policy', 'The line calls it the policy')],
    }),
  }),
  form({
    id: 'kvm_sev_snp_launch_update',
    what: 'a trace line of QEMU about SNP_LAUNCH_UPDATE',
    source: qemu('kvm_sev_snp_launch_update'),
    isEvent: true,
    formats: ['src 0x{src:x} gpa 0x{gpa:x} len 0x{length:x} ({type:w} page)'],
    read: (fields) => ({
      remarks: [
        `${hex(numberIn(fields, 'length'))} bytes at GPA ${hex(numberIn(fields, 'gpa'))} as ${textIn(fields, 'type')} pages. QEMU repeats the call with less length while KVM leaves some.`,
      ],
    }),
  }),
  form({
    id: 'kvm_sev_snp_launch_finish',
    what: 'a trace line of QEMU about SNP_LAUNCH_FINISH',
    source: qemu('kvm_sev_snp_launch_finish'),
    isEvent: true,
    formats: ['id_block {block:w} id_auth {auth:w} host_data {data:w}'],
  }),
  form({
    id: 'kvm_sev_change_state',
    what: "a trace line of QEMU about its launch's state",
    source: qemu('kvm_sev_change_state'),
    isEvent: true,
    formats: ['{from:w} -> {to:w}launch{rest:t}', '{from:w} -> running'],
  }),
  form({
    id: 'kvm_set_user_memory',
    what: 'a trace line of QEMU about a memory slot',
    source: qemu('kvm_set_user_memory'),
    isEvent: true,
    formats: [
      'AddrSpace#{space:d} Slot#{slot:d} flags=0x{flags:x} gpa=0x{gpa:x} size=0x{size:x} ua=0x{ua:x}[[ guest_memfd={fd:d}]][[ guest_memfd_offset=0x{offset:x}]][[ ret={ret:d}]]',
    ],
    read: (fields) => ({
      values: [valueOf(fields, 'flags', 'memory-region-flags', 'The flags of the slot', { size: 4 })],
    }),
  }),
  form({
    id: 'qemu-exit-reason',
    what: 'an error of QEMU about an exit that it does not handle',
    source: qemu('kvm_arch_handle_exit'),
    formats: ['KVM: unknown exit reason {reason:d}'],
    read: (fields) => {
      const reason = Number(numberIn(fields, 'reason'));
      const name = kvmExitReasons[reason];
      return {
        values: [exitReason(fields, 'reason')],
        remarks: [
          reason === 24
            ? 'QEMU up to 10.0 ends so when an SEV guest asks to be terminated; the reason is in the line of the host kernel.'
            : name === undefined
              ? `No header names exit reason ${reason}; those that are known are 0 to ${LAST_REASON}.`
              : `QEMU has no handler for ${name} and stops the VM.`,
        ],
      };
    },
  }),
  form({
    id: 'qemu-entry-failed',
    what: 'an error of QEMU about KVM_EXIT_FAIL_ENTRY',
    source: qemu('kvm_arch_handle_exit'),
    formats: ['KVM: entry failed, hardware error 0x{reason:x}'],
    read: (fields) => ({
      remarks: [
        BigInt.asUintN(32, numberIn(fields, 'reason')) === 0xffff_ffffn
          ? 'VMRUN failed with SVM_EXIT_ERR, the exit of an invalid guest state: for an SNP guest the VMSA, not a register that the VMM sets.'
          : `hardware_entry_failure_reason is ${hex(numberIn(fields, 'reason'))}, an SVM exit code.`,
      ],
    }),
  }),
  form({
    id: 'qemu-run-failed',
    what: 'an error of QEMU about KVM_RUN',
    source: qemu('kvm_cpu_exec'),
    formats: ['kvm run failed {error:t}'],
    continues: { formats: REGISTERS, most: 32 },
    read: runFailed,
  }),
  form({
    id: 'qemu-not-guest-memfd',
    what: 'an error of QEMU about a conversion of memory that has no guest_memfd',
    source: qemu('kvm_convert_memory'),
    formats: ['Convert non guest_memfd backed memory region (0x{gpa:x} ,+ 0x{size:x}) to {to:w}'],
  }),
  form({
    id: 'qemu-attributes-failed',
    what: 'an error of QEMU about KVM_SET_MEMORY_ATTRIBUTES',
    source: qemu('kvm_set_memory_attributes'),
    formats: ["failed to set memory (0x{gpa:x}+0x{size:x}) with attr 0x{attributes:x} error '{error:t}'"],
    read: (fields) => {
      const number = errnoOfText(textIn(fields, 'error'));
      return {
        values: [valueOf(fields, 'attributes', 'memory-attribute-bits', 'The line calls it attr')],
        remarks: number === undefined ? [] : [`KVM_SET_MEMORY_ATTRIBUTES returned ${errnoWord(-number)}.`],
      };
    },
  }),
  form({
    id: 'qemu-memory-fault-flag',
    what: 'an error of QEMU about a flag of KVM_EXIT_MEMORY_FAULT',
    source: qemu('kvm_cpu_exec'),
    formats: ['KVM_EXIT_MEMORY_FAULT: Unknown flag 0x{flags:x}'],
    read: (fields) => ({
      values: [valueOf(fields, 'flags', 'memory-fault-flags', 'The flags of the exit')],
    }),
  }),
  form({
    id: 'qemu-cpuid',
    what: 'an error of QEMU about a CPUID page that the firmware rejected',
    source: qemu('sev_snp_cpuid_report_mismatches'),
    formats: [
      'CPUID validation failed for function 0x{leaf:x}, index: 0x{index:x}[[, provided: eax:0x{a0:x8}, ebx: 0x{b0:x8}, ecx: 0x{c0:x8}, edx: 0x{d0:x8}, expected: eax:0x{a1:x8}, ebx: 0x{b1:x8}, ecx: 0x{c1:x8}, edx: 0x{d1:x8}]]',
    ],
    continues: {
      formats: [
        'provided: eax:0x{a0:x8}, ebx: 0x{b0:x8}, ecx: 0x{c0:x8}, edx: 0x{d0:x8}',
        'expected: eax:0x{a1:x8}, ebx: 0x{b1:x8}, ecx: 0x{c1:x8}, edx: 0x{d1:x8}',
      ],
      most: 2,
    },
    read: cpuidMismatch,
  }),
  form({
    id: 'rust-system-event',
    what: 'a termination as a VMM in Rust prints it',
    source: crate,
    formats: ['SystemEvent({type:d}, [{data:d}'],
    read: (fields) =>
      numberIn(fields, 'type') === 6n
        ? {
            values: [
              valueOf(fields, 'data', 'ghcb-msr', 'data[0] of a termination is the GHCB MSR', {
                label: 'data[0]',
              }),
            ],
            remarks: ownersOfMsr(numberIn(fields, 'data')),
          }
        : {
            remarks: [
              `System event of type ${numberIn(fields, 'type')}; type 6 is the termination of an SEV guest.`,
            ],
          },
  }),
  form({
    id: 'rust-memory-fault',
    what: 'a memory fault as a VMM in Rust prints it',
    source: crate,
    formats: MEMORY_FAULT,
    read: (fields) => ({
      values: [valueOf(fields, 'flags', 'memory-fault-flags', 'The flags of the exit')],
      remarks: [`${hex(numberIn(fields, 'size'))} bytes at GPA ${hex(numberIn(fields, 'gpa'))}.`],
    }),
  }),
  form({
    id: 'vmm-exit-code',
    what: 'an error of a VMM about an SVM exit code',
    source: source.openvmm(
      'vm/x86/x86defs/src/snp.rs',
      'SevExitCode; the text is of more than one VMM',
      'unconfirmed',
    ),
    formats: ['Unhandled exit code: {code:n}'],
    read: (fields) => ({
      values: [valueOf(fields, 'code', 'svm-exit', 'The line calls it an exit code', { label: 'exit code' })],
      remarks: ['The line does not say whether its number is decimal or hexadecimal.'].filter(
        () => numberIn(fields, 'code') >= 10n,
      ),
    }),
  }),
];

const REGISTER_NAMES = ['a', 'b', 'c', 'd'] as const;

function cpuidMismatch(fields: Fields): Meaning {
  const where = `function ${hex(numberIn(fields, 'leaf'))}, index ${hex(numberIn(fields, 'index'))}`;
  const differs = REGISTER_NAMES.filter((name) => {
    const [given, wanted] = [fields[`${name}0`], fields[`${name}1`]];
    return given !== undefined && wanted !== undefined && given !== wanted;
  }).map(
    (name) =>
      `E${name.toUpperCase()}X: ${hex(numberIn(fields, `${name}0`))} was given, the firmware allows ${hex(numberIn(fields, `${name}1`))}`,
  );
  return {
    remarks: [
      `The firmware does not accept the CPUID values of ${where}; the call fails with INVALID_PARAM (0x16).`,
      ...differs,
    ],
  };
}
