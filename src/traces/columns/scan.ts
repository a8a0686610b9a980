/**
 * One line of a recorder by its bytes, without a string or a regular expression: which trace event, when, on which vCPU.
 * It reads what ftrace, trace-cmd and perf script write before an event; anything else is a line of another kind.
 */
import { lineForms } from '../forms/all';

/** Kinds of lines: the trace events that are known, then any other event, then any other line. */
export const eventNames: readonly string[] = lineForms.flatMap(({ id, isEvent }) => (isEvent ? [id] : []));
export const OTHER_EVENT = eventNames.length;
export const OTHER_LINE = eventNames.length + 1;
/** What stands for a vCPU that a line does not name. */
export const NO_VCPU = 0xff;

/** The words of the last line that was scanned. */
export interface Scanned {
  kind: number;
  /** Seconds; NaN where the line has none. */
  seconds: number;
  vcpu: number;
}

const hashOf = (name: string): number => {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = (Math.imul(hash, 31) + name.charCodeAt(at)) | 0;
  return hash;
};
const byHash: ReadonlyMap<number, number> = new Map(eventNames.map((name, kind) => [hashOf(name), kind]));
const nameBytes: readonly Uint8Array[] = eventNames.map((name) => new TextEncoder().encode(name));

const [BLANK, COLON, DOT, OPEN, CLOSE, ZERO, NINE, UNDERLINE] = [
  0x20, 0x3a, 0x2e, 0x5b, 0x5d, 0x30, 0x39, 0x5f,
];
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;
const isName = (byte: number): boolean =>
  (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a ? true : isDigit(byte) || byte === UNDERLINE;

/** Reads the line in `bytes[start]` up to and without `bytes[end]`. */
export function scanLine(bytes: Uint8Array, start: number, end: number, into: Scanned): void {
  into.kind = OTHER_LINE;
  into.seconds = NaN;
  into.vcpu = NO_VCPU;
  let at = afterProcessor(bytes, start, end);
  if (at < 0) return;
  at = skipBlanks(bytes, at, end);
  // A word of flags, or none, then the time.
  if (!isDigit(bytes[at]) || !isTime(bytes, at, end)) {
    while (at < end && bytes[at] !== BLANK) at++;
    at = skipBlanks(bytes, at, end);
  }
  const time = at;
  let whole = 0;
  for (; at < end && isDigit(bytes[at]); at++) whole = whole * 10 + (bytes[at] as number) - ZERO;
  if (at === time) return;
  let part = 0;
  let scale = 1;
  if (bytes[at] === DOT)
    for (at++; at < end && isDigit(bytes[at]); at++) {
      part = part * 10 + (bytes[at] as number) - ZERO;
      scale *= 10;
    }
  if (bytes[at] !== COLON) return;
  at = skipBlanks(bytes, at + 1, end);
  let [from, hash] = [at, 0];
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (isName(byte)) hash = (Math.imul(hash, 31) + byte) | 0;
    // `kvm:kvm_exit:` of perf script: the subsystem is no part of the name.
    else if (byte === COLON && bytes[at + 1] !== BLANK && at + 1 < end) [from, hash] = [at + 1, 0];
    else break;
  }
  const to = at;
  if (to === from || bytes[to] !== COLON) return;
  into.seconds = whole + part / scale;
  const kind = byHash.get(hash);
  into.kind = kind !== undefined && isSame(bytes, from, to, nameBytes[kind]) ? kind : OTHER_EVENT;
  into.vcpu = vcpuBehind(bytes, to + 1, end);
}

function isSame(bytes: Uint8Array, from: number, to: number, name: Uint8Array | undefined): boolean {
  if (name?.length !== to - from) return false;
  for (let at = 0; at < name.length; at++) if (name[at] !== bytes[from + at]) return false;
  return true;
}

function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] === BLANK) at++;
  return at;
}

/** Behind `[012]`, the processor; -1 where a line has none. */
function afterProcessor(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== OPEN) continue;
    let digits = at + 1;
    while (digits < end && isDigit(bytes[digits])) digits++;
    if (digits - at > 3 && bytes[digits] === CLOSE) return digits + 1;
  }
  return -1;
}

/** Whether digits, perhaps with a dot, and a colon stand here: a word of flags may begin with a digit. */
function isTime(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from;
  while (at < end && (isDigit(bytes[at]) || bytes[at] === DOT)) at++;
  return bytes[at] === COLON;
}

const VCPU = new TextEncoder().encode('vcpu ');

/** The number behind `vcpu `, the first word of the body of most events. */
function vcpuBehind(bytes: Uint8Array, from: number, end: number): number {
  let at = skipBlanks(bytes, from, end);
  for (const byte of VCPU) if (bytes[at++] !== byte) return NO_VCPU;
  let value = 0;
  const first = at;
  for (; at < end && isDigit(bytes[at]); at++) value = value * 10 + (bytes[at] as number) - ZERO;
  return at === first || value >= NO_VCPU ? NO_VCPU : value;
}
