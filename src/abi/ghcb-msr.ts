/** The GHCB MSR protocol: requests and answers that fit into one 64-bit MSR value. */
import type { FieldRow } from './layout';
import { word } from './layout';
import { PSC_OP_PRIVATE, PSC_OP_SHARED } from './psc';
import { source, type Source } from './source';
import type { WordLayout } from './word';

/** The MSR that holds a GHCB GPA or a message. */
export const MSR_AMD64_SEV_ES_GHCB = 0xc001_0130;

const msr = source.ghcb('GHCB MSR protocol');
const linuxSev = source.kernel('7.2.13', 'arch/x86/include/asm/sev-common.h', 'termination reason codes');
const svsmMsr = source.svsm('kernel/src/sev/msr_protocol.rs', 'hypervisor feature bits');

/** The low 12 bits of the MSR: GHCBInfo. 0 means that the value is the GPA of a GHCB page. */
export const GHCB_MSR_INFO_MASK = 0xfff;

/** Info codes, in the spelling of Linux. */
export const GHCB_MSR_SEV_INFO_RESP = 0x001;
export const GHCB_MSR_SEV_INFO_REQ = 0x002;
export const GHCB_MSR_CPUID_REQ = 0x004;
export const GHCB_MSR_CPUID_RESP = 0x005;
export const GHCB_MSR_AP_RESET_HOLD_REQ = 0x006;
export const GHCB_MSR_AP_RESET_HOLD_RESP = 0x007;
export const GHCB_MSR_PREF_GPA_REQ = 0x010;
export const GHCB_MSR_PREF_GPA_RESP = 0x011;
export const GHCB_MSR_REG_GPA_REQ = 0x012;
export const GHCB_MSR_REG_GPA_RESP = 0x013;
export const GHCB_MSR_PSC_REQ = 0x014;
export const GHCB_MSR_PSC_RESP = 0x015;
export const GHCB_MSR_VMPL_REQ = 0x016;
export const GHCB_MSR_VMPL_RESP = 0x017;
export const GHCB_MSR_HV_FT_REQ = 0x080;
export const GHCB_MSR_HV_FT_RESP = 0x081;
export const GHCB_MSR_TERM_REQ = 0x100;

/** The GFN that answers "no preference" to 0x010 and "refused" to 0x012: 52 bits, all ones. */
export const GHCB_MSR_NO_GFN = 2 ** 52 - 1;

/** The only error KVM puts into [63:32] of 0x015. */
export const GHCB_MSR_PSC_ERROR = 0x8000_0000;

const info = (code: number, name: string) =>
  ({ bits: [11, 0], is: BigInt(code), doc: `GHCBInfo: ${name}` }) as const;
const zeros = <const Hi extends number, const Lo extends number>(hi: Hi, lo: Lo) =>
  ({ bits: [hi, lo], reserved: true, doc: 'Zero' }) as const;

/** Registers of a CPUID exchange. */
export const cpuidRegisters = { 0: 'EAX', 1: 'EBX', 2: 'ECX', 3: 'EDX' } as const;

/** Page operations that the MSR form allows. */
export const pscMsrOperations = { [PSC_OP_PRIVATE]: 'private', [PSC_OP_SHARED]: 'shared' } as const;

/** 0x000: the value is the address of a GHCB page. 0 as a whole: none is set. */
export const ghcbGpa = word('GHCB GPA', msr, {
  info: info(0x000, 'the value is a page address'),
  gfn: { bits: [63, 12], as: 'gfn', doc: 'GFN of the GHCB page' },
});

export const sevInfoResponse = word('SEV information response', msr, {
  info: info(GHCB_MSR_SEV_INFO_RESP, 'SEV information response, also the value after vCPU reset'),
  reserved: zeros(23, 12),
  cBit: { bits: [31, 24], as: 'dec', doc: 'Page-table bit number of the C-bit' },
  minVersion: { bits: [47, 32], as: 'dec', doc: 'Lowest protocol version the hypervisor speaks' },
  maxVersion: { bits: [63, 48], as: 'dec', doc: 'Highest protocol version the hypervisor speaks' },
});

export const sevInfoRequest = word('SEV information request', msr, {
  info: info(GHCB_MSR_SEV_INFO_REQ, 'SEV information request'),
  reserved: zeros(63, 12),
});

export const cpuidRequest = word('CPUID request', msr, {
  info: info(GHCB_MSR_CPUID_REQ, 'CPUID request'),
  reserved: zeros(29, 12),
  register: { bits: [31, 30], names: cpuidRegisters, doc: 'Wanted register' },
  function: { bits: [63, 32], as: 'hex', doc: 'CPUID function (EAX); the sub-leaf is always 0' },
});

export const cpuidResponse = word('CPUID response', msr, {
  info: info(GHCB_MSR_CPUID_RESP, 'CPUID response'),
  reserved: { bits: [29, 12], reserved: true, doc: 'Zero; KVM echoes what the request had here' },
  register: { bits: [31, 30], names: cpuidRegisters, doc: 'Register, as in the request' },
  value: { bits: [63, 32], as: 'hex', doc: 'Value of that register' },
});

export const apResetHoldRequest = word('AP reset hold request', msr, {
  info: info(GHCB_MSR_AP_RESET_HOLD_REQ, 'AP reset hold request'),
  reserved: zeros(63, 12),
});

export const apResetHoldResponse = word('AP reset hold response', msr, {
  info: info(GHCB_MSR_AP_RESET_HOLD_RESP, 'AP reset hold response'),
  result: { bits: [63, 12], doc: '0: woken without SIPI; anything else: a SIPI arrived (KVM writes 1)' },
});

export const preferredGpaRequest = word('Preferred GHCB GPA request', msr, {
  info: info(GHCB_MSR_PREF_GPA_REQ, 'preferred GHCB GPA request'),
  reserved: zeros(63, 12),
});

export const preferredGpaResponse = word('Preferred GHCB GPA response', msr, {
  info: info(GHCB_MSR_PREF_GPA_RESP, 'preferred GHCB GPA response'),
  gfn: { bits: [63, 12], as: 'gfn', doc: 'Preferred GFN; all ones: no preference (the only answer of KVM)' },
});

export const registerGpaRequest = word('Register GHCB GPA request', msr, {
  info: info(GHCB_MSR_REG_GPA_REQ, 'register GHCB GPA request'),
  gfn: { bits: [63, 12], as: 'gfn', doc: 'GFN of the GHCB' },
});

export const registerGpaResponse = word('Register GHCB GPA response', msr, {
  info: info(GHCB_MSR_REG_GPA_RESP, 'register GHCB GPA response'),
  gfn: { bits: [63, 12], as: 'gfn', doc: 'Same GFN: accepted (KVM always); all ones: refused' },
});

export const pscRequest = word('MSR PSC request', msr, {
  info: info(GHCB_MSR_PSC_REQ, 'page state change request'),
  gfn: { bits: [51, 12], as: 'gfn', doc: 'Guest frame number of one 4K page' },
  operation: { bits: [55, 52], names: pscMsrOperations, doc: 'Requested page state' },
  reserved: zeros(63, 56),
});

export const pscResponse = word('MSR PSC response', msr, {
  info: info(GHCB_MSR_PSC_RESP, 'page state change response'),
  reserved: zeros(31, 12),
  error: { bits: [63, 32], as: 'hex', doc: '0: done; the only error of KVM is 0x80000000' },
});

export const runVmplRequest = word('Run VMPL request', msr, {
  info: info(GHCB_MSR_VMPL_REQ, 'run VMPL request'),
  reserved: zeros(31, 12),
  vmpl: { bits: [39, 32], as: 'dec', doc: 'VMPL to run' },
  reservedHigh: zeros(63, 40),
});

export const runVmplResponse = word('Run VMPL response', msr, {
  info: info(GHCB_MSR_VMPL_RESP, 'run VMPL response'),
  reserved: zeros(31, 12),
  error: { bits: [63, 32], as: 'hex', doc: '0: done; the posted KVM patch writes 1 on failure' },
});

export const featuresRequest = word('Hypervisor features request', msr, {
  info: info(GHCB_MSR_HV_FT_REQ, 'hypervisor features request'),
  reserved: zeros(63, 12),
});

export const featuresResponse = word('Hypervisor features response', msr, {
  info: info(GHCB_MSR_HV_FT_RESP, 'hypervisor features response'),
  features: { bits: [63, 12], as: 'hex', doc: 'Feature bitmap' },
});

/** Reason sets of a termination request. Linux and the reset vector of OVMF both use set 1, each in its own way. */
export const terminationReasonSets = { 0: 'GHCB protocol', 1: 'Linux or OVMF' } as const;

export const terminationRequest = word('Termination request', msr, {
  info: info(GHCB_MSR_TERM_REQ, 'termination request'),
  reasonSet: { bits: [15, 12], names: terminationReasonSets, doc: 'Reason code set' },
  reasonCode: { bits: [23, 16], as: 'dec', doc: 'Reason code within its set' },
  reserved: zeros(63, 24),
});

/** A message of which only the info code is known; no source describes its data. */
const opaque = (title: string, code: number, from: Source) =>
  word(title, from, {
    info: info(code, title),
    data: { bits: [63, 12], as: 'hex', doc: 'GHCBData, not described by any source' },
  });

const openvmm = source.openvmm('vm/x86/x86defs/src/snp.rs', 'GHCB info codes');

/** Who sends a message. */
export type MessageDirection = 'guest to hypervisor' | 'hypervisor to guest';

/** What mainline KVM does with a message. */
export type KvmMsrHandling =
  | 'handled in the kernel'
  | 'exits to userspace'
  | 'sent by KVM'
  | 'not handled: the MSR keeps the request and the guest resumes';

/** One message of the MSR protocol. */
export interface GhcbMsrMessage {
  /** `PSC_REQ`: the Linux spelling without its prefix. */
  readonly name: string;
  /** GHCBInfo, [11:0]. */
  readonly info: number;
  readonly direction: MessageDirection;
  /** Protocol version that brought it; `draft` never reached one. */
  readonly since: 1 | 2 | 'draft' | 'Hyper-V';
  /** KVM answers a guest that is not SNP with a termination exit. */
  readonly snpOnly: boolean;
  readonly kvm: KvmMsrHandling;
  readonly layout: WordLayout;
  readonly source: Source;
}

const toHv = 'guest to hypervisor';
const toGuest = 'hypervisor to guest';
const unhandled = 'not handled: the MSR keeps the request and the guest resumes';
const kvmMsr = source.kernel(
  '7.2.13',
  'arch/x86/kvm/svm/sev.c',
  'sev_handle_vmgexit_msr_protocol',
  'executed',
);
const vmplPatch = source.mail(
  '[RFC PATCH 3/7] KVM: SVM: Invoke a specified VMPL level VMSA for the vCPU',
  'Tom Lendacky',
  '27 Aug 2024',
);

const message = (
  name: string,
  code: number,
  layout: WordLayout,
  rest: Pick<GhcbMsrMessage, 'direction' | 'since' | 'kvm'> & { snpOnly?: true; source?: Source },
): GhcbMsrMessage => ({ snpOnly: false, source: kvmMsr, ...rest, name, info: code, layout });

const request = (since: 1 | 2) => ({ direction: toHv, since, kvm: 'handled in the kernel' }) as const;
const snpRequest = { ...request(2), snpOnly: true } as const;
const response = (since: 1 | 2) => ({ direction: toGuest, since, kvm: 'sent by KVM' }) as const;
const hyperV = { direction: toHv, since: 'Hyper-V', kvm: unhandled, source: openvmm } as const;

/** Every message that any source names, by info code. */
export const ghcbMsrMessages: readonly GhcbMsrMessage[] = [
  message('GHCB_GPA', 0x000, ghcbGpa, request(1)),
  message('SEV_INFO_RESP', GHCB_MSR_SEV_INFO_RESP, sevInfoResponse, response(1)),
  message('SEV_INFO_REQ', GHCB_MSR_SEV_INFO_REQ, sevInfoRequest, request(1)),
  message('AP_JUMP_TABLE', 0x003, opaque('AP jump table (early draft)', 0x003, openvmm), {
    direction: toHv,
    since: 'draft',
    kvm: unhandled,
    source: openvmm,
  }),
  message('CPUID_REQ', GHCB_MSR_CPUID_REQ, cpuidRequest, request(1)),
  message('CPUID_RESP', GHCB_MSR_CPUID_RESP, cpuidResponse, response(1)),
  message('AP_RESET_HOLD_REQ', GHCB_MSR_AP_RESET_HOLD_REQ, apResetHoldRequest, request(2)),
  message('AP_RESET_HOLD_RESP', GHCB_MSR_AP_RESET_HOLD_RESP, apResetHoldResponse, response(2)),
  message('PREF_GPA_REQ', GHCB_MSR_PREF_GPA_REQ, preferredGpaRequest, snpRequest),
  message('PREF_GPA_RESP', GHCB_MSR_PREF_GPA_RESP, preferredGpaResponse, response(2)),
  message('REG_GPA_REQ', GHCB_MSR_REG_GPA_REQ, registerGpaRequest, snpRequest),
  message('REG_GPA_RESP', GHCB_MSR_REG_GPA_RESP, registerGpaResponse, response(2)),
  message('PSC_REQ', GHCB_MSR_PSC_REQ, pscRequest, { ...snpRequest, kvm: 'exits to userspace' }),
  message('PSC_RESP', GHCB_MSR_PSC_RESP, pscResponse, response(2)),
  message('VMPL_REQ', GHCB_MSR_VMPL_REQ, runVmplRequest, {
    ...request(2),
    kvm: unhandled,
    source: vmplPatch,
  }),
  message('VMPL_RESP', GHCB_MSR_VMPL_RESP, runVmplResponse, {
    ...response(2),
    kvm: unhandled,
    source: vmplPatch,
  }),
  message('HV_FT_REQ', GHCB_MSR_HV_FT_REQ, featuresRequest, request(2)),
  message('HV_FT_RESP', GHCB_MSR_HV_FT_RESP, featuresResponse, response(2)),
  message('TERM_REQ', GHCB_MSR_TERM_REQ, terminationRequest, { ...request(1), kvm: 'exits to userspace' }),
  message('HV_HYPERCALL', 0xf00, opaque('Hyper-V hypercall', 0xf00, openvmm), hyperV),
  message('HV_FAST_CALL', 0xf01, opaque('Hyper-V fast call', 0xf01, openvmm), hyperV),
  message('HV_CALL_OUTPUT', 0xf02, opaque('Hyper-V call output', 0xf02, openvmm), hyperV),
  message('HV_DEBUG_PRINT', 0xf03, opaque('Hyper-V debug print', 0xf03, openvmm), hyperV),
];

const byInfo = new Map(ghcbMsrMessages.map((entry) => [entry.info, entry]));

/** GHCBInfo of an MSR value. */
export const ghcbMsrInfo = (value: bigint): number => Number(value & 0xfffn);

/** The message that an MSR value is, or `undefined` when no source names its info code. */
export const ghcbMsrMessage = (value: bigint): GhcbMsrMessage | undefined => byInfo.get(ghcbMsrInfo(value));

/** A message by its name: `PSC_REQ`. */
export const ghcbMsrMessageNamed = (name: string): GhcbMsrMessage | undefined =>
  ghcbMsrMessages.find((entry) => entry.name === name);

/** What an unnamed info code decodes to. */
export const unknownGhcbMsr = word('Unknown GHCB MSR message', msr, {
  info: { bits: [11, 0], as: 'hex', doc: 'GHCBInfo: no source names this code' },
  data: { bits: [63, 12], as: 'hex', doc: 'GHCBData' },
});

/** The fields of an MSR value as rows, whatever message it is. */
export function explainGhcbMsr(value: bigint): FieldRow[] {
  const known = ghcbMsrMessage(value);
  const rows = (known?.layout ?? unknownGhcbMsr).explain(value);
  if (known?.layout !== terminationRequest) return rows;
  const { reasonSet, reasonCode } = terminationRequest.decode(value);
  const reasons = terminationReasonsOf(reasonSet, reasonCode);
  if (reasons.length === 0) return rows;
  const [first, ...others] = reasons.map(({ doc, by }) => (reasons.length > 1 ? `${by}: ${doc}` : doc));
  const text = [first, ...others].join('; ');
  return rows.map((row) => (row.name === 'reasonCode' ? { ...row, text: `${row.text} (${text})` } : row));
}

/** Bits of the hypervisor feature bitmap. */
export const HV_FEATURE_SNP = 1n << 0n;
export const HV_FEATURE_AP_CREATION = 1n << 1n;
export const HV_FEATURE_MULTI_VMPL = 1n << 5n;
/** What mainline KVM advertises, to every SEV-ES guest and every SNP guest. */
export const KVM_HV_FEATURES = HV_FEATURE_SNP | HV_FEATURE_AP_CREATION;

const feature = <const Bit extends number>(bit: Bit, doc: string, from?: Source) =>
  ({ bits: [bit, bit], as: 'flag', doc, ...(from ? { source: from } : {}) }) as const;

/** The bitmap that 0x081 carries in its data and NAE event 0x8000fffd in SW_EXITINFO2. */
export const hypervisorFeatures = word('Hypervisor features', source.ghcb('hypervisor feature bitmap'), {
  snp: feature(0, 'SEV-SNP'),
  apCreation: feature(1, 'SNP AP creation'),
  restrictedInjection: feature(2, 'SNP restricted injection', svsmMsr),
  restrictedInjectionTimer: feature(3, 'SNP restricted injection timer', svsmMsr),
  apicIdList: feature(4, 'APIC id list', svsmMsr),
  multiVmpl: feature(5, 'SNP multiple VMPLs'),
  pageStateChangeForSev: feature(6, 'Page state change for plain SEV', svsmMsr),
  tio: feature(7, 'SEV-TIO', source.mail('SEV-TIO guest patches', 'Alexey Kardashevskiy', '23 Aug 2024')),
  bit8: feature(
    8,
    'Taken in a newer draft; Secure AVIC is likely',
    source.mail('coconut-svsm pull request 631', 'coconut-svsm', '27 Feb 2025', 'unconfirmed'),
  ),
  extendedInterrupts: feature(9, 'SNP extended (alternate injection) interrupts', svsmMsr),
  reserved: { bits: [63, 10], reserved: true, doc: 'No source names these bits' },
});

/** Reason codes of set 0, which every guest may use. */
export const GHCB_SEV_ES_GEN_REQ = 0;
export const GHCB_SEV_ES_PROT_UNSUPPORTED = 1;
export const GHCB_SNP_UNSUPPORTED = 2;

/** Reason codes of set 1, which Linux uses. */
export const GHCB_TERM_REGISTER = 0;
export const GHCB_TERM_PSC = 1;
export const GHCB_TERM_PVALIDATE = 2;
export const GHCB_TERM_NOT_VMPL0 = 3;
export const GHCB_TERM_CPUID = 4;
export const GHCB_TERM_CPUID_HV = 5;
export const GHCB_TERM_SECRETS_PAGE = 6;
export const GHCB_TERM_NO_SVSM = 7;
export const GHCB_TERM_SVSM_VMPL0 = 8;
export const GHCB_TERM_SVSM_CAA = 9;
export const GHCB_TERM_SECURE_TSC = 10;
export const GHCB_TERM_SVSM_CA_REMAP_FAIL = 11;
export const GHCB_TERM_SAVIC_FAIL = 12;

/** What a reason code means in its set. */
export interface TerminationReason {
  readonly set: number;
  readonly code: number;
  readonly doc: string;
  /** Whose meaning this is. */
  readonly by: string;
  /** How to tell that it is this one's. */
  readonly when?: string;
  readonly source: Source;
}

const savicMail = source.mail('x86/apic/savic: Do not use snp_abort()', 'Borislav Petkov', '4 Sep 2025');
const reason = (set: number, code: number, doc: string, from = linuxSev): TerminationReason => ({
  set,
  code,
  doc,
  by: set === 0 ? 'Any guest' : 'Linux',
  source: from,
});
const ofResetVector = (code: number, doc: string, constant: string): TerminationReason => ({
  set: 1,
  code,
  doc,
  by: 'OVMF reset vector',
  when: 'the guest ends before its kernel begins',
  source: source.edk2('OvmfPkg/ResetVector/Ia32/AmdSev.asm', constant),
});

/** Every reason that a source names, the same in the MSR and the NAE form. Sets 2..15 are unassigned. */
export const terminationReasons: readonly TerminationReason[] = [
  reason(0, GHCB_SEV_ES_GEN_REQ, 'general request, no detail'),
  reason(0, GHCB_SEV_ES_PROT_UNSUPPORTED, 'protocol version range not supported'),
  reason(0, GHCB_SNP_UNSUPPORTED, 'SNP features not sufficient or not supported'),
  reason(1, GHCB_TERM_REGISTER, 'GHCB GPA registration failed'),
  reason(1, GHCB_TERM_PSC, 'page state change failed'),
  reason(1, GHCB_TERM_PVALIDATE, 'PVALIDATE failed'),
  reason(1, GHCB_TERM_NOT_VMPL0, 'not running at VMPL0'),
  reason(1, GHCB_TERM_CPUID, 'CPUID validation failed'),
  reason(1, GHCB_TERM_CPUID_HV, 'CPUID fallback to the hypervisor failed'),
  reason(1, GHCB_TERM_SECRETS_PAGE, 'problem with the secrets page'),
  reason(1, GHCB_TERM_NO_SVSM, 'no SVSM in the secrets page'),
  reason(1, GHCB_TERM_SVSM_VMPL0, 'SVSM present but the guest VMPL is 0'),
  reason(1, GHCB_TERM_SVSM_CAA, 'SVSM calling area not page aligned'),
  reason(1, GHCB_TERM_SECURE_TSC, 'Secure TSC setup failed'),
  reason(1, GHCB_TERM_SVSM_CA_REMAP_FAIL, 'SVSM calling area could not be remapped'),
  reason(1, GHCB_TERM_SAVIC_FAIL, 'Secure AVIC failure', savicMail),
  ofResetVector(1, 'a #VC exception that is not one of CPUID', 'TERM_VC_NOT_CPUID'),
  ofResetVector(2, 'an answer of the hypervisor that was not expected', 'TERM_UNEXPECTED_RESP_CODE'),
];

/** The named reason, or `undefined` for an unassigned set or code. */
export const terminationReason = (set: number, code: number): TerminationReason | undefined =>
  terminationReasonsOf(set, code)[0];

/** Every meaning of a code: more than one where several guests use the set. */
export const terminationReasonsOf = (set: number, code: number): readonly TerminationReason[] =>
  terminationReasons.filter((entry) => entry.set === set && entry.code === code);
