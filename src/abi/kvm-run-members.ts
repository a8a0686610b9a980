/** The members of the union of `struct kvm_run`: the payload of each exit of Linux 7.2 that has one. */
import { struct, word } from './layout';
import { source } from './source';

/** Where the union of exit payloads starts, and its length. */
export const KVM_RUN_UNION = 32;
export const KVM_RUN_UNION_SIZE = 256;

export const kvmRunSource = source.uapi(
  'linux/kvm.h',
  'struct kvm_run, offsets printed by a compiled program',
);

/** Offsets of the members count from the start of `struct kvm_run`. */
export const inUnion = { start: KVM_RUN_UNION } as const;

/** Exit 0. */
export const kvmRunHw = struct(
  'kvm_run.hw',
  kvmRunSource,
  8,
  {
    hardwareExitReason: { at: 32, size: 8, doc: 'Hardware exit code that KVM does not know' },
  },
  inUnion,
);

/** Exit 2. */
export const kvmRunIo = struct(
  'kvm_run.io',
  kvmRunSource,
  16,
  {
    direction: { at: 32, size: 1, as: 'dec', names: { 0: 'in', 1: 'out' }, doc: 'Direction' },
    size: { at: 33, size: 1, as: 'dec', doc: 'Bytes of one item' },
    port: { at: 34, size: 2, as: 'hex', doc: 'Port' },
    count: { at: 36, size: 4, as: 'dec', doc: 'Number of items' },
    dataOffset: { at: 40, size: 8, doc: 'Bytes from the start of kvm_run to the data' },
  },
  inUnion,
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
  kvmRunSource,
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
  inUnion,
);

/** Exit 6. */
export const kvmRunMmio = struct(
  'kvm_run.mmio',
  kvmRunSource,
  24,
  {
    physAddr: { at: 32, size: 8, as: 'gpa', doc: 'GPA of the access' },
    data: { at: 40, size: 1, array: 8, doc: 'Data: out for a write, answer for a read' },
    len: { at: 48, size: 4, as: 'dec', doc: 'Length in bytes' },
    isWrite: { at: 52, size: 1, as: 'flag', doc: 'Direction' },
    padding: { at: 53, size: 3, doc: 'Padding' },
  },
  inUnion,
);

/** Exit 9. */
export const kvmRunFailEntry = struct(
  'kvm_run.fail_entry',
  kvmRunSource,
  16,
  {
    hardwareEntryFailureReason: { at: 32, size: 8, doc: 'VMRUN exit code; all ones for an invalid VMSA' },
    cpu: { at: 40, size: 4, as: 'dec', doc: 'Host CPU of the failed entry' },
    padding: { at: 44, size: 4, doc: 'Padding' },
  },
  inUnion,
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
  kvmRunSource,
  136,
  {
    suberror: { at: 32, size: 4, as: 'dec', names: kvmInternalErrors, doc: 'What went wrong' },
    ndata: { at: 36, size: 4, as: 'dec', doc: 'Number of data words' },
    data: { at: 40, size: 8, array: 16, doc: 'Detail' },
  },
  inUnion,
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
  kvmRunSource,
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
  inUnion,
);

/** Exits 29 and 30. */
export const kvmRunMsr = struct(
  'kvm_run.msr',
  kvmRunSource,
  24,
  {
    error: { at: 32, size: 1, as: 'dec', doc: 'Answer of userspace: non-zero injects #GP' },
    pad: { at: 33, size: 7, doc: 'Padding' },
    reason: { at: 40, size: 4, doc: 'Why the access left KVM' },
    index: { at: 44, size: 4, as: 'hex', doc: 'MSR number' },
    data: { at: 48, size: 8, doc: 'Value' },
  },
  inUnion,
);

/** Exit 37. */
export const kvmRunNotify = struct(
  'kvm_run.notify',
  kvmRunSource,
  4,
  {
    flags: { at: 32, size: 4, doc: 'Flags' },
  },
  inUnion,
);

/** The only flag of exit 39, the same number as KVM_MEMORY_ATTRIBUTE_PRIVATE in another namespace. */
export const KVM_MEMORY_EXIT_FLAG_PRIVATE = 1n << 3n;

export const memoryFaultFlags = word('KVM_EXIT_MEMORY_FAULT flags', kvmRunSource, {
  reservedLow: { bits: [2, 0], reserved: true, doc: 'Zero' },
  private: { bits: [3, 3], as: 'flag', doc: 'The access was private (C-bit set)' },
  reserved: { bits: [63, 4], reserved: true, doc: 'Zero' },
});

/** Exit 39. KVM_RUN returns an errno with it, mostly -EFAULT. */
export const kvmRunMemoryFault = struct(
  'kvm_run.memory_fault',
  kvmRunSource,
  24,
  {
    flags: { at: 32, size: 8, word: memoryFaultFlags, doc: 'What kind of access' },
    gpa: { at: 40, size: 8, as: 'gpa', doc: 'Page-aligned GPA' },
    size: { at: 48, size: 8, doc: 'Bytes' },
  },
  inUnion,
);

/** Exit 43. */
export const kvmRunSnpReqCerts = struct(
  'kvm_run.snp_req_certs',
  kvmRunSource,
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
  inUnion,
);
