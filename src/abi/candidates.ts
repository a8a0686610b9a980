/** Which kinds some bytes may be, best first, each with the reason. */
import { bytesView, littleEndian, littleEndianBytes } from '../base/bytes';
import { hex } from '../base/hex';
import { ghcbMsrInfo, ghcbMsrMessage } from './ghcb-msr';
import { ghcbPage, isMarkedValid } from './ghcb-page';
import { kinds, type Kind } from './kinds';
import { exitOfUnknownKernel, kvmExitReasons, kvmRun } from './kvm-run';
import { naeEvent } from './nae';
import { PSC_MAX_ENTRIES, pscEntry, pscOperations, pscResults } from './psc';
import { firmwareStatusNames } from './firmware';
import { svmExitNames } from './svm-exits';

export interface Candidate {
  readonly kind: string;
  /** Why it may be this. */
  readonly why: string;
}

/** The bytes as this kind takes them, or `undefined` when they cannot be one: words are filled up with zeros. */
export function bytesAs(kind: Kind, bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (bytes.length === 0) return undefined;
  if (kind.shape === 'bytes')
    return bytes.length >= kind.leastBytes && bytes.length <= kind.size ? bytes.slice() : undefined;
  const value = littleEndian(bytes);
  return bytes.length <= 8 && value < 1n << BigInt(8 * kind.size)
    ? littleEndianBytes(value, kind.size)
    : undefined;
}

/** Every kind these bytes can be decoded as. */
export const kindsThatFit = (bytes: Uint8Array): string[] =>
  Object.entries(kinds).flatMap(([name, kind]) => (bytesAs(kind, bytes) ? [name] : []));

/** Exit codes that software made up: those of the GHCB protocol lie in these 64K. */
export const isSoftwareCode = (value: bigint): boolean => value >> 16n === 0x8000n;

/** Whether no field of the kind objects to the bytes. */
function isClean(name: string, bytes: Uint8Array): boolean {
  const kind = kinds[name];
  const own = kind && bytesAs(kind, bytes);
  if (!kind || !own) return false;
  const rows = kind.shape === 'word' ? kind.decode(littleEndian(own)) : kind.decode(own);
  return rows.every(({ problem }) => problem === undefined);
}

export function candidatesFor(bytes: Uint8Array): Candidate[] {
  if (bytes.length === 0) return [];
  return bytes.length <= 8 ? wordCandidates(bytes) : structCandidates(bytes);
}

function wordCandidates(bytes: Uint8Array): Candidate[] {
  const value = littleEndian(bytes);
  const found: Candidate[] = [];
  const add = (kind: string, why: string) => void found.push({ kind, why });
  const message = ghcbMsrMessage(value);
  const event = naeEvent(value);
  const info = ghcbMsrInfo(value);
  const result = pscResults.find((one) => one.value === value);

  if (event && value > 0xffffn) add('nae-code', `${hex(value)} is ${event.name}`);
  if (!event && isSoftwareCode(value))
    add('nae-code', `Software exit codes begin at 0x80000000, but no source names ${hex(value)}`);
  if (result && value !== 0n) add('psc-result', `${hex(value)} is ${result.name}`);
  if (message && info !== 0 && isClean('ghcb-msr', bytes))
    add('ghcb-msr', `Bits 11:0 are ${hex(info)}, ${message.name}, and no reserved bit is set`);
  if (info === 0 && value !== 0n) add('ghcb-msr', 'Bits 11:0 are zero: the GHCB GPA, a page address');
  const { operation } = pscEntry.decode(value);
  if (value > 0xffffn && Object.hasOwn(pscOperations, operation) && isClean('psc-entry', bytes))
    add('psc-entry', `Bits 55:52 are ${operation}, a page state, and no reserved bit is set`);
  if (message && info !== 0 && !isClean('ghcb-msr', bytes))
    add('ghcb-msr', `Bits 11:0 are ${hex(info)}, ${message.name}; but some bits are not as they must be`);
  if (event && value <= 0xffffn) add('nae-code', `${hex(value)} is ${event.name}`);
  const exit = value > 0n && value <= 0xffffn && !event ? svmExitNames[Number(value)] : undefined;
  if (exit !== undefined) add('svm-exit', `${hex(value)} is the SVM exit ${exit}`);
  const policyBit = 1n << 17n;
  if ((value & policyBit) !== 0n && value < 1n << 26n && isClean('snp-policy', bytes))
    add('snp-policy', 'Bit 17 is set, as every SNP policy needs');
  if (value >> 31n !== 0n && value < 1n << 38n && isClean('nested-fault', bytes))
    add('nested-fault', 'Only bits of the nested fault error code are set');
  const status = value <= 0xffff_ffffn ? firmwareStatusNames[Number(value)] : undefined;
  if (status !== undefined) add('firmware-status', `${value} is ${status}`);
  const reason = value <= 0xffn ? kvmExitReasons[Number(value)] : undefined;
  if (reason !== undefined) add('exit-reason', `${value} is ${reason}`);
  if (value <= 3n && isClean('hv-features', bytes)) add('hv-features', 'Only known feature bits are set');
  if (found.length === 0) add('ghcb-msr', `No layout claims it; bits 11:0 would be message ${hex(info)}`);
  return found;
}

const EFER_SVME = 1 << 12;
const VMSA_EFER = 0xd0;
const EXIT_REASON = kvmRun.fields.exitReason.at;

/** How well bytes fit what a layout usually holds: higher is better, 0 says nothing, below 0 speaks against it. */
const judges: Readonly<Record<string, (bytes: Uint8Array) => readonly [score: number, why: string]>> = {
  'ghcb-page': (bytes) => {
    const view = bytesView(bytes);
    const version = ghcbPage.get(view, 'protocolVersion');
    const usage = ghcbPage.get(view, 'ghcbUsage');
    if (isMarkedValid(view, 'swExitCode') && usage === 0)
      return [9, `The valid bitmap marks SW_EXITCODE, usage is 0, version ${version}`];
    return version >= 1 && version <= 2 && usage === 0
      ? [6, `Protocol version ${version} and usage 0 stand at its end`]
      : [1, '4096 bytes, but neither the valid bitmap nor the version looks like a GHCB'];
  },
  vmsa: (bytes) => {
    const efer = bytesView(bytes).u32(VMSA_EFER);
    return (efer & EFER_SVME) !== 0
      ? [8, 'EFER at +0xd0 has SVME set']
      : [1, `${bytes.length} bytes, a save area`];
  },
  'psc-buffer': (bytes) => {
    const view = bytesView(bytes);
    const [cur, end] = [view.u16(0), view.u16(2)];
    const fits = end < PSC_MAX_ENTRIES && bytes.length >= 8 + 8 * (end + 1) && view.u32(4) === 0;
    if (!fits) return [-1, ''];
    const first = (bytes[15] ?? 0) >> 4;
    const operation = Object.hasOwn(pscOperations, ((bytes[14] ?? 0) & 0xf0) >> 4 || first);
    return [
      operation ? 7 : 2,
      `Its header says entry ${cur} of 0 to ${end}${operation ? ', and the first entry names a page state' : ''}`,
    ];
  },
  'kvm-run': (bytes) => {
    const reason = bytesView(bytes).u32(EXIT_REASON);
    const name = exitOfUnknownKernel(reason)?.name;
    if (name === undefined || reason === 0) return [-1, ''];
    return [5, `Its exit reason would be ${reason}, ${name}`];
  },
};

function structCandidates(bytes: Uint8Array): Candidate[] {
  return Object.entries(kinds)
    .flatMap(([kind, declared]) => {
      if (declared.shape === 'word' || !bytesAs(declared, bytes)) return [];
      const judge = judges[kind];
      const exact = bytes.length === declared.size;
      const [score, why] = judge
        ? judge(bytes)
        : [
            isClean(kind, bytes) ? 3 : 1,
            exact ? `It has exactly ${declared.size} bytes` : `${bytes.length} bytes fit`,
          ];
      return score < 0 ? [] : [{ kind, why, score }];
    })
    .sort((a, b) => b.score - a.score)
    .map(({ kind, why }) => ({ kind, why }));
}

/** A sentence about bytes that are no layout's: which layouts are nearest in size. */
export function nearestSizes(length: number): string {
  const sizes = Object.values(kinds)
    .filter((kind) => kind.shape === 'bytes')
    .map(({ title, size }) => ({ title, size, far: Math.abs(size - length) }))
    .sort((a, b) => a.far - b.far);
  const [first] = sizes;
  if (!first) return '';
  const many = Math.abs(first.size - length);
  return `the nearest is ${first.title} with ${first.size} bytes, ${many} ${length < first.size ? 'more' : 'fewer'}`;
}
