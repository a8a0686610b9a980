/** Page state change: the buffer that NAE event 0x80000010 passes, and what the MSR protocol shares with it. */
import type { ByteView } from '../base/bytes';
import { PAGES_PER_LARGE_PAGE, type Gfn } from './address';
import { GHCB_SHARED_BUFFER_END } from './ghcb-page';
import type { FieldRow } from './layout';
import { struct, word } from './layout';
import { source } from './source';

const ghcb = source.ghcb('page state change structure');

/** What a page state change asks for. The MSR protocol knows the first two only. */
export const PSC_OP_PRIVATE = 1;
export const PSC_OP_SHARED = 2;
export const PSC_OP_PSMASH = 3;
export const PSC_OP_UNSMASH = 4;

export const pscOperations = {
  [PSC_OP_PRIVATE]: 'private',
  [PSC_OP_SHARED]: 'shared',
  [PSC_OP_PSMASH]: 'PSMASH',
  [PSC_OP_UNSMASH]: 'UNSMASH',
} as const;

/** Page sizes of a PSC entry; RMP entries use the same values. */
export const PSC_PAGE_SIZE_4K = 0;
export const PSC_PAGE_SIZE_2M = 1;

export const pscPageSizes = { [PSC_PAGE_SIZE_4K]: '4K', [PSC_PAGE_SIZE_2M]: '2M' } as const;

/** The eight bytes in front of the entries. KVM ignores the reserved half. */
export const pscHeader = word('PSC header', ghcb, {
  curEntry: {
    bits: [15, 0],
    as: 'dec',
    doc: 'Index of the next entry to process; past endEntry when all are done',
  },
  endEntry: { bits: [31, 16], as: 'dec', doc: 'Index of the last entry, inclusive' },
  reserved: { bits: [63, 32], reserved: true, doc: 'Reserved' },
});

/** One range of guest memory and the requested state. */
export const pscEntry = word('PSC entry', ghcb, {
  curPage: {
    bits: [11, 0],
    as: 'dec',
    doc: '4K pages of this entry that are done; finished at 1 (4K) or 512 (2M)',
  },
  gfn: { bits: [51, 12], as: 'gfn', doc: 'Guest frame number; a multiple of 512 for 2M' },
  operation: { bits: [55, 52], names: pscOperations, doc: 'Requested page state' },
  pageSize: { bits: [56, 56], names: pscPageSizes, doc: 'Page size' },
  reserved: { bits: [63, 57], reserved: true, doc: 'Reserved; KVM ignores it' },
});

/** Bytes of the header and of one entry. */
export const PSC_HEADER_SIZE = 8;
export const PSC_ENTRY_SIZE = 8;

/** Entries that fit the GHCB's 2032-byte shared buffer behind the header. */
export const PSC_MAX_ENTRIES = 253;

/** The largest descriptor Linux sends in one exit. */
export const PSC_LINUX_MAX_ENTRIES = 64;

/**
 * Entries that fit between a buffer at `offset` in the GHCB page and the end of the shared buffer: what KVM measures
 * endEntry against since 7.0.12. Older kernels always take {@link PSC_MAX_ENTRIES}.
 */
export const pscCapacity = (offset: number): number =>
  Math.max(0, Math.floor((GHCB_SHARED_BUFFER_END - offset - PSC_HEADER_SIZE) / PSC_ENTRY_SIZE));

/** Bytes from the start of the buffer to entry `index`. */
export const pscEntryOffset = (index: number): number => PSC_HEADER_SIZE + index * PSC_ENTRY_SIZE;

/** A decoded entry of a PSC buffer. */
export interface PscEntry {
  /** 4K pages that are done. */
  readonly curPage: number;
  readonly gfn: Gfn;
  readonly operation: number;
  /** The size bit says 2M. */
  readonly huge: boolean;
  /** 4K pages of the whole entry. */
  readonly pages: number;
}

/** Reads an entry of a buffer at `base`, by halves: a batch is walked without 64-bit words. */
export function readPscEntry(view: Pick<ByteView, 'u32'>, index: number, base = 0): PscEntry {
  const at = base + pscEntryOffset(index);
  const low = view.u32(at);
  const high = view.u32(at + 4);
  const huge = pscEntry.field(low, high, 'pageSize') === PSC_PAGE_SIZE_2M;
  return {
    curPage: pscEntry.field(low, high, 'curPage'),
    gfn: pscEntry.field(low, high, 'gfn'),
    operation: pscEntry.field(low, high, 'operation'),
    huge,
    pages: huge ? PAGES_PER_LARGE_PAGE : 1,
  };
}

const [CUR_PAGE_HIGH_BIT] = pscEntry.fields.curPage.bits;
const CUR_PAGE_MASK = 2 ** (CUR_PAGE_HIGH_BIT + 1) - 1;

/** Writes the number of pages that are done and leaves the other bits of the entry as they stand. */
export function writeCurPage(
  view: Pick<ByteView, 'u32' | 'setU32'>,
  entry: { readonly index: number; readonly base?: number },
  pages: number,
): void {
  const at = (entry.base ?? 0) + pscEntryOffset(entry.index);
  view.setU32(at, (view.u32(at) & ~CUR_PAGE_MASK) | pages);
}

/** The buffer as bytes: header fields by halves, then all the entries the shared buffer holds. */
export const pscBuffer = struct('PSC buffer', ghcb, PSC_HEADER_SIZE + PSC_MAX_ENTRIES * PSC_ENTRY_SIZE, {
  curEntry: { at: 0, size: 2, as: 'dec', doc: 'Index of the next entry to process' },
  endEntry: { at: 2, size: 2, as: 'dec', doc: 'Index of the last entry, inclusive' },
  reserved: { at: 4, size: 4, reserved: true, doc: 'Reserved; KVM ignores it' },
  entry: { at: 8, size: 8, array: PSC_MAX_ENTRIES, word: pscEntry, doc: 'One range and its wanted state' },
});

/** Header and the entries up to endEntry as rows, then any later entry that is not zero. */
export function explainPscBuffer(view: ByteView, base = 0): FieldRow[] {
  const endEntry = pscBuffer.get(view, 'endEntry', base);
  return pscBuffer.explain(view, base).filter(({ name }) => {
    const index = /^entry\[(\d+)\]/.exec(name)?.[1];
    if (index === undefined || Number(index) <= endEntry) return true;
    return pscBuffer.item(view, 'entry', Number(index), base) !== 0n;
  });
}

/** SW_EXITINFO2 after a page state change; SW_EXITINFO1 is 0 in all these cases. */
export const PSC_SUCCESS = 0n;
export const PSC_INVALID_HDR = 0x1_0000_0001n;
export const PSC_INVALID_ENTRY = 0x1_0000_0002n;
export const PSC_GENERIC_ERROR = 0x100_0000_0000n;

/** The meaning of each result. */
export const pscResults = [
  {
    name: 'PSC_SUCCESS',
    value: PSC_SUCCESS,
    doc: 'Finished when curEntry is past endEntry, otherwise interrupted: call again',
    source: source.mail(
      'KVM: SVM: Convert plain error code numbers to defines',
      'Sean Christopherson',
      '16 Dec 2024',
    ),
  },
  { name: 'PSC_INVALID_HDR', value: PSC_INVALID_HDR, doc: 'The header is not valid', source: ghcb },
  {
    name: 'PSC_INVALID_ENTRY',
    value: PSC_INVALID_ENTRY,
    doc: 'The entry that curEntry names is not valid',
    source: ghcb,
  },
  {
    name: 'PSC_GENERIC_ERROR',
    value: PSC_GENERIC_ERROR,
    doc: 'Another error on the entry that curEntry names',
    source: ghcb,
  },
] as const;

const infoCodes = {
  0x1: 'not valid',
  0x3: 'overlap (postings of 2021)',
  0x4: 'other error (postings of 2021)',
  0x100: 'other error',
} as const;
const whatIsInvalid = { 1: 'header (upper half 1)', 2: 'entry (upper half 1)' } as const;

/** SW_EXITINFO2 as a result, by halves. */
export const pscResult = word('PSC result (SW_EXITINFO2)', ghcb, {
  what: { bits: [31, 0], names: whatIsInvalid, doc: 'What is not valid, when error is 1' },
  error: { bits: [63, 32], names: infoCodes, doc: '0 done or interrupted, 1 not valid, 0x100 other error' },
});

/** SW_EXITINFO2 as the postings of 2021 answered, which edited the RMP inside KVM. Nothing in the protocol knows the upper halves 3 and 4. */
export const PSC_DRAFT_OVERLAP = (3n << 32n) | 2n;
export const PSC_DRAFT_OTHER = 4n << 32n;
/** Their codes before the translation; where it is missing, these reach the guest. RMPUPDATE's codes share the numbers. */
export const PSC_DRAFT_INVALID_HDR = 1;
export const PSC_DRAFT_INVALID_ENTRY = 2;
export const PSC_DRAFT_UNDEF_ERR = 3;
