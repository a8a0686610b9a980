/**
 * struct kvm_run: the page KVM and a VMM share for one vCPU. Bytes that one side writes and the other reads, so a member of
 * the union that an exit does not fill keeps what an earlier exit left there.
 */
import type { ByteView } from '../base/bytes';
import type { FieldRow, StructLayout } from './layout';
import { struct, word } from './layout';
import { marked, source } from './source';

const uapi = source.uapi('linux/kvm.h', 'struct kvm_run, offsets printed by a compiled program');

/** Bytes of the structure. The mapping that `KVM_GET_VCPU_MMAP_SIZE` announces is larger. */
export const KVM_RUN_SIZE = 2352;
/** Where the union of exit payloads starts, and its length. */
export const KVM_RUN_UNION = 32;
export const KVM_RUN_UNION_SIZE = 256;

/** Exit reasons, by name. */
export const KVM_EXIT_UNKNOWN = 0;
export const KVM_EXIT_EXCEPTION = 1;
export const KVM_EXIT_IO = 2;
export const KVM_EXIT_HYPERCALL = 3;
export const KVM_EXIT_DEBUG = 4;
export const KVM_EXIT_HLT = 5;
export const KVM_EXIT_MMIO = 6;
export const KVM_EXIT_IRQ_WINDOW_OPEN = 7;
export const KVM_EXIT_SHUTDOWN = 8;
export const KVM_EXIT_FAIL_ENTRY = 9;
export const KVM_EXIT_INTR = 10;
export const KVM_EXIT_NMI = 16;
export const KVM_EXIT_INTERNAL_ERROR = 17;
export const KVM_EXIT_SYSTEM_EVENT = 24;
export const KVM_EXIT_IOAPIC_EOI = 26;
export const KVM_EXIT_X86_RDMSR = 29;
export const KVM_EXIT_X86_WRMSR = 30;
export const KVM_EXIT_DIRTY_RING_FULL = 31;
export const KVM_EXIT_AP_RESET_HOLD = 32;
export const KVM_EXIT_X86_BUS_LOCK = 33;
export const KVM_EXIT_NOTIFY = 37;
export const KVM_EXIT_MEMORY_FAULT = 39;
export const KVM_EXIT_TDX = 40;
export const KVM_EXIT_ARM_SEA = 41;
export const KVM_EXIT_ARM_LDST64B = 42;
export const KVM_EXIT_SNP_REQ_CERTS = 43;

/** Names of the exit reasons of Linux 7.2. */
export const kvmExitReasons = {
  [KVM_EXIT_UNKNOWN]: 'KVM_EXIT_UNKNOWN',
  [KVM_EXIT_EXCEPTION]: 'KVM_EXIT_EXCEPTION',
  [KVM_EXIT_IO]: 'KVM_EXIT_IO',
  [KVM_EXIT_HYPERCALL]: 'KVM_EXIT_HYPERCALL',
  [KVM_EXIT_DEBUG]: 'KVM_EXIT_DEBUG',
  [KVM_EXIT_HLT]: 'KVM_EXIT_HLT',
  [KVM_EXIT_MMIO]: 'KVM_EXIT_MMIO',
  [KVM_EXIT_IRQ_WINDOW_OPEN]: 'KVM_EXIT_IRQ_WINDOW_OPEN',
  [KVM_EXIT_SHUTDOWN]: 'KVM_EXIT_SHUTDOWN',
  [KVM_EXIT_FAIL_ENTRY]: 'KVM_EXIT_FAIL_ENTRY',
  [KVM_EXIT_INTR]: 'KVM_EXIT_INTR',
  [KVM_EXIT_NMI]: 'KVM_EXIT_NMI',
  [KVM_EXIT_INTERNAL_ERROR]: 'KVM_EXIT_INTERNAL_ERROR',
  [KVM_EXIT_SYSTEM_EVENT]: 'KVM_EXIT_SYSTEM_EVENT',
  [KVM_EXIT_IOAPIC_EOI]: 'KVM_EXIT_IOAPIC_EOI',
  [KVM_EXIT_X86_RDMSR]: 'KVM_EXIT_X86_RDMSR',
  [KVM_EXIT_X86_WRMSR]: 'KVM_EXIT_X86_WRMSR',
  [KVM_EXIT_DIRTY_RING_FULL]: 'KVM_EXIT_DIRTY_RING_FULL',
  [KVM_EXIT_AP_RESET_HOLD]: 'KVM_EXIT_AP_RESET_HOLD',
  [KVM_EXIT_X86_BUS_LOCK]: 'KVM_EXIT_X86_BUS_LOCK',
  [KVM_EXIT_NOTIFY]: 'KVM_EXIT_NOTIFY',
  [KVM_EXIT_MEMORY_FAULT]: 'KVM_EXIT_MEMORY_FAULT',
  [KVM_EXIT_TDX]: 'KVM_EXIT_TDX',
  [KVM_EXIT_ARM_SEA]: 'KVM_EXIT_ARM_SEA',
  [KVM_EXIT_ARM_LDST64B]: 'KVM_EXIT_ARM_LDST64B',
  [KVM_EXIT_SNP_REQ_CERTS]: 'KVM_EXIT_SNP_REQ_CERTS',
} as const;

/** The whole structure, its union as bytes; {@link kvmRunMember} gives them meaning. */
export const kvmRun = struct('struct kvm_run', uapi, KVM_RUN_SIZE, {
  requestInterruptWindow: { at: 0, size: 1, as: 'flag', doc: 'In: return when an interrupt can be injected' },
  immediateExit: { at: 1, size: 1, as: 'flag', doc: 'In: return -EINTR before entering the guest' },
  padding: { at: 2, size: 6, reserved: true, doc: 'Padding' },
  exitReason: { at: 8, size: 4, as: 'dec', names: kvmExitReasons, doc: 'Why KVM_RUN returned' },
  readyForInterruptInjection: {
    at: 12,
    size: 1,
    as: 'flag',
    doc: 'An interrupt could be injected now; not modelled',
  },
  ifFlag: {
    at: 13,
    size: 1,
    as: 'flag',
    doc: 'Guest interrupt flag; for SEV-ES and SNP from the VMCB interrupt mask; not modelled',
  },
  flags: { at: 14, size: 2, doc: 'State of the vCPU that the exit adds; set to 0 at the start of KVM_RUN' },
  cr8: { at: 16, size: 8, doc: 'CR8 (with a userspace local APIC also an input)' },
  apicBase: { at: 24, size: 8, doc: 'APIC base MSR' },
  exit: { at: KVM_RUN_UNION, size: KVM_RUN_UNION_SIZE, doc: 'Union: the payload of the exit' },
  kvmValidRegs: { at: 288, size: 8, doc: 'In: registers to synchronise; must be 0 for an SNP VM' },
  kvmDirtyRegs: { at: 296, size: 8, doc: 'In: registers userspace changed; must be 0 for an SNP VM' },
  syncRegs: { at: 304, size: 2048, doc: 'Synchronised registers, unused for SNP' },
});

const member = { start: KVM_RUN_UNION } as const;

/** Exit 0. */
export const kvmRunHw = struct(
  'kvm_run.hw',
  uapi,
  8,
  {
    hardwareExitReason: { at: 32, size: 8, doc: 'Hardware exit code that KVM does not know' },
  },
  member,
);

/** Exit 2. */
export const kvmRunIo = struct(
  'kvm_run.io',
  uapi,
  16,
  {
    direction: { at: 32, size: 1, as: 'dec', names: { 0: 'in', 1: 'out' }, doc: 'Direction' },
    size: { at: 33, size: 1, as: 'dec', doc: 'Bytes of one item' },
    port: { at: 34, size: 2, as: 'hex', doc: 'Port' },
    count: { at: 36, size: 4, as: 'dec', doc: 'Number of items' },
    dataOffset: { at: 40, size: 8, doc: 'Bytes from the start of kvm_run to the data' },
  },
  member,
);

/** The hypercall that asks for a page state change, and the cap argument that lets it exit: 1 << 12. */
export const KVM_HC_MAP_GPA_RANGE = 12;
/** Attributes of KVM_HC_MAP_GPA_RANGE. */
export const KVM_MAP_GPA_RANGE_PAGE_SZ_4K = 0n;
export const KVM_MAP_GPA_RANGE_PAGE_SZ_2M = 1n;
export const KVM_MAP_GPA_RANGE_PAGE_SZ_1G = 2n;
export const KVM_MAP_GPA_RANGE_ENCRYPTED = 1n << 4n;
export const KVM_MAP_GPA_RANGE_DECRYPTED = 0n;

/** args[2] of KVM_HC_MAP_GPA_RANGE. */
export const mapGpaRangeAttributes = word(
  'KVM_HC_MAP_GPA_RANGE attributes',
  source.uapi('linux/kvm_para.h', 'KVM_HC_MAP_GPA_RANGE'),
  {
    pageSize: { bits: [3, 0], as: 'dec', names: { 0: '4K', 1: '2M', 2: '1G' }, doc: 'Page-size hint' },
    encrypted: { bits: [4, 4], names: { 0: 'shared', 1: 'private' }, doc: 'Wanted state' },
    reserved: {
      bits: [63, 5],
      reserved: true,
      doc: 'Not used by the page-state paths; VMMCALL passes RDX on unfiltered',
    },
  },
);

/** Exit 3. The page-state paths leave args[3..5] and flags as they were. */
export const kvmRunHypercall = struct(
  'kvm_run.hypercall',
  uapi,
  72,
  {
    nr: { at: 32, size: 8, as: 'dec', names: { 12: 'KVM_HC_MAP_GPA_RANGE' }, doc: 'Hypercall number' },
    args: {
      at: 40,
      size: 8,
      array: 6,
      doc: 'Arguments; of KVM_HC_MAP_GPA_RANGE: GPA, number of 4K pages, attributes',
    },
    ret: { at: 88, size: 8, doc: 'Answer of userspace: 0, or a positive errno' },
    flags: { at: 96, size: 8, doc: 'VMMCALL path: bit 0 long mode, always 1 for a protected guest' },
    longmode: { at: 96, size: 4, alias: true, doc: 'Older name of the low half of flags' },
  },
  member,
);

/** Exit 6. */
export const kvmRunMmio = struct(
  'kvm_run.mmio',
  uapi,
  24,
  {
    physAddr: { at: 32, size: 8, as: 'gpa', doc: 'GPA of the access' },
    data: { at: 40, size: 1, array: 8, doc: 'Data: out for a write, answer for a read' },
    len: { at: 48, size: 4, as: 'dec', doc: 'Length in bytes' },
    isWrite: { at: 52, size: 1, as: 'flag', doc: 'Direction' },
    padding: { at: 53, size: 3, doc: 'Padding' },
  },
  member,
);

/** Exit 9. */
export const kvmRunFailEntry = struct(
  'kvm_run.fail_entry',
  uapi,
  16,
  {
    hardwareEntryFailureReason: { at: 32, size: 8, doc: 'VMRUN exit code; all ones for an invalid VMSA' },
    cpu: { at: 40, size: 4, as: 'dec', doc: 'Host CPU of the failed entry' },
    padding: { at: 44, size: 4, doc: 'Padding' },
  },
  member,
);

/** Suberrors of exit 17. */
export const kvmInternalErrors = {
  1: 'KVM_INTERNAL_ERROR_EMULATION',
  2: 'KVM_INTERNAL_ERROR_SIMUL_EX',
  3: 'KVM_INTERNAL_ERROR_DELIVERY_EV',
  4: 'KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON',
} as const;

/** Exit 17. For suberror 4 data is the hardware exit code and the host CPU. */
export const kvmRunInternal = struct(
  'kvm_run.internal',
  uapi,
  136,
  {
    suberror: { at: 32, size: 4, as: 'dec', names: kvmInternalErrors, doc: 'What went wrong' },
    ndata: { at: 36, size: 4, as: 'dec', doc: 'Number of data words' },
    data: { at: 40, size: 8, array: 16, doc: 'Detail' },
  },
  member,
);

/** Types of exit 24. */
export const KVM_SYSTEM_EVENT_SHUTDOWN = 1;
export const KVM_SYSTEM_EVENT_RESET = 2;
export const KVM_SYSTEM_EVENT_CRASH = 3;
export const KVM_SYSTEM_EVENT_WAKEUP = 4;
export const KVM_SYSTEM_EVENT_SUSPEND = 5;
export const KVM_SYSTEM_EVENT_SEV_TERM = 6;
export const KVM_SYSTEM_EVENT_TDX_FATAL = 7;

export const kvmSystemEvents = {
  [KVM_SYSTEM_EVENT_SHUTDOWN]: 'KVM_SYSTEM_EVENT_SHUTDOWN',
  [KVM_SYSTEM_EVENT_RESET]: 'KVM_SYSTEM_EVENT_RESET',
  [KVM_SYSTEM_EVENT_CRASH]: 'KVM_SYSTEM_EVENT_CRASH',
  [KVM_SYSTEM_EVENT_WAKEUP]: 'KVM_SYSTEM_EVENT_WAKEUP',
  [KVM_SYSTEM_EVENT_SUSPEND]: 'KVM_SYSTEM_EVENT_SUSPEND',
  [KVM_SYSTEM_EVENT_SEV_TERM]: 'KVM_SYSTEM_EVENT_SEV_TERM',
  [KVM_SYSTEM_EVENT_TDX_FATAL]: 'KVM_SYSTEM_EVENT_TDX_FATAL',
} as const;

/** What the 2022 postings used instead: type 4, with bit 31 saying that ndata is valid. Neither reached a release. */
export const DRAFT_SYSTEM_EVENT_SEV_TERM = 4;
export const DRAFT_SYSTEM_EVENT_NDATA_VALID = 0x8000_0000;

/** Exit 24. */
export const kvmRunSystemEvent = struct(
  'kvm_run.system_event',
  uapi,
  136,
  {
    type: { at: 32, size: 4, as: 'dec', names: kvmSystemEvents, doc: 'Which event' },
    ndata: { at: 36, size: 4, as: 'dec', doc: 'Number of data words KVM wrote' },
    data: {
      at: 40,
      size: 8,
      array: 16,
      doc: 'SEV_TERM: the GHCB MSR value, or the GPA of the GHCB for the NAE form',
    },
    flags: { at: 40, size: 8, alias: true, doc: 'Older name of data[0], for userspace only' },
  },
  member,
);

/** Exits 29 and 30. */
export const kvmRunMsr = struct(
  'kvm_run.msr',
  uapi,
  24,
  {
    error: { at: 32, size: 1, as: 'dec', doc: 'Answer of userspace: non-zero injects #GP' },
    pad: { at: 33, size: 7, doc: 'Padding' },
    reason: { at: 40, size: 4, doc: 'Why the access left KVM' },
    index: { at: 44, size: 4, as: 'hex', doc: 'MSR number' },
    data: { at: 48, size: 8, doc: 'Value' },
  },
  member,
);

/** Exit 37. */
export const kvmRunNotify = struct(
  'kvm_run.notify',
  uapi,
  4,
  {
    flags: { at: 32, size: 4, doc: 'Flags' },
  },
  member,
);

/** The only flag of exit 39, the same number as KVM_MEMORY_ATTRIBUTE_PRIVATE in another namespace. */
export const KVM_MEMORY_EXIT_FLAG_PRIVATE = 1n << 3n;

export const memoryFaultFlags = word('KVM_EXIT_MEMORY_FAULT flags', uapi, {
  reservedLow: { bits: [2, 0], reserved: true, doc: 'Zero' },
  private: { bits: [3, 3], as: 'flag', doc: 'The access was private (C-bit set)' },
  reserved: { bits: [63, 4], reserved: true, doc: 'Zero' },
});

/** Exit 39. KVM_RUN returns an errno with it, mostly -EFAULT. */
export const kvmRunMemoryFault = struct(
  'kvm_run.memory_fault',
  uapi,
  24,
  {
    flags: { at: 32, size: 8, word: memoryFaultFlags, doc: 'What kind of access' },
    gpa: { at: 40, size: 8, as: 'gpa', doc: 'Page-aligned GPA' },
    size: { at: 48, size: 8, doc: 'Bytes' },
  },
  member,
);

/** Exit 43. */
export const kvmRunSnpReqCerts = struct(
  'kvm_run.snp_req_certs',
  uapi,
  24,
  {
    gpa: { at: 32, size: 8, as: 'gpa', doc: 'GPA of the certificate buffer' },
    npages: {
      at: 40,
      size: 8,
      as: 'dec',
      doc: 'Its size in 4K pages; with ret ENOSPC the size that is needed',
    },
    ret: { at: 48, size: 8, as: 'dec', doc: 'Answer of userspace: 0, ENOSPC, EAGAIN or EIO' },
  },
  member,
);

/** KVM_EXIT_VMGEXIT with a type, as posted from December 2023 to April 2024; mainline gave 40 to KVM_EXIT_TDX. Never merged. */
export const KVM_EXIT_VMGEXIT = 40;
export const KVM_USER_VMGEXIT_PSC_MSR = 1;
export const KVM_USER_VMGEXIT_PSC = 2;
/** The same exit as posted before, carrying the GHCB MSR as it stands. Never merged; mainline has no exit of this number. */
export const KVM_EXIT_VMGEXIT_RAW = 50;

/** Names of the exits that postings had and mainline never got. No SNP VM leaves by what mainline made of their numbers. */
export const postedExitReasons = {
  [KVM_EXIT_VMGEXIT]: 'KVM_EXIT_VMGEXIT',
  [KVM_EXIT_VMGEXIT_RAW]: 'KVM_EXIT_VMGEXIT',
} as const;

const typedVmgexit = source.mail('[PATCH v11 nn/35] KVM_EXIT_VMGEXIT', 'Michael Roth', '30 Dec 2023');
const vmgexitLayout = marked(typedVmgexit, 'inferred');
const vmgexitPscLayout = source.mail(
  '[PATCH v14 nn/22] KVM_EXIT_VMGEXIT',
  'Michael Roth',
  '21 Apr 2024',
  'inferred',
);
const rawVmgexitLayout = source.mail(
  '[PATCH RFC v9 nn/51] and [PATCH v10 nn/50], KVM_EXIT_VMGEXIT with ghcb_msr and ret',
  'Michael Roth',
  '2023',
  'inferred',
);
const vmgexitTypes = { [KVM_USER_VMGEXIT_PSC_MSR]: 'PSC_MSR', [KVM_USER_VMGEXIT_PSC]: 'PSC' } as const;

/** KVM_EXIT_VMGEXIT type 1. Field order as posted; the offsets follow from natural alignment. */
export const kvmRunVmgexitPscMsr = struct(
  'kvm_run.vmgexit.psc_msr (posted, never merged)',
  vmgexitLayout,
  24,
  {
    type: { at: 32, size: 4, as: 'dec', names: vmgexitTypes, doc: 'Which request' },
    padding: { at: 36, size: 4, doc: 'Padding' },
    gpa: { at: 40, size: 8, as: 'gpa', doc: 'GPA of the page' },
    op: { at: 48, size: 1, as: 'dec', names: { 1: 'private', 2: 'shared' }, doc: 'Wanted state' },
    padding2: { at: 49, size: 3, doc: 'Padding' },
    ret: { at: 52, size: 4, doc: 'Answer of userspace; goes to [63:32] of the guest answer as it is' },
  },
  member,
);

/** KVM_EXIT_VMGEXIT type 2 (v14). */
export const kvmRunVmgexitPsc = struct(
  'kvm_run.vmgexit.psc (posted, never merged)',
  vmgexitPscLayout,
  24,
  {
    type: { at: 32, size: 4, as: 'dec', names: vmgexitTypes, doc: 'Which request' },
    padding: { at: 36, size: 4, doc: 'Padding' },
    sharedGpa: { at: 40, size: 8, as: 'gpa', doc: 'GPA of the PSC buffer, as the guest gave it' },
    ret: { at: 48, size: 8, doc: 'Answer of userspace; becomes SW_EXITINFO2' },
  },
  member,
);

/** KVM_EXIT_VMGEXIT as it was before it had a type. */
export const kvmRunVmgexitRaw = struct(
  'kvm_run.vmgexit (posted, never merged)',
  rawVmgexitLayout,
  16,
  {
    ghcbMsr: {
      at: 32,
      size: 8,
      doc: 'The GHCB MSR; for an MSR request also the answer of userspace, as the guest will read it',
    },
    ret: { at: 40, size: 8, doc: 'Answer of userspace to a batch; becomes SW_EXITINFO2' },
  },
  member,
);

/** The union's member of an exit that was posted and never merged, by the bytes that say which form it has. */
export function postedMember(view: ByteView, base = 0): StructLayout | undefined {
  const reason: number = kvmRun.get(view, 'exitReason', base);
  if (reason === KVM_EXIT_VMGEXIT_RAW) return kvmRunVmgexitRaw;
  if (reason !== KVM_EXIT_VMGEXIT) return undefined;
  const type = kvmRunVmgexitPsc.get(view, 'type', base);
  return type === KVM_USER_VMGEXIT_PSC_MSR ? kvmRunVmgexitPscMsr : kvmRunVmgexitPsc;
}

/** The union's member of each exit reason of Linux 7.2 that has one. */
export const kvmRunMembers: Readonly<Record<number, StructLayout>> = {
  [KVM_EXIT_UNKNOWN]: kvmRunHw,
  [KVM_EXIT_IO]: kvmRunIo,
  [KVM_EXIT_HYPERCALL]: kvmRunHypercall,
  [KVM_EXIT_MMIO]: kvmRunMmio,
  [KVM_EXIT_FAIL_ENTRY]: kvmRunFailEntry,
  [KVM_EXIT_INTERNAL_ERROR]: kvmRunInternal,
  [KVM_EXIT_SYSTEM_EVENT]: kvmRunSystemEvent,
  [KVM_EXIT_X86_RDMSR]: kvmRunMsr,
  [KVM_EXIT_X86_WRMSR]: kvmRunMsr,
  [KVM_EXIT_NOTIFY]: kvmRunNotify,
  [KVM_EXIT_MEMORY_FAULT]: kvmRunMemoryFault,
  [KVM_EXIT_SNP_REQ_CERTS]: kvmRunSnpReqCerts,
};

/** The union's member that goes with an exit reason; `undefined` for an exit without payload. */
export const kvmRunMember = (exitReason: number): StructLayout | undefined => kvmRunMembers[exitReason];

/** The name of a member in the union: `hypercall`. */
export const kvmRunMemberName = (layout: StructLayout): string =>
  layout.title.replace(/^kvm_run\./, '').replace(/ \(.*\)$/, '');

/**
 * The structure's fields as rows, the union as one member: `hypercall.args[0]`.
 * @param payload the member; that of mainline which goes with the exit reason unless said otherwise, see {@link postedMember}
 */
export function explainKvmRun(
  view: ByteView,
  base = 0,
  payload = kvmRunMember(kvmRun.get(view, 'exitReason', base)),
): FieldRow[] {
  if (!payload) return kvmRun.explain(view, base);
  const member = kvmRunMemberName(payload);
  const rows = payload.explain(view, base).map((row) => ({ ...row, name: `${member}.${row.name}` }));
  return kvmRun.explain(view, base).flatMap((row) => (row.name === 'exit' ? rows : [row]));
}
