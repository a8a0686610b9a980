/**
 * The one table of exits: what a VMM makes of `kvm_run.exit_reason`. Each row has the name, the member of the union, the
 * fields that KVM fills and the fields that the VMM answers in. Postings that gave a number another meaning have rows of
 * their own, which stand in front of those of mainline.
 */
import type { ByteView } from '../base/bytes';
import { errno } from './errno';
import {
  KVM_RUN_UNION,
  kvmRunFailEntry,
  kvmRunHw,
  kvmRunHypercall,
  kvmRunInternal,
  kvmRunIo,
  kvmRunMemoryFault,
  kvmRunMmio,
  kvmRunMsr,
  kvmRunNotify,
  kvmRunSnpReqCerts,
  kvmRunSystemEvent,
} from './kvm-run-members';
import {
  KVM_EXIT_VMGEXIT,
  KVM_EXIT_VMGEXIT_RAW,
  KVM_USER_VMGEXIT_PSC,
  KVM_USER_VMGEXIT_PSC_MSR,
  kvmRunShutdownV4,
  kvmRunVmgexitPsc,
  kvmRunVmgexitPscMsr,
  kvmRunVmgexitRaw,
} from './kvm-run-posted';
import type { StructFields, StructLayout } from './layout';

/** Exit reasons of Linux 7.2. */
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

/** The fields of the exit's member that the VMM writes its answer to, by the kind of answer. */
export interface ExitAnswer<Field extends string = string> {
  /** The result of the request. */
  readonly ret?: Field;
  /** A number of pages. */
  readonly pages?: Field;
  /** The data that was read, or the GHCB MSR value that answers the guest. */
  readonly value?: Field;
  /** Non-zero: KVM injects #GP. */
  readonly error?: Field;
}

/** What an exit carries in the union. */
export interface ExitPayload {
  readonly member: StructLayout;
  /** The first 32-bit word of the union that says that it is this payload; absent where an exit has one payload only. */
  readonly type?: number;
  /** Fields that KVM fills at every such exit, as the rows of the member name them. */
  readonly filled: readonly string[];
  /** The field that some kernels set to 0, which is success, before the exit. */
  readonly preset?: string;
  readonly answer: ExitAnswer;
}

/** What an exit reason means. */
export interface KvmExit<Name extends string = string> {
  readonly name: Name;
  /** Every payload that goes with the reason; none where the exit uses no member of the union. */
  readonly payloads: readonly ExitPayload[];
  /** The errno of KVM_RUN beside which the reason still counts. Beside any other the reason is that of an earlier exit. */
  readonly errno?: number | 'any';
}

/** Exits by their reason. */
export type ExitTable<Name extends string = string> = Readonly<Record<number, KvmExit<Name>>>;

type FieldName<F extends StructFields> = keyof F & string;
interface PayloadColumns<F extends StructFields> {
  readonly type?: number;
  readonly filled: readonly (FieldName<F> | `${FieldName<F>}[${number}]`)[];
  readonly preset?: FieldName<F>;
  readonly answer?: ExitAnswer<FieldName<F>>;
}

const payload = <F extends StructFields>(
  member: StructLayout<F>,
  columns: PayloadColumns<F>,
): ExitPayload => ({ answer: {}, ...columns, member });

const exit = <const Name extends string>(name: Name, ...payloads: ExitPayload[]): KvmExit<Name> => ({
  name,
  payloads,
});

/** The exits of Linux 7.2. */
export const mainlineExits = {
  [KVM_EXIT_UNKNOWN]: exit('KVM_EXIT_UNKNOWN', payload(kvmRunHw, { filled: [] })),
  [KVM_EXIT_EXCEPTION]: exit('KVM_EXIT_EXCEPTION'),
  // The answer to an IN goes to the page at dataOffset, behind kvm_run.
  [KVM_EXIT_IO]: exit(
    'KVM_EXIT_IO',
    payload(kvmRunIo, { filled: ['direction', 'size', 'port', 'count', 'dataOffset'] }),
  ),
  [KVM_EXIT_HYPERCALL]: exit(
    'KVM_EXIT_HYPERCALL',
    payload(kvmRunHypercall, {
      filled: ['nr', 'args[0]', 'args[1]', 'args[2]'],
      preset: 'ret',
      answer: { ret: 'ret' },
    }),
  ),
  [KVM_EXIT_DEBUG]: exit('KVM_EXIT_DEBUG'),
  [KVM_EXIT_HLT]: exit('KVM_EXIT_HLT'),
  [KVM_EXIT_MMIO]: exit(
    'KVM_EXIT_MMIO',
    payload(kvmRunMmio, { filled: ['physAddr', 'len', 'isWrite'], answer: { value: 'data' } }),
  ),
  [KVM_EXIT_IRQ_WINDOW_OPEN]: exit('KVM_EXIT_IRQ_WINDOW_OPEN'),
  [KVM_EXIT_SHUTDOWN]: exit('KVM_EXIT_SHUTDOWN'),
  [KVM_EXIT_FAIL_ENTRY]: exit(
    'KVM_EXIT_FAIL_ENTRY',
    payload(kvmRunFailEntry, { filled: ['hardwareEntryFailureReason', 'cpu'] }),
  ),
  [KVM_EXIT_INTR]: { ...exit('KVM_EXIT_INTR'), errno: errno.EINTR },
  [KVM_EXIT_NMI]: exit('KVM_EXIT_NMI'),
  [KVM_EXIT_INTERNAL_ERROR]: exit(
    'KVM_EXIT_INTERNAL_ERROR',
    payload(kvmRunInternal, { filled: ['suberror', 'ndata'] }),
  ),
  [KVM_EXIT_SYSTEM_EVENT]: exit(
    'KVM_EXIT_SYSTEM_EVENT',
    payload(kvmRunSystemEvent, { filled: ['type', 'ndata', 'data[0]'] }),
  ),
  [KVM_EXIT_IOAPIC_EOI]: exit('KVM_EXIT_IOAPIC_EOI'),
  [KVM_EXIT_X86_RDMSR]: exit(
    'KVM_EXIT_X86_RDMSR',
    payload(kvmRunMsr, { filled: ['reason', 'index'], answer: { error: 'error', value: 'data' } }),
  ),
  [KVM_EXIT_X86_WRMSR]: exit(
    'KVM_EXIT_X86_WRMSR',
    payload(kvmRunMsr, { filled: ['reason', 'index', 'data'], answer: { error: 'error' } }),
  ),
  [KVM_EXIT_DIRTY_RING_FULL]: exit('KVM_EXIT_DIRTY_RING_FULL'),
  [KVM_EXIT_AP_RESET_HOLD]: exit('KVM_EXIT_AP_RESET_HOLD'),
  [KVM_EXIT_X86_BUS_LOCK]: exit('KVM_EXIT_X86_BUS_LOCK'),
  [KVM_EXIT_NOTIFY]: exit('KVM_EXIT_NOTIFY', payload(kvmRunNotify, { filled: [] })),
  [KVM_EXIT_MEMORY_FAULT]: {
    ...exit('KVM_EXIT_MEMORY_FAULT', payload(kvmRunMemoryFault, { filled: ['flags', 'gpa', 'size'] })),
    errno: 'any',
  },
  [KVM_EXIT_TDX]: exit('KVM_EXIT_TDX'),
  [KVM_EXIT_ARM_SEA]: exit('KVM_EXIT_ARM_SEA'),
  [KVM_EXIT_ARM_LDST64B]: exit('KVM_EXIT_ARM_LDST64B'),
  [KVM_EXIT_SNP_REQ_CERTS]: exit(
    'KVM_EXIT_SNP_REQ_CERTS',
    payload(kvmRunSnpReqCerts, { filled: ['gpa', 'npages'], answer: { ret: 'ret', pages: 'npages' } }),
  ),
} as const satisfies ExitTable;

/** KVM_EXIT_VMGEXIT with the unmodified GHCB MSR. */
export const rawVmgexitExits = {
  [KVM_EXIT_VMGEXIT_RAW]: exit(
    'KVM_EXIT_VMGEXIT',
    payload(kvmRunVmgexitRaw, {
      filled: ['ghcbMsr'],
      preset: 'ret',
      answer: { ret: 'ret', value: 'ghcbMsr' },
    }),
  ),
} as const satisfies ExitTable;

/** KVM_EXIT_VMGEXIT with a type. */
export const typedVmgexitExits = {
  [KVM_EXIT_VMGEXIT]: exit(
    'KVM_EXIT_VMGEXIT',
    payload(kvmRunVmgexitPscMsr, {
      type: KVM_USER_VMGEXIT_PSC_MSR,
      filled: ['type', 'gpa', 'op'],
      preset: 'ret',
      answer: { ret: 'ret' },
    }),
    payload(kvmRunVmgexitPsc, {
      type: KVM_USER_VMGEXIT_PSC,
      filled: ['type', 'sharedGpa'],
      preset: 'ret',
      answer: { ret: 'ret' },
    }),
  ),
} as const satisfies ExitTable;

/** The termination patch V4 of 2022: KVM_EXIT_SHUTDOWN may carry a reason. A vCPU that shuts down leaves by it too and fills nothing. */
export const shutdownV4Exits = {
  [KVM_EXIT_SHUTDOWN]: exit('KVM_EXIT_SHUTDOWN', payload(kvmRunShutdownV4, { filled: [] })),
} as const satisfies ExitTable;

/** The termination patch V4.1 of 2022: ndata is 1, but the value stands in data[1]. */
export const systemEventV41Exits = {
  [KVM_EXIT_SYSTEM_EVENT]: exit(
    'KVM_EXIT_SYSTEM_EVENT',
    payload(kvmRunSystemEvent, { filled: ['type', 'ndata', 'data[1]'] }),
  ),
} as const satisfies ExitTable;

const postedExits = [rawVmgexitExits, typedVmgexitExits, shutdownV4Exits, systemEventV41Exits];

type NameIn<Table> = Table[keyof Table] extends KvmExit<infer Name> ? Name : never;
/** The name of an exit of mainline or of a posting. */
export type KvmExitName = NameIn<typeof mainlineExits> | NameIn<typeof typedVmgexitExits>;

/** What an exit reason means in one tree; `undefined` for a number it does not know. */
export type ExitLookup = (reason: number) => KvmExit<KvmExitName> | undefined;

/** The exits of mainline with the rows of postings in front of them. */
export const exitLookup =
  (...posted: readonly ExitTable<KvmExitName>[]): ExitLookup =>
  (reason) =>
    [...posted, mainlineExits as ExitTable<KvmExitName>].find((table) => reason in table)?.[reason];

/** For bytes of an unknown kernel: mainline's meaning, and KVM_EXIT_VMGEXIT for the number that only postings used. */
export const exitOfUnknownKernel: ExitLookup = exitLookup(rawVmgexitExits);

/** Names of the exit reasons of Linux 7.2. */
export const kvmExitReasons: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries<KvmExit>(mainlineExits).map(([reason, { name }]) => [reason, name]),
);

/** All rows of all tables, those of postings last. */
export const everyExit: readonly KvmExit[] = [mainlineExits, ...postedExits].flatMap((table: ExitTable) =>
  Object.values(table),
);

/** Every name of an exit, those of postings last. */
export const kvmExitNames: readonly string[] = [...new Set(everyExit.map(({ name }) => name))];

/** The payload that the bytes of `kvm_run` hold; `undefined` when the exit has none, or none of the type that stands there. */
export function payloadIn(exit: KvmExit | undefined, view: ByteView, base = 0): ExitPayload | undefined {
  return exit?.payloads.find(({ type }) => type === undefined || type === view.u32(base + KVM_RUN_UNION));
}

/** Whether an exit reason counts beside what KVM_RUN returned. @param failure positive errno, 0 when it returned 0 */
export const countsBeside = (exit: KvmExit | undefined, failure: number): boolean =>
  failure === 0 || exit?.errno === 'any' || exit?.errno === failure;
