/** The RMP: what the hardware knows of each page, the states that follow from it, and the instructions that change it. */
import { gpaToGfn } from './address';
import { struct, word } from './layout';
import { marked, source, type Source } from './source';

const firmware = source.firmware('fw/psp_bl_uapps/sev_uapp/src/sev_rmp.h', 'RMP entry and page states');
const linux = source.kernel('7.2.13', 'arch/x86/include/asm/sev.h', 'RMPUPDATE argument, instruction codes');
const reserved = { reserved: true, doc: 'Reserved' } as const;

/** Page sizes of an RMP entry. */
export const RMP_PG_SIZE_4K = 0;
export const RMP_PG_SIZE_2M = 1;
const rmpPageSizes = { [RMP_PG_SIZE_4K]: '4K', [RMP_PG_SIZE_2M]: '2M' } as const;

/** Low half of an RMP entry in memory (Genoa and before; the format is not architectural). */
export const rmpEntryLow = word('RMP entry, low half', firmware, {
  assigned: { bits: [0, 0], as: 'flag', doc: 'The page belongs to a guest or to the firmware' },
  pageSize: { bits: [1, 1], names: rmpPageSizes, doc: 'Page size' },
  immutable: { bits: [2, 2], as: 'flag', doc: 'RMPUPDATE must not change the entry' },
  subpageCount: {
    bits: [11, 3],
    as: 'dec',
    doc: 'Sub-page count of a 2M region; Linux treats it as reserved',
  },
  gpaFrame: { bits: [50, 12], as: 'gfn', doc: 'Guest frame the page is mapped at' },
  asid: { bits: [60, 51], as: 'dec', doc: 'ASID of the owner; 0 is the firmware' },
  vmsa: { bits: [61, 61], as: 'flag', doc: 'The page is a VMSA' },
  validated: { bits: [62, 62], as: 'flag', doc: 'The guest (or the firmware at launch) validated the page' },
  lock: { bits: [63, 63], as: 'flag', doc: 'Hardware lock' },
});

const permissions = (vmpl: 0 | 1 | 2 | 3) =>
  `VMPL ${vmpl}: bit 0 read, 1 write, 2 user execute, 3 supervisor execute, 4 supervisor shadow stack`;

/** High half of an RMP entry in memory. */
export const rmpEntryHigh = word('RMP entry, high half', firmware, {
  vmpl0: { bits: [7, 0], as: 'hex', doc: permissions(0) },
  vmpl1: { bits: [15, 8], as: 'hex', doc: permissions(1) },
  vmpl2: { bits: [23, 16], as: 'hex', doc: permissions(2) },
  vmpl3: { bits: [31, 24], as: 'hex', doc: permissions(3) },
  implicitKey: { bits: [32, 32], as: 'flag', doc: 'Which key: 0 non-persistent, 1 persistent' },
  reserved: { bits: [48, 33], ...reserved },
  rootPort: { bits: [53, 49], doc: 'Root port id, unused' },
  ideStream: { bits: [61, 54], doc: 'PCIe IDE stream id, unused' },
  migration: { bits: [63, 62], doc: 'The firmware is migrating the page' },
});

/** The 16 bytes of an RMP entry in memory. */
export const rmpEntry = struct('RMP entry', firmware, 16, {
  low: { at: 0, size: 8, word: rmpEntryLow, doc: 'State, owner, guest frame' },
  high: { at: 8, size: 8, word: rmpEntryHigh, doc: 'Permissions by VMPL' },
});

/** The 16 bytes RMPUPDATE reads. */
export const rmpUpdate = struct('RMPUPDATE argument', linux, 16, {
  gpa: { at: 0, size: 8, as: 'gpa', doc: 'GPA the page is to be mapped at' },
  assigned: { at: 8, size: 1, as: 'flag', doc: 'New value of assigned' },
  pageSize: { at: 9, size: 1, names: rmpPageSizes, doc: 'Page size' },
  immutable: { at: 10, size: 1, as: 'flag', doc: 'New value of immutable' },
  reserved: { at: 11, size: 1, ...reserved },
  asid: { at: 12, size: 4, as: 'dec', doc: 'New owner' },
});

/** The GPA that KVM's own VMSA pages get. */
export const VMSA_RMP_GPA = 0xffff_ffff_f000n;

/** States of a page. */
export type PageState =
  | 'Hypervisor'
  | 'HV-Fixed'
  | 'Firmware'
  | 'Firmware-IOMMU'
  | 'Context'
  | 'Metadata'
  | 'Reclaim'
  | 'Pre-Guest'
  | 'Pre-Swap'
  | 'Guest-Invalid'
  | 'Guest-Valid';

/** What the GPA field of an entry without an owner says, where it decides a state. */
export type GpaField = 'zero' | 'IOMMU log' | 'set';

/** In a page of its own the firmware keeps a tag in bits 38 to 36 of the field: 2 with frame 1 is a log of the IOMMU (sev_rmp.h, RMP_GPA_STATE_FW_IOMMU). */
const IOMMU_LOG_FIELD = 2 * 2 ** 36 + 1;

/** @param gpa the field as an address, as `RmpFacts` has it */
export function gpaFieldOf(gpa: bigint): GpaField {
  const field = gpaToGfn(gpa);
  return field === 0 ? 'zero' : field === IOMMU_LOG_FIELD ? 'IOMMU log' : 'set';
}

/** Which bits make a state. `undefined`: any value. */
export interface PageStateRule {
  readonly state: PageState;
  readonly assigned: boolean;
  readonly validated: boolean;
  /** The page belongs to a guest: its ASID is not 0. */
  readonly guestOwned: boolean;
  readonly immutable: boolean;
  readonly gpa?: GpaField;
  readonly vmsa?: boolean;
  readonly doc: string;
  readonly source: Source;
}

const rule = (
  state: PageState,
  bits: string,
  doc: string,
  rest: { gpa?: GpaField; vmsa?: boolean } = {},
): PageStateRule => ({
  state,
  assigned: bits[0] === '1',
  validated: bits[1] === '1',
  guestOwned: bits[2] === '1',
  immutable: bits[3] === '1',
  ...rest,
  doc,
  source: firmware,
});

/** The state table: assigned, validated, owned by a guest, immutable; then GPA and VMSA where they matter. */
export const pageStates: readonly PageStateRule[] = [
  rule('Hypervisor', '0000', 'Ordinary host memory'),
  rule('HV-Fixed', '0001', 'Host memory the firmware may rely on; KVM never makes one'),
  rule('Firmware', '1001', 'A buffer handed to the firmware', { gpa: 'zero', vmsa: false }),
  rule('Firmware-IOMMU', '1001', 'A log of the IOMMU, from SNP_INIT to SNP_SHUTDOWN', {
    gpa: 'IOMMU log',
    vmsa: false,
  }),
  rule('Context', '1001', 'A guest context page', { gpa: 'zero', vmsa: true }),
  rule('Metadata', '1001', 'Metadata of swapped pages', { gpa: 'set' }),
  rule('Reclaim', '1000', 'Given back by the firmware, not yet by the host'),
  rule('Pre-Guest', '1011', 'About to be encrypted by LAUNCH_UPDATE'),
  rule('Pre-Swap', '1111', 'About to be swapped'),
  rule('Guest-Invalid', '1010', 'Private, not validated: a guest access raises #VC'),
  rule('Guest-Valid', '1110', 'Private and validated'),
];

/** The facts a state follows from. */
export interface RmpFacts {
  readonly assigned: boolean;
  readonly validated: boolean;
  readonly asid: number;
  readonly immutable: boolean;
  /** The address whose frame the entry has. */
  readonly gpa: bigint;
  readonly vmsa: boolean;
}

/** The state that an entry's bits make, or `undefined` for a combination the table does not have. */
export function pageStateOf(facts: RmpFacts): PageState | undefined {
  return pageStates.find(
    (entry) =>
      entry.assigned === facts.assigned &&
      entry.validated === facts.validated &&
      entry.guestOwned === facts.asid > 0 &&
      entry.immutable === facts.immutable &&
      (entry.gpa === undefined || entry.gpa === gpaFieldOf(facts.gpa)) &&
      (entry.vmsa === undefined || entry.vmsa === facts.vmsa),
  )?.state;
}

/** The RDX bit with which RMPADJUST sets or clears the VMSA attribute. */
export const RMPADJUST_VMSA_PAGE_BIT = 1n << 16n;

const svsm = source.svsm('kernel/src/sev/utils.rs', 'RMPADJUST flags');

/** RDX of RMPADJUST. */
export const rmpAdjustAttributes = word('RMPADJUST attributes (RDX)', svsm, {
  targetVmpl: {
    bits: [7, 0],
    as: 'dec',
    doc: 'VMPL whose permissions change',
    source: marked(svsm, 'inferred'),
  },
  read: { bits: [8, 8], as: 'flag', doc: 'Readable' },
  write: { bits: [9, 9], as: 'flag', doc: 'Writable' },
  userExecute: { bits: [10, 10], as: 'flag', doc: 'Executable at CPL 3' },
  supervisorExecute: { bits: [11, 11], as: 'flag', doc: 'Executable at CPL 0 to 2' },
  other12: { bits: [15, 12], as: 'hex', doc: 'Not described by the sources' },
  vmsa: { bits: [16, 16], as: 'flag', doc: 'The page is a VMSA' },
  other17: { bits: [63, 17], as: 'hex', doc: 'Not described by the sources' },
});

/** Result codes of the RMP instructions, in EAX. */
export const RMP_SUCCESS = 0;
export const RMP_FAIL_INPUT = 1;
export const RMP_FAIL_PERMISSION = 2;
export const RMP_FAIL_INUSE = 3;
export const RMP_FAIL_OVERLAP = 4;
/** The number that the KVM postings of 2021 and 2022 took for FAIL_OVERLAP; hardware answers 4. */
export const RMP_DRAFT_FAIL_OVERLAP = 7;
export const RMP_FAIL_BADADDR = 5;
export const RMP_FAIL_SIZEMISMATCH = 6;
/** Not hardware: Linux guests turn CF=1 of PVALIDATE ("nothing changed") into this. */
export const PVALIDATE_FAIL_NOUPDATE = 255;

/** One result code of one instruction. */
export interface InstructionCode {
  readonly code: number;
  readonly name: string;
  readonly doc: string;
  readonly source: Source;
}

/** An RMP instruction: its bytes, its inputs, its results. */
export interface RmpInstruction {
  readonly name: 'RMPUPDATE' | 'PSMASH' | 'PVALIDATE' | 'RMPADJUST' | 'RMPREAD';
  readonly opcode: string;
  /** Host instructions work on system physical addresses, guest ones on virtual ones. */
  readonly side: 'host' | 'guest';
  readonly inputs: string;
  readonly codes: readonly InstructionCode[];
}

const apm = source.apm('volume 3, RMP instructions');
const code = (number: number, name: string, doc: string, from = linux): InstructionCode => ({
  code: number,
  name,
  doc,
  source: from,
});
const done = code(RMP_SUCCESS, 'SUCCESS', 'Done');
const input = code(RMP_FAIL_INPUT, 'FAIL_INPUT', 'Bad input', apm);
const permission = code(RMP_FAIL_PERMISSION, 'FAIL_PERMISSION', 'Not permitted', apm);
const inUse = (from: Source) => code(RMP_FAIL_INUSE, 'FAIL_INUSE', 'Another CPU uses the entry', from);
const size = (from: Source) => code(RMP_FAIL_SIZEMISMATCH, 'FAIL_SIZEMISMATCH', 'Page sizes differ', from);

/** The instructions; codes that no kernel source names carry an unconfirmed source. */
export const rmpInstructions: readonly RmpInstruction[] = [
  {
    name: 'RMPUPDATE',
    opcode: 'f2 0f 01 fe',
    side: 'host',
    inputs: 'RAX system physical address, RCX pointer to the 16-byte argument',
    codes: [
      done,
      input,
      permission,
      inUse(apm),
      code(RMP_FAIL_OVERLAP, 'FAIL_OVERLAP', '4K and 2M entries overlap; KVM retries for ever'),
    ],
  },
  {
    name: 'PSMASH',
    opcode: 'f3 0f 01 ff',
    side: 'host',
    inputs: 'RAX system physical address, 2M-aligned',
    codes: [
      done,
      input,
      permission,
      inUse(linux),
      code(RMP_FAIL_BADADDR, 'FAIL_BADADDR', 'Bad address', apm),
    ],
  },
  {
    name: 'PVALIDATE',
    opcode: 'f2 0f 01 ff',
    side: 'guest',
    inputs: 'RAX virtual address, ECX page size, EDX 1 validate or 0 rescind; CF=1: nothing changed',
    codes: [
      done,
      input,
      size(linux),
      code(
        PVALIDATE_FAIL_NOUPDATE,
        'FAIL_NOUPDATE',
        'Software code of Linux for CF=1: already in that state',
      ),
    ],
  },
  {
    name: 'RMPADJUST',
    opcode: 'f3 0f 01 fe',
    side: 'guest',
    inputs: 'RAX virtual address, RCX page size, RDX attributes',
    codes: [done, input, permission, inUse(apm), size(apm)],
  },
  {
    name: 'RMPREAD',
    opcode: 'f2 0f 01 fd',
    side: 'host',
    inputs: 'RAX system physical address, RCX pointer for the result',
    codes: [done],
  },
];

/** CF is meaningful only when EAX is 0; Linux tests CF first. */
export const pvalidateOrder = {
  doc: 'EAX decides, CF only counts when EAX is 0',
  source: marked(apm, 'unconfirmed'),
} as const;
