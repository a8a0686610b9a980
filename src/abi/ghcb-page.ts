/** The GHCB page: 4096 shared bytes through which a guest asks the hypervisor, and the bitmap that says what it filled in. */
import { assert } from '../base/assert';
import type { ByteView } from '../base/bytes';
import type { FieldRow } from './layout';
import { struct } from './layout';
import { source } from './source';

const page = source.ghcb('GHCB page; offsets checked by compiling Linux arch/x86/include/asm/svm.h');
const linuxOnly = source.kernel(
  '7.2.13',
  'arch/x86/include/asm/svm.h',
  'named by Linux; EDK2, coconut-svsm and Oak treat it as reserved',
);
const reserved = { reserved: true, doc: 'Reserved' } as const;

/** Bytes of a GHCB, which is one page-aligned shared page. */
export const GHCB_SIZE = 4096;
/** Where the valid bitmap lies, and how long it is. */
export const GHCB_VALID_BITMAP = 0x3f0;
export const GHCB_VALID_BITMAP_SIZE = 16;
/** First byte of the shared buffer, its length, and the first byte behind it. */
export const GHCB_SHARED_BUFFER = 0x800;
export const GHCB_SHARED_BUFFER_SIZE = 2032;
export const GHCB_SHARED_BUFFER_END = 0xff0;
/** The usage that means this layout; KVM knows no other. Hyper-V uses 1 (hypercall) and 2 (VTL return). */
export const GHCB_USAGE_DEFAULT = 0;
/** Protocol versions that Linux, as guest and as host, can agree on. */
export const GHCB_VERSION_MIN = 1;
export const GHCB_VERSION_MAX = 2;

/** The GHCB page. A save-area field counts only while its bit in `validBitmap` is set. */
export const ghcbPage = struct('GHCB page', page, GHCB_SIZE, {
  reserved000: { at: 0x000, size: 203, ...reserved },
  cpl: { at: 0x0cb, size: 1, as: 'dec', doc: 'Current privilege level of the guest' },
  reserved0cc: { at: 0x0cc, size: 116, ...reserved },
  xss: { at: 0x140, size: 8, doc: 'XSS, for CPUID leaf 0xd sub-leaf 1' },
  reserved148: { at: 0x148, size: 24, ...reserved },
  dr7: { at: 0x160, size: 8, doc: 'DR7' },
  reserved168: { at: 0x168, size: 16, ...reserved },
  rip: { at: 0x178, size: 8, doc: 'RIP', source: linuxOnly },
  reserved180: { at: 0x180, size: 88, ...reserved },
  rsp: { at: 0x1d8, size: 8, doc: 'RSP', source: linuxOnly },
  reserved1e0: { at: 0x1e0, size: 24, ...reserved },
  rax: { at: 0x1f8, size: 8, doc: 'RAX' },
  reserved200: { at: 0x200, size: 264, ...reserved },
  rcx: { at: 0x308, size: 8, doc: 'RCX' },
  rdx: { at: 0x310, size: 8, doc: 'RDX' },
  rbx: { at: 0x318, size: 8, doc: 'RBX' },
  reserved320: { at: 0x320, size: 8, ...reserved },
  rbp: { at: 0x328, size: 8, doc: 'RBP' },
  rsi: { at: 0x330, size: 8, doc: 'RSI' },
  rdi: { at: 0x338, size: 8, doc: 'RDI' },
  r8: { at: 0x340, size: 8, doc: 'R8' },
  r9: { at: 0x348, size: 8, doc: 'R9' },
  r10: { at: 0x350, size: 8, doc: 'R10' },
  r11: { at: 0x358, size: 8, doc: 'R11' },
  r12: { at: 0x360, size: 8, doc: 'R12' },
  r13: { at: 0x368, size: 8, doc: 'R13' },
  r14: { at: 0x370, size: 8, doc: 'R14' },
  r15: { at: 0x378, size: 8, doc: 'R15' },
  reserved380: { at: 0x380, size: 16, ...reserved },
  swExitCode: { at: 0x390, size: 8, doc: 'SW_EXITCODE: which NAE event this is' },
  swExitInfo1: {
    at: 0x398,
    size: 8,
    doc: 'SW_EXITINFO1: request detail; on return 0 done, 1 exception, 2 malformed input',
  },
  swExitInfo2: { at: 0x3a0, size: 8, doc: 'SW_EXITINFO2: request detail; on return depends on the event' },
  swScratch: { at: 0x3a8, size: 8, as: 'gpa', doc: 'SW_SCRATCH: GPA of the data that goes with the event' },
  reserved3b0: { at: 0x3b0, size: 56, ...reserved },
  xcr0: { at: 0x3e8, size: 8, doc: 'XCR0, for CPUID leaf 0xd' },
  validBitmap: { at: GHCB_VALID_BITMAP, size: 16, doc: 'Bit n set: the field at offset 8 n was filled in' },
  x87StateGpa: { at: 0x400, size: 8, as: 'gpa', doc: 'GPA of x87 state; it has no valid bit' },
  reserved408: { at: 0x408, size: 1016, ...reserved },
  sharedBuffer: {
    at: GHCB_SHARED_BUFFER,
    size: GHCB_SHARED_BUFFER_SIZE,
    doc: 'Data of the event, where SW_SCRATCH points',
  },
  reservedFf0: { at: GHCB_SHARED_BUFFER_END, size: 10, ...reserved },
  protocolVersion: {
    at: 0xffa,
    size: 2,
    as: 'dec',
    doc: 'Negotiated protocol version; KVM does not check it',
  },
  ghcbUsage: {
    at: 0xffc,
    size: 4,
    as: 'dec',
    names: { 0: 'this layout', 1: 'Hyper-V hypercall', 2: 'Hyper-V VTL return' },
    doc: 'Which layout the page has; KVM refuses all but 0',
  },
});

/** A field of the GHCB page. */
export type GhcbField = keyof typeof ghcbPage.fields;

/** Every field that has a bit in the valid bitmap, in the order of the page. */
export const ghcbValidFields = [
  ...(['cpl', 'xss', 'dr7', 'rip', 'rsp', 'rax'] as const),
  ...(['rcx', 'rdx', 'rbx', 'rbp', 'rsi', 'rdi'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
  ...(['swExitCode', 'swExitInfo1', 'swExitInfo2', 'swScratch', 'xcr0'] as const),
] as const;

/** A field that has a bit in the valid bitmap. */
export type GhcbValidField = (typeof ghcbValidFields)[number];

/** Fields every NAE event needs valid. */
export const ghcbAlwaysRequired = ['swExitCode', 'swExitInfo1', 'swExitInfo2'] as const;

/** Bits 126 and 127 are the map's own place: coconut-svsm sets them, Linux and Oak do not. */
export const GHCB_BITMAP_OWN_BITS = [126, 127] as const;

const validBits = new Map<GhcbField, number>(
  ghcbValidFields.map((field) => [field, Math.floor(ghcbPage.offsetOf(field) / 8)]),
);

/** The index of a field's bit in the valid bitmap: its offset / 8, so cpl at 0x0cb has bit 25. */
export function validBitOf(field: GhcbValidField): number {
  const bit = validBits.get(field);
  assert(bit !== undefined, `${field} has no valid bit`);
  return bit;
}

const bitmapByte = (bit: number) => GHCB_VALID_BITMAP + (bit >> 3);
const bitmapMask = (bit: number) => 1 << (bit & 7);

/** Whether the field's bit is set in the page that starts at `base`. */
export function isMarkedValid(view: ByteView, field: GhcbValidField, base = 0): boolean {
  const bit = validBitOf(field);
  return (view.u8(base + bitmapByte(bit)) & bitmapMask(bit)) !== 0;
}

/** Sets the field's bit in the page that starts at `base`. */
export function markValid(view: ByteView, field: GhcbValidField, base = 0): void {
  const bit = validBitOf(field);
  const at = base + bitmapByte(bit);
  view.setU8(at, view.u8(at) | bitmapMask(bit));
}

/** Clears the whole bitmap of the page that starts at `base`. */
export function clearValidBitmap(view: ByteView, base = 0): void {
  view.setU64(base + GHCB_VALID_BITMAP, 0n);
  view.setU64(base + GHCB_VALID_BITMAP + 8, 0n);
}

/** Whether the field's bit is set in a bitmap on its own, given as its two little-endian 64-bit words. */
export function isValidIn(
  bitmap: { readonly lo: bigint; readonly hi: bigint },
  field: GhcbValidField,
): boolean {
  const bit = validBitOf(field);
  return bit < 64 ? ((bitmap.lo >> BigInt(bit)) & 1n) === 1n : ((bitmap.hi >> BigInt(bit - 64)) & 1n) === 1n;
}

/** The two 64-bit words of a bitmap with these fields marked. */
export function validBitmapOf(fields: Iterable<GhcbValidField>): { lo: bigint; hi: bigint } {
  let [lo, hi] = [0n, 0n];
  for (const field of fields) {
    const bit = validBitOf(field);
    if (bit < 64) lo |= 1n << BigInt(bit);
    else hi |= 1n << BigInt(bit - 64);
  }
  return { lo, hi };
}

/** Writes an integer field and marks it valid, as both sides do for everything in the save area. */
export function writeValid(
  view: ByteView,
  field: Exclude<GhcbValidField, 'cpl'>,
  value: bigint,
  base = 0,
): void {
  ghcbPage.set(view, field, value, base);
  markValid(view, field, base);
}

/** The page's fields as rows; a value whose valid bit is clear is reported, since KVM reads it as 0. */
export function explainGhcbPage(view: ByteView, base = 0): FieldRow[] {
  const withBits: ReadonlySet<string> = new Set(ghcbValidFields);
  return ghcbPage.explain(view, base).flatMap((row): FieldRow[] => {
    if (row.name === 'validBitmap') return [{ ...row, text: validBitmapText(row.value) }];
    if (!withBits.has(row.name) || row.value === 0n) return [row];
    const marked = isMarkedValid(view, row.name as GhcbValidField, base); // every name of the set is one
    return [marked ? row : { ...row, problem: 'not marked valid: reads as 0' }];
  });
}

/** The names of the fields a 128-bit bitmap marks; bits that belong to no field are shown by their number. */
export function validBitmapText(bitmap: bigint): string {
  const names: string[] = [];
  for (let bit = 0; bit < 128; bit++) {
    if (((bitmap >> BigInt(bit)) & 1n) === 0n) continue;
    names.push(ghcbValidFields.find((field) => validBits.get(field) === bit) ?? `bit ${bit}`);
  }
  return names.length === 0 ? 'nothing marked' : names.join(' ');
}
