/**
 * Lines that KVM, guests, QEMU and the ccp driver print about the protocol, and what their numbers are. Every row names the
 * call that prints it; the lines of 6.12.117 were read there, and 7.2 prints the same unless a row says otherwise.
 */
import { GHCB_MSR_TERM_REQ, terminationRequest } from './ghcb-msr';
import { SVM_VMGEXIT_AP_JUMP_TABLE, SVM_VMGEXIT_TERM_REQUEST, SVM_VMGEXIT_UNSUPPORTED_EVENT } from './nae';
import { source, type Source } from './source';

/** One number of a line: what it is called there, its kind, its bytes as a word of `size` bytes. */
export interface LogValue {
  readonly label: string;
  readonly kind: string;
  readonly value: bigint;
  readonly size: number;
  readonly why: string;
}

/** SW_EXITCODE, SW_EXITINFO1 and SW_EXITINFO2 that belong together. */
export interface LogExit {
  readonly code: bigint;
  readonly info1?: bigint;
  readonly info2?: bigint;
  /** The info words are KVM's answer to that code, not the request. */
  readonly answered?: true;
}

/** The values a line carries, or the event it belongs to when it names one. */
export interface LogLine {
  readonly form: string;
  readonly values: readonly LogValue[];
  readonly exit?: LogExit;
  /** Who prints such a line; missing when the spelling is nobody's own. */
  readonly source?: Source;
}

const HEX = '((?:0x)?[0-9a-f]{1,16})';
/** Repetitions have bounds: a line of a megabyte must not be walked through anew from each of its words. */
const GAP = '\\s{0,8}';
const WITHIN = '.{0,400}?';
const OF = `${GAP}[:= ]${GAP}`;

const kvm = (topic: string) => source.kernel('6.12.117', 'arch/x86/kvm/svm/sev.c', topic);
const trace = (event: string) => source.kernel('6.12.117', 'arch/x86/kvm/trace.h', event);
const virt = (topic: string) => source.kernel('6.12.117', 'arch/x86/virt/svm/sev.c', topic);
const guest = (topic: string) => source.kernel('6.12.117', 'arch/x86/coco/sev', topic);
const ccp = (topic: string) => source.kernel('6.12.117', 'drivers/crypto/ccp/sev-dev.c', topic);
const qemu = (topic: string) => source.qemu('trace events and error reports', topic);
const crate = source.crate('kvm-ioctls', 'VcpuExit as its Debug prints it', 'unconfirmed');

/** How the numbers of a match are read. */
type Reader = (groups: readonly string[]) => Omit<LogLine, 'form' | 'source'> | undefined;
type Row = readonly [form: string, from: Source, pattern: RegExp, read: Reader];

const hexOf = (digits = '0'): bigint => BigInt(/^0x/i.test(digits) ? digits : `0x${digits}`);

/** One value of 8 bytes, the first of the groups unless said otherwise. */
const word =
  (label: string, kind: string, why: string, group = 0): Reader =>
  (groups) => ({ values: [{ label, kind, value: hexOf(groups[group]), size: 8, why }] });

/** A status of the firmware, and the command it belongs to when the line has that as well. */
const firmware =
  (why: string, radix: 'hex' | 'decimal' = 'hex'): Reader =>
  ([status = '0', command]) => {
    const value = radix === 'hex' ? hexOf(status) : BigInt(status);
    const values: LogValue[] = [{ label: 'status', kind: 'firmware-status', value, size: 4, why }];
    if (command !== undefined)
      values.push({ ...half('command', 'firmware-command', command), why: 'The line names the command' });
    return { values };
  };
const half = (label: string, kind: string, digits: string) =>
  ({ label, kind, value: hexOf(digits), size: 4 }) as const;

const exitOf =
  (code: number, more: Partial<LogExit> = {}): Reader =>
  ([info1, info2]) => ({
    values: [],
    exit: {
      code: BigInt(code),
      ...(info1 === undefined ? {} : { info1: hexOf(info1) }),
      ...(info2 === undefined ? {} : { info2: hexOf(info2) }),
      ...more,
    },
  });

const traced =
  (answered: boolean): Reader =>
  ([code, info1, info2]) => ({
    values: [],
    exit: {
      code: hexOf(code),
      info1: hexOf(info1),
      info2: hexOf(info2),
      ...(answered ? { answered } : {}),
    },
  });

const exitCode = (why: string) => word('exit code', 'nae-code', why);

const termination: Reader = ([set = '0', code = '0']) => {
  const [reasonSet, reasonCode] = [hexOf(set), hexOf(code)];
  if (reasonSet > 0xfn || reasonCode > 0xffn) return undefined;
  const value = terminationRequest.encode({ info: GHCB_MSR_TERM_REQ, reasonSet, reasonCode });
  const why = 'The MSR value that makes KVM print this line';
  return { values: [{ label: 'termination', kind: 'ghcb-msr', value, size: 8, why }] };
};

const rmpEntry: Reader = ([low, high]) => {
  const value = hexOf(low) | (hexOf(high) << 64n);
  const why = 'The line gives the two halves of the entry, low half first';
  return { values: [{ label: 'RMP entry', kind: 'rmp-entry', value, size: 16, why }] };
};

const of = (pattern: string): RegExp => new RegExp(pattern, 'i');
const INFOS = `exit_info_?1=?${GAP}${HEX},?${GAP}exit_info_?2=?${GAP}${HEX}`;
const TRACE = `(?:vcpu \\d{1,9},? )?exit_reason ${HEX}, exit_info1 ${HEX}, exit_info2 ${HEX}`;

/** The first row that fits decides. */
export const logRows: readonly Row[] = [
  [
    "KVM's line about a guest that asks to be terminated by the MSR protocol: reason set and reason code",
    kvm('sev_handle_vmgexit_msr_protocol'),
    /guest requested termination:?\s{0,8}(0x[0-9a-f]{1,2}|0):(0x[0-9a-f]{1,2}|0)/i,
    termination,
  ],
  [
    "KVM's line about a guest that asks to be terminated through its GHCB page",
    kvm('sev_handle_vmgexit'),
    of(`guest requested termination: reason ${HEX} info ${HEX}`),
    exitOf(SVM_VMGEXIT_TERM_REQUEST),
  ],
  [
    "KVM's line about an event the guest could not handle",
    kvm('sev_handle_vmgexit'),
    of(`unsupported event - ${INFOS}`),
    exitOf(SVM_VMGEXIT_UNSUPPORTED_EVENT),
  ],
  [
    "KVM's line about a request for the AP jump table that it does not know",
    kvm('sev_handle_vmgexit'),
    of(`unsupported AP jump table request - exit_info_1=${HEX}`),
    exitOf(SVM_VMGEXIT_AP_JUMP_TABLE),
  ],
  [
    'a trace line of a request by the GHCB page',
    trace('kvm_vmgexit_enter'),
    of(`kvm_vmgexit_enter:${GAP}${TRACE}`),
    traced(false),
  ],
  [
    "a trace line of KVM's answer in the GHCB page",
    trace('kvm_vmgexit_exit'),
    of(`kvm_vmgexit_exit:${GAP}${TRACE}`),
    traced(true),
  ],
  [
    'a trace line of a request by the MSR protocol',
    trace('kvm_vmgexit_msr_protocol_enter'),
    of(`msr_protocol_enter:${WITHIN}ghcb_gpa ${HEX}`),
    word('GHCB MSR', 'ghcb-msr', 'The line calls it ghcb_gpa'),
  ],
  [
    'a trace line after a request by the MSR protocol; with result 0 it still holds the request',
    trace('kvm_vmgexit_msr_protocol_exit'),
    of(`msr_protocol_exit:${WITHIN}ghcb_gpa ${HEX}`),
    word('GHCB MSR', 'ghcb-msr', 'The line calls it ghcb_gpa'),
  ],
  [
    'a line with a GHCB MSR value',
    trace('kvm_vmgexit_msr_protocol_enter'),
    of(`ghcb_gpa${OF}${HEX}`),
    word('GHCB MSR', 'ghcb-msr', 'The line calls it ghcb_gpa'),
  ],
  [
    'a trace line of an RMP fault',
    trace('kvm_rmp_fault'),
    of(`kvm_rmp_fault:${WITHIN}error_code ${HEX}`),
    word('error code', 'nested-fault', 'The error code of the nested page fault'),
  ],
  [
    'a trace line of a nested page fault',
    trace('kvm_page_fault'),
    of(`kvm_page_fault:${WITHIN}error_code ${HEX}`),
    word('error code', 'nested-fault', 'The error code of the nested page fault'),
  ],
  [
    'a trace line of a nested page fault exit',
    trace('kvm_exit; npf_interception takes the error code from exit_info_1'),
    of(`reason npf ${WITHIN}info1 ${HEX}`),
    word('info1', 'nested-fault', 'EXITINFO1 of a nested page fault is its error code'),
  ],
  [
    'a trace line of an exit to userspace',
    source.kernel('6.12.117', 'include/trace/events/kvm.h', 'kvm_userspace_exit'),
    /kvm_userspace_exit:\s{0,8}reason KVM_EXIT_\w{1,40} \((\d{1,3})\)/i,
    ([reason = '0']) => ({
      values: [
        {
          label: 'exit reason',
          kind: 'exit-reason',
          value: BigInt(reason),
          size: 4,
          why: 'The line names it',
        },
      ],
    }),
  ],
  [
    "KVM's line about a GHCB page that is not registered or cannot be mapped",
    kvm('sev_handle_vmgexit'),
    of(`(?:GHCB GPA|error mapping GHCB) \\[${HEX}\\]`),
    word('GHCB MSR', 'ghcb-msr', 'The line gives the page address that stood in the MSR'),
  ],
  [
    "KVM's line about a request that it refuses",
    kvm('sev_es_validate_vmgexit; the form "is SNP-only" is of 7.2'),
    of(`vmgexit: exit code ${HEX}(?: input)? is (?:not valid|SNP-only)`),
    exitCode('The line calls it the exit code'),
  ],
  [
    "KVM's line about an AP creation with a request number that it does not know",
    kvm('sev_snp_ap_creation'),
    of(`invalid AP creation request \\[${HEX}\\]`),
    word('low half of SW_EXITINFO1', 'ap-info1', 'The line gives bits 31:0 of SW_EXITINFO1'),
  ],
  [
    "KVM's line about the VMSA address of an AP creation",
    kvm('sev_snp_ap_creation'),
    of(`AP VMSA address \\[${HEX}\\]`),
    word('SW_EXITINFO2', 'ap-info2', 'The line gives the VMSA address'),
  ],
  [
    "KVM's line about the features of an AP creation",
    source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', 'sev_snp_ap_creation'),
    of(`mismatched AP sev_features \\[${HEX}\\] != \\[${HEX}\\]`),
    ([asked, own]) => ({
      values: [
        { ...half('of the guest', 'sev-features', asked ?? '0'), size: 8, why: 'RAX of the request' },
        { ...half('of the VM', 'sev-features', own ?? '0'), size: 8, why: 'What KVM compares it with' },
      ],
    }),
  ],
  [
    "KVM's line about the injection mode of an AP creation",
    kvm('sev_snp_ap_creation; not printed by 7.2'),
    of(`invalid AP injection mode \\[${HEX}\\]`),
    word('RAX', 'sev-features', 'The line gives the SEV_FEATURES of the request'),
  ],
  [
    'a dump of an RMP entry by the kernel; 6.12 prints what memory holds, as later kernels do for the raw entry',
    virt('dump_rmpentry'),
    of(`(?:RMP entry:|PFN: ?0x[0-9a-f]{1,16},) \\[${HEX} - ${HEX}\\]`),
    rmpEntry,
  ],
  [
    'a line of a Linux guest about a page state change that failed',
    guest('shared.c: vmgexit_psc'),
    of(`PSC failed ret=-?\\d{1,20} exit_info_2=${HEX}`),
    word('SW_EXITINFO2', 'psc-result', 'The line gives SW_EXITINFO2 of the answer'),
  ],
  [
    'a line of a Linux guest about a #VC exception',
    guest('core.c: vc_raw_handle_exception'),
    of(`exit-code ${HEX} (?:in #VC|IP:)`),
    exitCode('The line calls it the exit code'),
  ],
  [
    'a line of the ccp driver about a command that failed',
    ccp('__sev_do_cmd_locked'),
    /sev command (0x[0-9a-f]{1,8}) failed \((0x[0-9a-f]{1,8})\)/i,
    ([command = '0', status = '0']) => firmware('The line says how the command failed')([status, command]),
  ],
  [
    'a line with a status of the SEV firmware, in decimal',
    qemu('fw_error of the launch commands; KVM prints it as well'),
    /fw_error[=: ]\s{0,8}(\d{1,9})\b(?!x)/i,
    firmware('The line calls it fw_error', 'decimal'),
  ],
  [
    'a line with a status of the SEV firmware',
    qemu('fw_error of the launch commands; KVM prints it as well'),
    /fw_error[=: ]\s{0,8}(0x[0-9a-f]{1,8})\b/i,
    firmware('The line calls it fw_error'),
  ],
  [
    'a line of KVM or the ccp driver about the SEV firmware',
    ccp('__sev_snp_init_locked and others'),
    of(`(?:SEV|SNP|PSP|ccp)${WITHIN}\\berror${GAP}[:=]?${GAP}(0x[0-9a-f]{1,8})\\b`),
    firmware('The line calls it an error of the firmware'),
  ],
  [
    'a line of the ccp driver about INIT or DF_FLUSH',
    ccp('__sev_platform_init_locked'),
    /\bSEV: (?:INIT|INIT_EX|DF_FLUSH) failed (0x[0-9a-f]{1,8}), rc/i,
    firmware('The number behind "failed" is the status of the firmware'),
  ],
  [
    'a trace line of QEMU about KVM_HC_MAP_GPA_RANGE',
    qemu('kvm_hc_map_gpa_range'),
    of(`gpa 0x[0-9a-f]{1,16} size 0x[0-9a-f]{1,16} attributes ${HEX}`),
    word('attributes', 'map-gpa-attributes', 'The third argument of the hypercall'),
  ],
  [
    'a trace line of QEMU about a memory fault',
    qemu('kvm_memory_fault'),
    of(`kvm_memory_fault start 0x[0-9a-f]{1,16} size 0x[0-9a-f]{1,16} flags ${HEX}`),
    word('flags', 'memory-fault-flags', 'The flags of the exit'),
  ],
  [
    'a trace line of QEMU about SNP_LAUNCH_START',
    qemu('kvm_sev_snp_launch_start'),
    of(`kvm_sev_snp_launch_start policy ${HEX}`),
    word('policy', 'snp-policy', 'The line calls it the policy'),
  ],
  [
    'a termination as a VMM in Rust prints it',
    crate,
    /SystemEvent\(6, \[(\d{1,20})/,
    ([value = '0']) => ({
      values: [
        {
          label: 'data[0]',
          kind: 'ghcb-msr',
          value: BigInt.asUintN(64, BigInt(value)),
          size: 8,
          why: 'data[0] of a termination is the GHCB MSR',
        },
      ],
    }),
  ],
];

/** The first line of a log that says something about the protocol. */
export function readLogLine(text: string): LogLine | undefined {
  for (const [form, from, pattern, read] of logRows) {
    const match = pattern.exec(text);
    const line = match && read(match.slice(1));
    if (line) return { form, source: from, ...line };
  }
  return readExit(text);
}

/** `sw_exit_code 0x80000010 ... sw_exit_info_1 0`: KVM's dump of a GHCB over several lines, or words that people wrote. */
function readExit(text: string): LogLine | undefined {
  const field = (names: string): bigint | undefined => {
    const match = of(`\\b(?:sw_?)?exit_?(?:${names})${OF}${HEX}(?![\\w])`).exec(text);
    return match ? hexOf(match[1]) : undefined;
  };
  const code = field('code|reason');
  if (code === undefined) return undefined;
  const [info1, info2] = [field('info_?1'), field('info_?2')];
  const isDump = /GHCB \(GPA=|is_valid:/.test(text);
  return {
    form: isDump ? "KVM's dump of a GHCB" : 'a line with an exit code',
    ...(isDump ? { source: kvm('dump_ghcb; 7.2 adds "snapshot" to the heading') } : {}),
    values: [],
    exit: {
      code,
      ...(info1 === undefined ? {} : { info1 }),
      ...(info2 === undefined ? {} : { info2 }),
    },
  };
}
