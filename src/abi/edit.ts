/** Fields and the bytes they lie in: where a row stands, and bytes with one field changed. */
import { littleEndian, littleEndianBytes } from '../base/bytes';
import { hex } from '../base/hex';
import { MAX_LINK_VALUE_BYTES } from '../base/limits';
import { ok, problem, type Result } from '../base/result';
import { own } from '../base/table';
import { kindNamed, structLayouts, type KindValues } from './kinds';
import type { FieldRow } from './layout';

/** A run of bytes in a decoded value, and the bits of the field inside it when it has less than all. */
export interface Place {
  readonly at: number;
  readonly size: number;
  readonly bits?: readonly [hi: number, lo: number];
}

/** Where a row lies among `length` bytes of its kind. Rows of a word lie in the whole word. */
export function placeOf(kindName: string, row: FieldRow, length: number): Place {
  const start = own(structLayouts, kindName)?.start ?? 0;
  const bits = row.bits ? { bits: row.bits } : {};
  return row.offset === undefined
    ? { at: 0, size: length, ...bits }
    : { at: row.offset - start, size: row.size ?? 1, ...bits };
}

/** Whether a byte holds something of a place. */
export function holds({ at, size, bits }: Place, byte: number): boolean {
  if (!bits) return byte >= at && byte < at + size;
  return byte >= at + (bits[1] >> 3) && byte <= at + (bits[0] >> 3);
}

/** The bytes with one field set to what a person typed: a number, a name, `set`, or hex digits for byte fields. */
export function editField(
  kindName: string,
  bytes: Uint8Array,
  row: FieldRow,
  typed: string,
): Result<Uint8Array<ArrayBuffer>> {
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  const text = typed.trim();
  if (text === '') return problem(`${row.name}: nothing was typed`, row.name);
  if (/^[-−]/.test(text)) return problem(`${row.name}: ${text} is negative; fields are unsigned`, row.name);
  const place = placeOf(kindName, row, bytes.length);
  // The encoder parses the text, knows the names and says what does not fit; its other fields are not looked at.
  const values: Record<string, KindValues[string]> = { [row.name]: text };
  if (kindName === 'ghcb-msr' && row.name !== 'info') values['info'] = littleEndian(bytes) & 0xfffn;
  if (kindName === 'kvm-run') values['exitReason'] ??= littleEndian(bytes.slice(8, 12));
  const encoded = kind.value.encode(values);
  if (!encoded.ok) return encoded;
  const whole =
    encoded.value instanceof Uint8Array
      ? littleEndian(encoded.value.slice(place.at, place.at + place.size))
      : encoded.value;
  const value = place.bits ? bitsOf(whole, place.bits) : whole;
  return ok(patched(bytes, place, value));
}

/** The bytes with one bit of a place turned over. */
export function flipBit(bytes: Uint8Array, at: number, bit: number): Uint8Array<ArrayBuffer> {
  const out = bytes.slice();
  const index = at + (bit >> 3);
  out[index] = (out[index] ?? 0) ^ (1 << (bit & 7));
  return out;
}

/** What an input for a field begins with: something `editField` takes back. */
export function editableText(row: FieldRow): string {
  const isBytes = row.bits === undefined && row.size !== undefined && ![1, 2, 4, 8].includes(row.size);
  if (!isBytes) return hex(row.value);
  let digits = '';
  for (const byte of littleEndianBytes(row.value, row.size)) digits += byte.toString(16).padStart(2, '0');
  return digits;
}

const bitsOf = (value: bigint, [hi, lo]: readonly [number, number]): bigint =>
  (value >> BigInt(lo)) & ((1n << BigInt(hi - lo + 1)) - 1n);

function patched(bytes: Uint8Array, { at, size, bits }: Place, value: bigint): Uint8Array<ArrayBuffer> {
  const out = bytes.slice();
  let whole = value;
  if (bits) {
    const mask = ((1n << BigInt(bits[0] - bits[1] + 1)) - 1n) << BigInt(bits[1]);
    whole = (littleEndian(bytes.subarray(at, at + size)) & ~mask) | (value << BigInt(bits[1]));
  }
  out.set(littleEndianBytes(whole, size), at);
  return out;
}

/** Bytes as they stand in a link: hex digits, a run of zeros as `~` count `~`. */
export function bytesToLink(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    let end = at;
    while (bytes[end] === 0) end++;
    if (end - at >= 4) {
      text += `~${end - at}~`;
      at = end;
    } else {
      text += (bytes[at] ?? 0).toString(16).padStart(2, '0');
      at++;
    }
  }
  return text;
}

export function bytesFromLink(text: string): Result<Uint8Array<ArrayBuffer>> {
  if (!/^(?:[0-9a-fA-F]{2}|~\d{1,5}~)+$/.test(text))
    return problem('The link holds no whole bytes in hexadecimal; it may have been cut off.');
  const bytes: number[] = [];
  for (const [piece, count] of text.matchAll(/~(\d+)~|[0-9a-fA-F]{2}/g)) {
    if (count === undefined) bytes.push(Number.parseInt(piece, 16));
    else for (let n = Math.min(Number(count), MAX_LINK_VALUE_BYTES + 1); n > 0; n--) bytes.push(0);
    if (bytes.length > MAX_LINK_VALUE_BYTES) return problem('The link holds more than a page of bytes.');
  }
  return ok(Uint8Array.from(bytes));
}
