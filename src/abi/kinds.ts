/**
 * Every wire layout by the name people use for it: what `decode` and `encode` accept on the command line and what the
 * page's decoder offers. A layout that is not in this table cannot be decoded by anybody.
 */
import { bytesView, littleEndian, littleEndianBytes } from '../base/bytes';
import { hexToBytes, parseInteger } from '../base/hex';
import { err, ok, problem, type Result } from '../base/result';
import { own, tableOf } from '../base/table';
import { didYouMean } from '../base/text';
import { apInfo1, apInfo2 } from './ap-creation';
import { cpuidTableEntry, cpuidTableHeader } from './cpuid-page';
import { doorbellDescriptor, doorbellFlags, doorbellPage, doorbellStatus } from './doorbell';
import { eventInjection, guestRequestInfo2, malformedInfo2, responseInfo1 } from './error-words';
import { firmwareCommands, firmwareStatusNames, firmwareSource, firmwareStatusSource } from './firmware';
import * as msr from './ghcb-msr';
import { explainGhcbPage, ghcbPage, ghcbValidFields, validBitmapOf, validBitOf } from './ghcb-page';
import { certTableEntry, guestMessageHeader, secretsPage, tscInfoResponse } from './guest-request';
import { ioioInfo1 } from './ioio';
import * as run from './kvm-run';
import * as kvm from './kvm-structs';
import type { FieldRow, Names, StructLayout, WordLayout } from './layout';
import { word } from './layout';
import { kvmMpState } from './mp-state';
import * as nae from './nae';
import { nestedFault } from './nested-fault';
import { explainPscBuffer, pscBuffer, pscEntry, pscHeader, pscResult } from './psc';
import { rmpAdjustAttributes, rmpEntry, rmpEntryHigh, rmpEntryLow, rmpUpdate } from './rmp';
import { sevFeatures, sevStatus } from './sev-features';
import { source, type Source } from './source';
import { svmExit } from './svm-exits';
import { vintrCtrl, vmsa } from './vmsa';

/** Values for an encoder: numbers, bytes, or text as people type it (`0x10`, `private`, `set`, hex bytes). */
export type KindValues = Readonly<Record<string, number | bigint | Uint8Array | string>>;

interface AnyKind {
  readonly title: string;
  readonly source: Source;
  /** Bytes. */
  readonly size: number;
  /** Names an encoder accepts. */
  readonly keys: readonly string[];
}

/** A layout of one word. */
export interface WordKind extends AnyKind {
  readonly shape: 'word';
  /** The fields of a word of `size` bytes. Throws LayoutError when it is wider. */
  decode(word: bigint): FieldRow[];
  encode(values: KindValues): Result<bigint>;
}

/** A layout of bytes. */
export interface BytesKind extends AnyKind {
  readonly shape: 'bytes';
  /** The fewest bytes that make sense; fields that lie behind the given bytes are left out. */
  readonly leastBytes: number;
  /** The fields of `leastBytes` to `size` bytes. */
  decode(bytes: Uint8Array): FieldRow[];
  encode(values: KindValues): Result<Uint8Array>;
}

export type Kind = WordKind | BytesKind;

/** A word that is a number with names, such as a status code. */
const named = (title: string, from: Source, names: Names, as: 'dec' | 'hex', bits: 32 | 64 = 32) =>
  word(title, from, { value: { bits: [bits - 1, 0], as, names, doc: title } }, { bits });

const codeNames: Names = Object.fromEntries(
  nae.naeEvents.map(({ code, name, title }) => [code, `${name}, ${title}`]),
);

/** Words, by kind. The messages of the MSR protocol are added from their own table. */
export const wordLayouts: Readonly<Record<string, WordLayout>> = {
  'psc-header': pscHeader,
  'psc-entry': pscEntry,
  'psc-result': pscResult,
  'ap-info1': apInfo1,
  'ap-info2': apInfo2,
  'ioio-info1': ioioInfo1,
  'msr-info1': nae.msrInfo1,
  'mmio-info1': nae.mmioInfo1,
  'mmio-info2': nae.mmioInfo2,
  'jump-table-info1': nae.jumpTableInfo1,
  'doorbell-info1': nae.doorbellInfo1,
  'run-vmpl-info1': nae.runVmplInfo1,
  'savic-info1': nae.secureAvicInfo1,
  'disable-alternate-injection-info1': nae.disableAlternateInjectionInfo1,
  'specific-eoi-info1': nae.specificEoiInfo1,
  'tio-info1': nae.tioOperationInfo1,
  'term-info1': nae.terminationInfo1,
  'term-info2': nae.terminationInfo2,
  'string-info2': nae.stringCountInfo2,
  'hold-result-info2': nae.holdResultInfo2,
  'jump-table-info2': nae.jumpTableInfo2,
  'request-page-info1': nae.requestPageInfo1,
  'response-page-info2': nae.responsePageInfo2,
  'doorbell-info2': nae.doorbellInfo2,
  'icr-info1': nae.icrInfo1,
  'apic-id-list-info1': nae.apicIdListInfo1,
  'interrupt-vector-info1': nae.interruptVectorInfo1,
  'unsupported-info1': nae.unsupportedInfo1,
  'nae-code': named('NAE exit code', source.ghcb('NAE events'), codeNames, 'hex', 64),
  'svm-exit': svmExit,
  number: word('Plain number', source.ghcb('words without a layout'), {
    value: { bits: [63, 0], as: 'hex', doc: 'No source says what it means here' },
  }),
  'response-info1': responseInfo1,
  'malformed-info2': malformedInfo2,
  'event-injection': eventInjection,
  'guest-request-info2': guestRequestInfo2,
  'hv-features': msr.hypervisorFeatures,
  'sev-features': sevFeatures,
  'sev-status': sevStatus,
  'vintr-ctrl': vintrCtrl,
  'doorbell-flags': doorbellFlags,
  'doorbell-status': doorbellStatus,
  'rmp-entry-low': rmpEntryLow,
  'rmp-entry-high': rmpEntryHigh,
  rmpadjust: rmpAdjustAttributes,
  'nested-fault': nestedFault,
  'map-gpa-attributes': run.mapGpaRangeAttributes,
  'memory-fault-flags': run.memoryFaultFlags,
  'memory-attribute-bits': kvm.memoryAttributeBits,
  'memory-region-flags': kvm.memoryRegionFlags,
  'snp-policy': kvm.snpPolicy,
  'exit-reason': named(
    'KVM exit reason',
    source.uapi('linux/kvm.h', 'KVM_EXIT numbers'),
    run.kvmExitReasons,
    'dec',
  ),
  'firmware-command': named('Firmware command', firmwareSource, firmwareCommands, 'hex'),
  'firmware-status': named('Firmware status', firmwareStatusSource, firmwareStatusNames, 'hex'),
  ...Object.fromEntries(msr.ghcbMsrMessages.map(({ name, layout }) => [msrKindName(name), layout])),
};

/** `PSC_REQ` as a kind: `msr-psc-req`. */
export function msrKindName(message: string): string {
  return `msr-${message.toLowerCase().replaceAll('_', '-')}`;
}

/** Structures, by kind. */
export const structLayouts: Readonly<Record<string, StructLayout>> = {
  'ghcb-page': ghcbPage,
  'psc-buffer': pscBuffer,
  'kvm-run': run.kvmRun,
  'rmp-entry': rmpEntry,
  'rmp-update': rmpUpdate,
  vmsa,
  'guest-message-header': guestMessageHeader,
  'tsc-info-response': tscInfoResponse,
  'cert-table-entry': certTableEntry,
  'secrets-page': secretsPage,
  'cpuid-table-header': cpuidTableHeader,
  'cpuid-table-entry': cpuidTableEntry,
  'doorbell-page': doorbellPage,
  'doorbell-descriptor': doorbellDescriptor,
  'sev-cmd': kvm.kvmSevCmd,
  'sev-init': kvm.kvmSevInit,
  'launch-start': kvm.launchStart,
  'launch-update': kvm.launchUpdate,
  'launch-finish': kvm.launchFinish,
  'memory-attributes': kvm.kvmMemoryAttributes,
  'memory-region2': kvm.kvmUserspaceMemoryRegion2,
  'create-guest-memfd': kvm.kvmCreateGuestMemfd,
  'pre-fault-memory': kvm.kvmPreFaultMemory,
  'mp-state': kvmMpState,
  'kvm-run-hw': run.kvmRunHw,
  'kvm-run-io': run.kvmRunIo,
  'kvm-run-hypercall': run.kvmRunHypercall,
  'kvm-run-mmio': run.kvmRunMmio,
  'kvm-run-fail-entry': run.kvmRunFailEntry,
  'kvm-run-internal': run.kvmRunInternal,
  'kvm-run-system-event': run.kvmRunSystemEvent,
  'kvm-run-msr': run.kvmRunMsr,
  'kvm-run-notify': run.kvmRunNotify,
  'kvm-run-memory-fault': run.kvmRunMemoryFault,
  'kvm-run-snp-req-certs': run.kvmRunSnpReqCerts,
  'kvm-run-vmgexit-psc-msr': run.kvmRunVmgexitPscMsr,
  'kvm-run-vmgexit-psc': run.kvmRunVmgexitPsc,
  'kvm-run-vmgexit': run.kvmRunVmgexitRaw,
};

function wordKind(layout: WordLayout): WordKind {
  return {
    shape: 'word',
    title: layout.title,
    source: layout.source,
    size: layout.bits / 8,
    keys: Object.keys(layout.fields),
    decode: (value) => layout.explain(value),
    encode: (values) => {
      const numbers = numbersOf(values, (name) => own(layout.fields, name)?.names);
      return numbers.ok ? layout.tryEncode(numbers.value) : numbers;
    },
  };
}

interface BytesOptions {
  readonly leastBytes?: number;
  readonly explain?: (bytes: Uint8Array) => FieldRow[];
  readonly encode?: (values: KindValues) => Result<Uint8Array>;
}

function bytesKind(layout: StructLayout, options: BytesOptions = {}): BytesKind {
  const explain = options.explain ?? ((bytes: Uint8Array) => layout.explain(bytesView(bytes), -layout.start));
  return {
    shape: 'bytes',
    title: layout.title,
    source: layout.source,
    size: layout.size,
    keys: rowNames(layout),
    leastBytes: options.leastBytes ?? layout.size,
    decode(bytes) {
      const whole = new Uint8Array(layout.size);
      whole.set(bytes.subarray(0, layout.size));
      const end = layout.start + bytes.length;
      return explain(whole).filter(({ offset, size }) => offset === undefined || offset + (size ?? 0) <= end);
    },
    encode: options.encode ?? ((values) => encodeStruct(layout, values)),
  };
}

/** The names that rows of a structure have and its encoder takes. */
function rowNames(layout: StructLayout): string[] {
  return layout.explain(bytesView(new Uint8Array(layout.size)), -layout.start).map(({ name }) => name);
}

function encodeStruct(layout: StructLayout, values: KindValues): Result<Uint8Array> {
  const bytes: (readonly [string, number | bigint | Uint8Array])[] = [];
  for (const [name, value] of Object.entries(values)) {
    const parsed = typeof value === 'string' ? structValue(layout, name, value) : ok(value);
    if (!parsed.ok) return parsed;
    bytes.push([name, parsed.value]);
  }
  return layout.encode(tableOf(bytes));
}

/** Text for one row name of a structure: bytes for a byte field, a number or a name for the rest. */
function structValue(layout: StructLayout, name: string, text: string): Result<bigint | Uint8Array> {
  const [, field = name, part] = /^([^.[]+)(?:\[\d+\])?(?:\.(.+))?$/.exec(name) ?? [];
  const declared = own(layout.fields, field);
  const names = part === undefined ? declared?.names : own(declared?.word?.fields ?? {}, part)?.names;
  const plainBytes = declared !== undefined && ![1, 2, 4, 8].includes(declared.size);
  const bytes = plainBytes && !text.startsWith('0x') ? hexToBytes(text) : undefined;
  return bytes ? ok(bytes) : numberOf(text, name, names);
}

function numbersOf(
  values: KindValues,
  namesOf: (name: string) => Names | undefined,
): Result<Record<string, number | bigint>> {
  const numbers: (readonly [string, number | bigint])[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value instanceof Uint8Array) return problem(`${name} takes a number, not bytes`, name);
    const parsed = typeof value === 'string' ? numberOf(value, name, namesOf(name)) : ok(value);
    if (!parsed.ok) return parsed;
    numbers.push([name, parsed.value]);
  }
  return ok(tableOf(numbers));
}

const switches: Readonly<Record<string, bigint>> = {
  set: 1n,
  true: 1n,
  yes: 1n,
  clear: 0n,
  false: 0n,
  no: 0n,
};

/** A number as people type it: an integer, `set` or `clear`, or the name of a value. */
function numberOf(text: string, place: string, names: Names = {}): Result<bigint> {
  const integer = parseInteger(text) ?? own(switches, text);
  if (integer !== undefined) return ok(integer);
  const known = Object.entries(names).find(([, name]) => name.toLowerCase() === text.toLowerCase());
  if (known) return ok(BigInt(known[0]));
  return problem(`${place}: '${text}' is not a number${didYouMean(text, Object.values(names))}`, place);
}

/** Any MSR value. Encoding takes `message` (`PSC_REQ`) or `info` and the fields of that message. */
const ghcbMsrKind: WordKind = {
  shape: 'word',
  title: 'GHCB MSR value',
  source: source.ghcb('GHCB MSR protocol'),
  size: 8,
  keys: ['message', 'info'],
  decode: msr.explainGhcbMsr,
  encode({ message, ...values }) {
    if (message === undefined) {
      const info = numbersOf({ info: values['info'] ?? 0 }, () => undefined);
      if (!info.ok) return info;
      return wordKind(
        msr.ghcbMsrMessage(BigInt(info.value['info'] ?? 0))?.layout ?? msr.unknownGhcbMsr,
      ).encode(values);
    }
    const known = typeof message === 'string' ? msr.ghcbMsrMessageNamed(message.toUpperCase()) : undefined;
    if (known) return wordKind(known.layout).encode(values);
    const names = msr.ghcbMsrMessages.map(({ name }) => name);
    return problem(
      `message: no message '${String(message)}'${didYouMean(String(message), names)}`,
      'message',
    );
  },
};

/** An exit code. Where it comes from is where its own event comes from, not where the table does. */
const naeCodeKind = (layout: WordLayout): WordKind => ({
  ...wordKind(layout),
  decode: (value) =>
    layout.explain(value).map((row) => {
      const former = nae.formerEvents[Number(value)];
      const text = former ? `${row.text} (${former.name} in ${former.by})` : row.text;
      return { ...row, text, source: nae.naeEvent(value)?.source ?? row.source };
    }),
});

/** The bitmap on its own, 16 bytes. Encoding takes the marked fields: `rax=1`. */
const validBitmapKind: BytesKind = {
  shape: 'bytes',
  title: 'GHCB valid bitmap',
  source: ghcbPage.source,
  size: 16,
  leastBytes: 16,
  keys: ghcbValidFields,
  decode: (bytes) => explainValidBitmap(littleEndian(bytes)),
  encode(values) {
    const numbers = numbersOf(values, () => undefined);
    if (!numbers.ok) return numbers;
    const unknown = Object.keys(values).find((name) => !ghcbValidFields.some((field) => field === name));
    if (unknown !== undefined) {
      return problem(`${unknown}: no such field${didYouMean(unknown, ghcbValidFields)}`, unknown);
    }
    const { lo, hi } = validBitmapOf(ghcbValidFields.filter((field) => numbers.value[field]));
    return ok(littleEndianBytes((hi << 64n) | lo, 16));
  },
};

function explainValidBitmap(bitmap: bigint): FieldRow[] {
  const row = (name: string, bit: number, doc: string): FieldRow => {
    const value = (bitmap >> BigInt(bit)) & 1n;
    const text = value === 1n ? 'set' : 'clear';
    return { name, bits: [bit, bit], value, text, doc, source: ghcbPage.source };
  };
  const fields = ghcbValidFields.map((field) => row(field, validBitOf(field), ghcbPage.fields[field].doc));
  const known = new Set(ghcbValidFields.map(validBitOf));
  for (let bit = 0; bit < 128; bit++) {
    if (known.has(bit) || ((bitmap >> BigInt(bit)) & 1n) === 0n) continue;
    fields.push({ ...row(`bit${bit}`, bit, 'Belongs to no field'), problem: 'stray bit' });
  }
  return fields;
}

/** A GHCB page: the fields that are given are marked valid, unless `validBitmap` is given too. */
function encodeGhcbPage(values: KindValues): Result<Uint8Array> {
  const marked = ghcbValidFields.filter((field) => values[field] !== undefined);
  const { lo, hi } = validBitmapOf(marked);
  return encodeStruct(ghcbPage, { validBitmap: (hi << 64n) | lo, ...values });
}

/** struct kvm_run: fields of the union's member are given as `hypercall.ret`. */
function encodeKvmRun(values: KindValues): Result<Uint8Array> {
  const whole: (readonly [string, KindValues[string]])[] = [];
  const byMember = new Map<string, Record<string, KindValues[string]>>();
  for (const [key, value] of Object.entries(values)) {
    const dot = key.indexOf('.');
    if (dot < 0) whole.push([key, value]);
    else byMember.set(key.slice(0, dot), { ...byMember.get(key.slice(0, dot)), [key.slice(dot + 1)]: value });
  }
  const encoded = encodeStruct(run.kvmRun, tableOf(whole));
  if (!encoded.ok) return encoded;
  for (const [name, fields] of byMember) {
    const layout = run.kvmRunMembers.get(name);
    if (!layout) return err({ message: `${name}: no such member of the union`, place: name });
    const bytes = encodeStruct(layout, fields);
    if (!bytes.ok) return bytes;
    encoded.value.set(bytes.value, layout.start);
  }
  return encoded;
}

const specialStructs: Readonly<Record<string, BytesOptions>> = {
  'ghcb-page': { explain: (bytes) => explainGhcbPage(bytesView(bytes)), encode: encodeGhcbPage },
  'psc-buffer': { leastBytes: 8, explain: (bytes) => explainPscBuffer(bytesView(bytes)) },
  'kvm-run': {
    leastBytes: 288,
    explain: (bytes) => run.explainKvmRun(bytesView(bytes), 0, run.exitOfUnknownKernel),
    encode: encodeKvmRun,
  },
  vmsa: { leastBytes: 1648 },
};

/** Every kind, by name. */
export const kinds: Readonly<Record<string, Kind>> = {
  'ghcb-msr': ghcbMsrKind,
  'valid-bitmap': validBitmapKind,
  ...Object.fromEntries(
    Object.entries(wordLayouts).map(([name, layout]) => [
      name,
      name === 'nae-code' ? naeCodeKind(layout) : wordKind(layout),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(structLayouts).map(([name, layout]) => [name, bytesKind(layout, specialStructs[name])]),
  ),
};

/** A kind by its name, or the problem with the nearest known name. */
export function kindNamed(name: string): Result<Kind> {
  const kind = own(kinds, name);
  return kind ? ok(kind) : problem(`no kind '${name}'${didYouMean(name, Object.keys(kinds))}`, name);
}
