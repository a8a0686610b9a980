/** NAE events: what a guest can ask through the GHCB page, and what each request needs. A table, one row per exit code. */
import { apInfo1, apInfo2, SVM_VMGEXIT_AP_DESTROY } from './ap-creation';
import type { GhcbValidField } from './ghcb-page';
import { ghcbAlwaysRequired } from './ghcb-page';
import { hypervisorFeatures, terminationReasonSets } from './ghcb-msr';
import { guestRequestInfo2 } from './error-words';
import { ioioInfo1 } from './ioio';
import type { WordLayout } from './layout';
import { word } from './layout';
import { pscResult } from './psc';
import { marked, source, type Source } from './source';

export const SVM_EXIT_READ_DR7 = 0x027;
export const SVM_EXIT_WRITE_DR7 = 0x037;
export const SVM_EXIT_RDTSC = 0x06e;
export const SVM_EXIT_RDPMC = 0x06f;
export const SVM_EXIT_CPUID = 0x072;
export const SVM_EXIT_INVD = 0x076;
export const SVM_EXIT_IOIO = 0x07b;
export const SVM_EXIT_MSR = 0x07c;
export const SVM_EXIT_VMMCALL = 0x081;
export const SVM_EXIT_RDTSCP = 0x087;
export const SVM_EXIT_WBINVD = 0x089;
export const SVM_EXIT_MONITOR = 0x08a;
export const SVM_EXIT_MWAIT = 0x08b;
export const SVM_VMGEXIT_MMIO_READ = 0x8000_0001;
export const SVM_VMGEXIT_MMIO_WRITE = 0x8000_0002;
export const SVM_VMGEXIT_NMI_COMPLETE = 0x8000_0003;
export const SVM_VMGEXIT_AP_HLT_LOOP = 0x8000_0004;
export const SVM_VMGEXIT_AP_JUMP_TABLE = 0x8000_0005;
export const SVM_VMGEXIT_PSC = 0x8000_0010;
export const SVM_VMGEXIT_GUEST_REQUEST = 0x8000_0011;
export const SVM_VMGEXIT_EXT_GUEST_REQUEST = 0x8000_0012;
export const SVM_VMGEXIT_AP_CREATION = 0x8000_0013;
export const SVM_VMGEXIT_HV_FEATURES = 0x8000_fffd;
export const SVM_VMGEXIT_TERM_REQUEST = 0x8000_fffe;
export const SVM_VMGEXIT_UNSUPPORTED_EVENT = 0x8000_ffff;

/** Selectors of the AP jump table event. */
export const SVM_VMGEXIT_SET_AP_JUMP_TABLE = 0n;
export const SVM_VMGEXIT_GET_AP_JUMP_TABLE = 1n;

/** The longest MMIO access KVM takes under protocol version 2; Linux never asks for more. */
export const MMIO_MAX_LENGTH = 8;
/** The longest scratch buffer outside the GHCB, for protocol version 1 (older kernels: any version). */
export const SCRATCH_AREA_LIMIT = 65536;

/** SVM exit codes the host sees that a guest does not send: they go straight to the hypervisor. */
export const SVM_EXIT_VMGEXIT = 0x403;
export const SVM_EXIT_NPF = 0x400;
export const SVM_EXIT_SHUTDOWN = 0x07f;
export const SVM_EXIT_ERR = 0xffff_ffff_ffff_ffffn;

const nae = source.ghcb('NAE events');
const executed = source.kernel('7.2.13', 'arch/x86/kvm/svm/sev.c', 'sev_handle_vmgexit', 'executed');
const patch = (subject: string, who: string, date: string) => source.mail(subject, who, date);
const svsmGhcb = source.svsm('kernel/src/sev/ghcb.rs', 'exit codes');
const injectionMove = source.mail(
  'coconut-svsm commit e27e9683 and pull request 631',
  'coconut-svsm',
  '27 Feb 2025',
);

const whole = <const Format extends 'hex' | 'dec' | 'gpa'>(
  title: string,
  doc: string,
  as: Format,
  from = nae,
) => word(title, from, { value: { bits: [63, 0], as, doc } });

/** Info words that are plain numbers. */
export const msrInfo1 = word('MSR access (SW_EXITINFO1)', nae, {
  write: {
    bits: [63, 0],
    names: { 0: 'read', 1: 'write' },
    doc: '0 read, 1 write; KVM takes any other value as write',
  },
});
export const mmioInfo1 = whole('MMIO (SW_EXITINFO1)', 'GPA of the access', 'gpa');
export const mmioInfo2 = whole('MMIO (SW_EXITINFO2)', 'Length in bytes', 'dec');
export const stringCountInfo2 = whole('String I/O (SW_EXITINFO2)', 'Number of items, not bytes', 'dec');
export const holdResultInfo2 = whole(
  'AP reset hold answer (SW_EXITINFO2)',
  'Non-zero: a SIPI arrived',
  'dec',
);
export const jumpTableInfo1 = word('AP jump table (SW_EXITINFO1)', nae, {
  selector: { bits: [63, 0], names: { 0: 'set', 1: 'get' }, doc: 'What to do' },
});
export const jumpTableInfo2 = whole('AP jump table (SW_EXITINFO2)', 'GPA of the table', 'gpa');
export const requestPageInfo1 = whole('Guest request (SW_EXITINFO1)', 'GPA of the request page', 'gpa');
export const responsePageInfo2 = whole('Guest request (SW_EXITINFO2)', 'GPA of the response page', 'gpa');
export const doorbellInfo1 = word('#HV doorbell page (SW_EXITINFO1)', nae, {
  operation: {
    bits: [63, 0],
    names: { 0: 'get preferred', 1: 'set', 2: 'query', 3: 'clear' },
    doc: 'What to do',
  },
});
export const doorbellInfo2 = whole('#HV doorbell page (SW_EXITINFO2)', 'GPA; all ones: none', 'gpa');
export const icrInfo1 = whole('#HV IPI (SW_EXITINFO1)', 'APIC ICR value', 'hex');
export const apicIdListInfo1 = whole('APIC id list (SW_EXITINFO1)', 'GPA of the buffer', 'gpa');
export const runVmplInfo1 = word('Run VMPL (SW_EXITINFO1)', nae, {
  vmpl: { bits: [31, 0], as: 'dec', doc: 'VMPL to run' },
  reserved: { bits: [63, 32], reserved: true, doc: 'Not read by the posted KVM patch' },
});
export const secureAvicInfo1 = word('Secure AVIC (SW_EXITINFO1)', nae, {
  operation: { bits: [63, 0], names: { 0: 'register', 1: 'unregister' }, doc: 'What to do' },
});
export const interruptVectorInfo1 = whole(
  'Configure interrupt injection (SW_EXITINFO1)',
  'Vector',
  'dec',
  svsmGhcb,
);
export const disableAlternateInjectionInfo1 = word('Disable alternate injection (SW_EXITINFO1)', svsmGhcb, {
  interruptsOn: { bits: [0, 0], as: 'flag', doc: 'Guest interrupts on' },
  shadow: { bits: [1, 1], as: 'flag', doc: 'Interrupt shadow' },
  unused: { bits: [7, 2], reserved: true, doc: 'Zero' },
  tpr: { bits: [15, 8], as: 'hex', doc: 'TPR' },
  vmpl: { bits: [63, 16], as: 'dec', doc: 'VMPL' },
});
export const specificEoiInfo1 = word('Specific EOI (SW_EXITINFO1)', svsmGhcb, {
  vector: { bits: [15, 0], as: 'dec', doc: 'Vector' },
  vmpl: { bits: [63, 16], as: 'dec', doc: 'VMPL' },
});
export const tioOperationInfo1 = word('SEV-TIO operation (SW_EXITINFO1)', nae, {
  deviceId: { bits: [31, 0], as: 'hex', doc: 'Device id' },
  action: { bits: [63, 32], names: { 0: 'bind', 1: 'unbind', 2: 'run', 3: 'stop' }, doc: 'What to do' },
});
/** SW_EXITINFO1 of a termination request; the fields lie elsewhere than in the MSR form. */
export const terminationInfo1 = word('Termination (SW_EXITINFO1)', nae, {
  reasonSet: { bits: [3, 0], names: terminationReasonSets, doc: 'Reason code set' },
  reasonCode: { bits: [11, 4], as: 'dec', doc: 'Reason code within its set' },
  reserved: { bits: [63, 12], reserved: true, doc: 'Zero' },
});
export const terminationInfo2 = whole(
  'Termination (SW_EXITINFO2)',
  'Extra data; Linux: mask of unsupported features',
  'hex',
);
export const unsupportedInfo1 = whole(
  'Unsupported event (SW_EXITINFO1)',
  '#VC error code the guest could not handle',
  'hex',
);

/** What the fields needed beyond the always required ones depend on. */
export interface NaeInput {
  readonly info1: bigint;
  /** RAX as KVM reads it: 0 when it is not marked valid. */
  readonly rax: bigint;
}

/** What mainline KVM does with an event. */
export type KvmNaeHandling =
  | 'answers in the kernel'
  | 'may exit to userspace'
  | 'exits to userspace'
  | 'fails KVM_RUN'
  | 'refuses as an invalid event';

/** One NAE event. */
export interface NaeEvent {
  /** SW_EXITCODE. */
  readonly code: number;
  /** Linux spelling where Linux has one. */
  readonly name: string;
  readonly title: string;
  /** Fields the event needs besides SW_EXITCODE, SW_EXITINFO1 and SW_EXITINFO2, whatever they hold. */
  readonly needs: readonly GhcbValidField[];
  /** Fields it needs on top, depending on the request. */
  readonly needsAlso?: (input: NaeInput) => readonly GhcbValidField[];
  /** `needsAlso` in words. */
  readonly needsAlsoDoc?: string;
  readonly info1?: WordLayout;
  readonly info2?: WordLayout;
  /** Fields the guest may read after success. */
  readonly returns: readonly GhcbValidField[];
  /** SW_EXITINFO2 after success, when it carries an answer. */
  readonly answer?: WordLayout;
  /** Protocol version that brought it. `posted`: in patches or drafts only. */
  readonly since: 1 | 2 | 'posted';
  readonly snpOnly: boolean;
  readonly kvm: KvmNaeHandling;
  /** What Linux 7.2 does, and 6.12 where it differs. */
  readonly kvmDoc: string;
  readonly doc: string;
  /** Where the event, its fields and what guests do with it come from. */
  readonly source: Source;
  /** Where `kvmDoc` comes from. */
  readonly kvmSource: Source;
}

const event = (
  code: number,
  name: string,
  title: string,
  rest: Partial<NaeEvent> & Pick<NaeEvent, 'doc' | 'kvmDoc'>,
): NaeEvent => ({
  needs: [],
  returns: [],
  since: code >= 0x8000_0010 && code < 0x8000_ffff ? 2 : 1,
  snpOnly: false,
  kvm: 'answers in the kernel',
  source: nae,
  kvmSource: executed,
  code,
  name,
  title,
  ...rest,
});

const ordinary = 'Runs the handler of the ordinary intercept';
const invalidEvent = 'Answers malformed input 6';
const refused = {
  kvm: 'refuses as an invalid event',
  since: 'posted',
  kvmDoc: invalidEvent,
  snpOnly: true,
} as const;

/** Events that mirror an intercepted instruction. */
const mirrored: readonly NaeEvent[] = [
  event(SVM_EXIT_READ_DR7, 'SVM_EXIT_READ_DR7', 'DR7 read', {
    returns: ['rax'],
    doc: 'Linux and EDK2 answer from a cached value and never send it; that RAX carries the answer is unconfirmed',
    kvmDoc: ordinary,
  }),
  event(SVM_EXIT_WRITE_DR7, 'SVM_EXIT_WRITE_DR7', 'DR7 write', {
    needs: ['rax'],
    doc: 'The value is in RAX; SW_EXITINFO1 is 0',
    kvmDoc: ordinary,
  }),
  event(SVM_EXIT_RDTSC, 'SVM_EXIT_RDTSC', 'RDTSC', {
    returns: ['rax', 'rdx'],
    doc: 'With Secure TSC Linux treats the #VC behind it as fatal',
    kvmDoc: ordinary,
  }),
  event(SVM_EXIT_RDPMC, 'SVM_EXIT_RDPMC', 'RDPMC', {
    needs: ['rcx'],
    returns: ['rax', 'rdx'],
    doc: 'Counter number in RCX',
    kvmDoc: ordinary,
  }),
  event(SVM_EXIT_CPUID, 'SVM_EXIT_CPUID', 'CPUID', {
    needs: ['rax', 'rcx'],
    needsAlso: ({ rax }) => (rax === 0xdn ? ['xcr0'] : []),
    needsAlsoDoc: 'XCR0 when RAX is 0xd',
    returns: ['rax', 'rbx', 'rcx', 'rdx'],
    doc: 'Linux sends XSS too, for leaf 0xd sub-leaf 1; KVM does not require it',
    kvmDoc: ordinary,
  }),
  event(SVM_EXIT_INVD, 'SVM_EXIT_INVD', 'INVD', { doc: 'Linux refuses to emulate it', kvmDoc: ordinary }),
  event(SVM_EXIT_IOIO, 'SVM_EXIT_IOIO', 'Port I/O', {
    needsAlso: ({ info1 }) => {
      const lo32 = Number(info1 & 0xffff_ffffn);
      if (ioioInfo1.field(lo32, 0, 'string') === 1) return ['swScratch'];
      return ioioInfo1.field(lo32, 0, 'direction') === 0 ? ['rax'] : [];
    },
    needsAlsoDoc: 'SW_SCRATCH for the string form, else RAX for an out',
    info1: ioioInfo1,
    info2: stringCountInfo2,
    returns: ['rax'],
    kvm: 'may exit to userspace',
    doc: 'An in returns RAX, or data in the scratch area; Linux limits one string exit to 2032 bytes',
    kvmDoc:
      'Size 0, or 0 bytes in all: resumes without I/O; a count or size above 2^31 - 1 fails KVM_RUN with -EINVAL (6.12 before 6.12.95: passed through)',
  }),
  event(SVM_EXIT_MSR, 'SVM_EXIT_MSR', 'MSR access', {
    needs: ['rcx'],
    needsAlso: ({ info1 }) => (info1 === 0n ? [] : ['rax', 'rdx']),
    needsAlsoDoc: 'RAX and RDX for a write',
    info1: msrInfo1,
    returns: ['rax', 'rdx'],
    kvm: 'may exit to userspace',
    doc: 'A read returns RAX and RDX',
    kvmDoc: 'A failing access asks the guest to raise #GP',
  }),
  event(SVM_EXIT_VMMCALL, 'SVM_EXIT_VMMCALL', 'VMMCALL', {
    needs: ['rax', 'cpl'],
    returns: ['rax'],
    kvm: 'may exit to userspace',
    doc: 'KVM hypercalls also use RBX, RCX, RDX and RSI',
    kvmDoc: 'Runs the hypercall in RAX',
  }),
  event(SVM_EXIT_RDTSCP, 'SVM_EXIT_RDTSCP', 'RDTSCP', {
    returns: ['rax', 'rcx', 'rdx'],
    doc: 'TSC and TSC_AUX',
    kvmDoc: ordinary,
  }),
  event(SVM_EXIT_WBINVD, 'SVM_EXIT_WBINVD', 'WBINVD', { doc: 'Cache write-back', kvmDoc: ordinary }),
  event(SVM_EXIT_MONITOR, 'SVM_EXIT_MONITOR', 'MONITOR', {
    needs: ['rax', 'rcx', 'rdx'],
    doc: 'RAX is a GPA; Linux drops it so that no address leaks, EDK2 sends it',
    kvmDoc: ordinary,
  }),
  event(SVM_EXIT_MWAIT, 'SVM_EXIT_MWAIT', 'MWAIT', {
    needs: ['rax', 'rcx'],
    doc: 'Linux drops it, EDK2 sends it',
    kvmDoc: ordinary,
  }),
];

const mmio = {
  needs: ['swScratch'],
  info1: mmioInfo1,
  info2: mmioInfo2,
  kvm: 'may exit to userspace',
  kvmDoc:
    'Length 0 resumes; above 8 under version 2: malformed input 5; exits with KVM_EXIT_MMIO unless the kernel has the device',
} as const;

/** Software-defined events that mainline KVM handles. */
const handled: readonly NaeEvent[] = [
  event(SVM_VMGEXIT_MMIO_READ, 'SVM_VMGEXIT_MMIO_READ', 'MMIO read', {
    ...mmio,
    doc: 'The data arrives in the scratch area',
  }),
  event(SVM_VMGEXIT_MMIO_WRITE, 'SVM_VMGEXIT_MMIO_WRITE', 'MMIO write', {
    ...mmio,
    doc: 'The data lies in the scratch area',
  }),
  event(SVM_VMGEXIT_NMI_COMPLETE, 'SVM_VMGEXIT_NMI_COMPLETE', 'NMI complete', {
    doc: 'The guest has handled its NMI',
    kvmDoc: 'Unblocks NMIs',
  }),
  event(SVM_VMGEXIT_AP_HLT_LOOP, 'SVM_VMGEXIT_AP_HLT_LOOP', 'AP reset hold', {
    answer: holdResultInfo2,
    kvm: 'may exit to userspace',
    doc: 'Returns when a SIPI arrives; an answer of 0 is spurious, hold again',
    kvmDoc: 'The vCPU waits in AP_RESET_HOLD; with a userspace APIC KVM_EXIT_AP_RESET_HOLD',
  }),
  event(SVM_VMGEXIT_AP_JUMP_TABLE, 'SVM_VMGEXIT_AP_JUMP_TABLE', 'AP jump table', {
    info1: jumpTableInfo1,
    info2: jumpTableInfo2,
    answer: jumpTableInfo2,
    doc: 'Where an AP continues after its SIPI, for SEV-ES',
    kvmDoc: 'Stores or returns the address; another selector: malformed input 5',
  }),
  event(SVM_VMGEXIT_PSC, 'SVM_VMGEXIT_PSC', 'Page state change', {
    snpOnly: true,
    needs: ['swScratch'],
    answer: pscResult,
    kvm: 'exits to userspace',
    doc: 'SW_SCRATCH points at header and entries in the shared buffer',
    kvmDoc: 'One KVM_EXIT_HYPERCALL per joined range; needs KVM_CAP_EXIT_HYPERCALL',
  }),
  event(SVM_VMGEXIT_GUEST_REQUEST, 'SVM_VMGEXIT_GUEST_REQUEST', 'SNP guest request', {
    snpOnly: true,
    info1: requestPageInfo1,
    info2: responsePageInfo2,
    answer: guestRequestInfo2,
    doc: 'A message to the firmware, sealed by the guest',
    kvmDoc: 'Pages unaligned or equal: malformed input 5 (6.12: 4); otherwise SNP_GUEST_REQUEST',
  }),
  event(SVM_VMGEXIT_EXT_GUEST_REQUEST, 'SVM_VMGEXIT_EXT_GUEST_REQUEST', 'SNP extended guest request', {
    snpOnly: true,
    info1: requestPageInfo1,
    info2: responsePageInfo2,
    answer: guestRequestInfo2,
    returns: ['rbx'],
    needsAlsoDoc: 'RAX and RBX for a report request, checked when the request page has been read',
    kvm: 'may exit to userspace',
    doc: 'As a guest request, plus certificates in RBX pages at RAX',
    kvmDoc:
      'Zeroes the first 24 bytes of the certificate page; 7.2 with certificates enabled: KVM_EXIT_SNP_REQ_CERTS',
  }),
  event(SVM_VMGEXIT_AP_CREATION, 'SVM_VMGEXIT_AP_CREATION', 'SNP AP creation', {
    snpOnly: true,
    needsAlso: ({ info1 }) => ((info1 & 0xffff_ffffn) === BigInt(SVM_VMGEXIT_AP_DESTROY) ? [] : ['rax']),
    needsAlsoDoc: 'RAX unless the request is DESTROY',
    info1: apInfo1,
    info2: apInfo2,
    doc: 'RAX holds the SEV_FEATURES of the new VMSA',
    kvmDoc: 'Remembers the VMSA for the target; any failed check: malformed input 5',
  }),
  event(SVM_VMGEXIT_HV_FEATURES, 'SVM_VMGEXIT_HV_FEATURES', 'Hypervisor features', {
    answer: hypervisorFeatures,
    doc: 'The same bitmap as MSR message 0x081',
    kvmDoc: 'Answers 0x3',
  }),
  event(SVM_VMGEXIT_TERM_REQUEST, 'SVM_VMGEXIT_TERM_REQUEST', 'Termination request', {
    info1: terminationInfo1,
    info2: terminationInfo2,
    kvm: 'exits to userspace',
    doc: 'Does not return; which version brought it is unconfirmed',
    kvmDoc: 'KVM_EXIT_SYSTEM_EVENT type 6 whose data[0] is the GPA of the GHCB, not the reason',
  }),
  event(SVM_VMGEXIT_UNSUPPORTED_EVENT, 'SVM_VMGEXIT_UNSUPPORTED_EVENT', 'Unsupported event', {
    info1: unsupportedInfo1,
    kvm: 'fails KVM_RUN',
    doc: 'The guest met a #VC it cannot handle',
    kvmDoc: 'KVM_RUN fails with -EINVAL',
  }),
];

const gap = source.ghcb('NAE events', 'unconfirmed');

/** Events known from patches, drafts or guests only: mainline KVM refuses all of them. */
const posted: readonly NaeEvent[] = [
  event(0x8000_0014, 'HV_DOORBELL_PAGE', '#HV doorbell page', {
    ...refused,
    since: 2,
    info1: doorbellInfo1,
    info2: doorbellInfo2,
    answer: doorbellInfo2,
    doc: 'Registers the page through which restricted injection signals',
    source: patch(
      '[PATCH v3 2/7] KVM: SVM: Add support for the SEV-SNP #HV doorbell page NAE event',
      'Melody Wang',
      '27 Nov 2024',
    ),
  }),
  event(0x8000_0015, 'HV_IPI', '#HV IPI', {
    ...refused,
    since: 2,
    info1: icrInfo1,
    doc: 'Allowed only when feature bit 2 is advertised',
    source: patch(
      'KVM #HV IPI and restricted injection patches',
      'Melody Wang, Joerg Roedel',
      '2024 and 2026',
    ),
  }),
  event(0x8000_0016, 'HV_TIMER', '#HV timer', {
    ...refused,
    doc: 'Code and name are unconfirmed; feature bit 3 exists',
    source: gap,
  }),
  event(0x8000_0017, 'GET_APIC_IDS', 'APIC id list', {
    ...refused,
    since: 2,
    needs: ['rax'],
    returns: ['rax'],
    info1: apicIdListInfo1,
    doc: 'RAX is the number of pages at the buffer; too few: RAX pages needed. u32 count, then u32 ids',
    source: patch('KVM APIC id list patch (2026 form)', 'Tom Lendacky, Joerg Roedel', '2026'),
  }),
  event(0x8000_0018, 'SVM_VMGEXIT_SNP_RUN_VMPL', 'Run VMPL', {
    ...refused,
    since: 2,
    info1: runVmplInfo1,
    doc: 'Switches which VMSA of the vCPU runs',
    source: patch(
      '[RFC PATCH 3/7] KVM: SVM: Invoke a specified VMPL level VMSA for the vCPU',
      'Tom Lendacky',
      '27 Aug 2024',
    ),
  }),
  event(0x8000_0019, 'UNIDENTIFIED', 'Not identified', {
    ...refused,
    doc: 'No source names this code today; coconut-svsm used it before February 2025',
    source: marked(injectionMove, 'unconfirmed'),
  }),
  event(0x8000_001a, 'SVM_VMGEXIT_SAVIC', 'Secure AVIC', {
    ...refused,
    needs: ['rax'],
    needsAlso: ({ info1 }) => (info1 === 0n ? ['rbx'] : []),
    needsAlsoDoc: 'RBX to register',
    returns: ['rbx'],
    info1: secureAvicInfo1,
    doc: 'RAX is an APIC id, all ones for the caller; RBX a 4K-aligned GPA; unregister returns the old one',
    source: patch('KVM Secure AVIC patch', 'Neeraj Upadhyay', 'date not read'),
  }),
  event(0x8000_001b, 'CONFIGURE_INT_INJ', 'Configure interrupt injection', {
    ...refused,
    info1: interruptVectorInfo1,
    doc: 'From an SVSM',
    source: svsmGhcb,
  }),
  event(0x8000_001c, 'DISABLE_ALT_INJ', 'Disable alternate injection', {
    ...refused,
    info1: disableAlternateInjectionInfo1,
    doc: 'From an SVSM',
    source: svsmGhcb,
  }),
  event(0x8000_001d, 'SPECIFIC_EOI', 'Specific EOI', {
    ...refused,
    info1: specificEoiInfo1,
    doc: 'From an SVSM',
    source: svsmGhcb,
  }),
  event(0x8000_0020, 'TIO_GUEST_REQUEST', 'SEV-TIO guest request', {
    ...refused,
    needs: ['rax', 'rbx', 'rcx', 'rdx'],
    returns: ['rbx', 'rdx'],
    info1: requestPageInfo1,
    info2: responsePageInfo2,
    doc: 'A guest request with device data; answers pages in RBX and a parameter in RDX',
    source: patch('SEV-TIO guest patches', 'Alexey Kardashevskiy', '23 Aug 2024 and later'),
  }),
  event(0x8000_0021, 'TIO_OP', 'SEV-TIO operation', {
    ...refused,
    returns: ['rcx'],
    info1: tioOperationInfo1,
    doc: 'SW_EXITINFO2 is the error; bind returns the TDI id in RCX',
    source: patch('SEV-TIO guest patches', 'Alexey Kardashevskiy', '23 Aug 2024 and later'),
  }),
];

/** Every NAE event that a source names, by exit code. */
export const naeEvents: readonly NaeEvent[] = [...mirrored, ...handled, ...posted].sort(
  (a, b) => a.code - b.code,
);

/** Another meaning of an exit code, in an older version of one guest. */
export interface FormerEvent {
  readonly name: string;
  readonly by: string;
  /** How to tell that it is this one. */
  readonly when: string;
  readonly source: Source;
}

const beforeTheMove = (name: string): FormerEvent => ({
  name,
  by: 'coconut-svsm before 27 February 2025',
  when: 'the guest is such an SVSM, and the request goes with alternate injection',
  source: {
    confidence: 'read',
    document: 'coconut-svsm/svsm at 0073f4ca and pull request 631',
    place: 'kernel/src/sev/ghcb.rs: exit codes',
  },
});

/** Codes that alternate injection had before it moved to higher numbers, by exit code. */
export const formerEvents: Readonly<Record<number, FormerEvent>> = {
  0x8000_0019: beforeTheMove('CONFIGURE_INT_INJ'),
  0x8000_001a: beforeTheMove('DISABLE_ALT_INJ'),
  0x8000_001b: beforeTheMove('SPECIFIC_EOI'),
};

const byCode = new Map(naeEvents.map((entry) => [entry.code, entry]));

/** The event of an exit code, or `undefined` when no source names it. `code` is 64 bits wide: [63:32] must be zero. */
export function naeEvent(code: bigint | number): NaeEvent | undefined {
  return byCode.get(Number(code));
}

/**
 * Every field KVM requires to be marked valid for this request. For a code KVM does not know these are the three that are
 * always required: it answers "invalid event" only after testing them.
 */
export function requiredFields(code: bigint | number, input: NaeInput): readonly GhcbValidField[] {
  const known = naeEvent(code);
  if (!known || known.kvm === 'refuses as an invalid event') return ghcbAlwaysRequired;
  return [...ghcbAlwaysRequired, ...known.needs, ...(known.needsAlso?.(input) ?? [])];
}
