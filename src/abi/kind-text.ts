/** Decoded fields as text and JSON, and the ways people spell a value that is to be decoded. */
import { littleEndian, littleEndianBytes } from '../base/bytes';
import { bytesToHex, hex, hexToBytes, parseInteger } from '../base/hex';
import { ok, problem, type Result } from '../base/result';
import { tableOf } from '../base/table';
import { alignColumns } from '../base/text';
import { isDump, readDump } from './dump';
import { kindNamed, kinds, type Kind } from './kinds';
import type { FieldRow } from './layout';
import type { Source } from './source';

/** A decoded value. */
export interface Decoded {
  readonly kind: string;
  readonly title: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: readonly FieldRow[];
}

/** Decodes `text` as a kind: a number for words; hex bytes or a hex dump for structures. */
export function decodeText(kindName: string, text: string): Result<Decoded> {
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  const bytes = kind.value.shape === 'word' ? wordBytes(kind.value, text) : bytesFromText(text);
  return bytes.ok ? decodeBytes(kindName, kind.value, bytes.value) : bytes;
}

/** Decodes the bytes of a file as a kind. A word's file holds its little-endian bytes. */
export function decodeFile(kindName: string, bytes: Uint8Array): Result<Decoded> {
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  if (kind.value.shape === 'bytes') return decodeBytes(kindName, kind.value, bytes);
  const word = wordBytes(kind.value, hex(littleEndian(bytes)));
  return word.ok ? decodeBytes(kindName, kind.value, word.value) : word;
}

/** The bytes of a number that a person wrote, or why a word of this kind cannot have it. */
function wordBytes(kind: Kind, text: string): Result<Uint8Array> {
  const digits = text.trim();
  const value = parseInteger(digits);
  if (value === undefined) {
    return problem(
      /^[-−]/.test(digits)
        ? `'${digits}' is negative; words of the protocol are unsigned`
        : `'${digits}' is not a number (0x..., or decimal)`,
    );
  }
  if (value >= 1n << BigInt(8 * kind.size))
    return problem(`${hex(value)} needs more than ${8 * kind.size} bits`);
  return ok(littleEndianBytes(value, kind.size));
}

function decodeBytes(kindName: string, kind: Kind, given: Uint8Array): Result<Decoded> {
  const bytes = Uint8Array.from(given);
  const { title, size } = kind;
  const least = kind.shape === 'bytes' ? kind.leastBytes : size;
  if (bytes.length < least) return problem(`${title} needs ${least} bytes, got ${bytes.length}`);
  if (bytes.length > size) return problem(`${title} has ${size} bytes, got ${bytes.length}`);
  const rows = kind.shape === 'word' ? kind.decode(littleEndian(bytes)) : kind.decode(bytes);
  return ok({ kind: kindName, title, bytes, rows });
}

/** Bytes as people paste them: hex digits with or without blanks and `0x`, or the lines of a hex dump. */
export function bytesFromText(text: string): Result<Uint8Array> {
  const lines = text.trim().split(/\r?\n/);
  if (isDump(lines)) return bytesFromDump(lines);
  const bytes = hexToBytes(text.replace(/(^|\s)0x/g, '$1'));
  return bytes
    ? ok(bytes)
    : problem('not hex bytes: an even number of hex digits, or the lines of a hex dump');
}

function bytesFromDump(lines: readonly string[]): Result<Uint8Array> {
  const dump = readDump(lines);
  return dump.ok ? ok(dump.value.bytes) : dump;
}

/** Encodes `name=value` arguments as a kind: a word, or bytes. */
export function encodeArguments(kindName: string, parts: readonly string[]): Result<bigint | Uint8Array> {
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  const values: (readonly [string, string])[] = [];
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals <= 0) return problem(`'${part}' is not name=value`, part);
    values.push([part.slice(0, equals), part.slice(equals + 1)]);
  }
  return kind.value.encode(tableOf(values));
}

/** An encoded value as text: all digits of a word, hex bytes of a structure. */
export function encodedText(kindName: string, value: bigint | Uint8Array): string {
  if (value instanceof Uint8Array) return bytesToHex(value);
  const kind = kindNamed(kindName);
  return hex(value, kind.ok ? 2 * kind.value.size : 16);
}

/** The rows as aligned lines: name, place, value, meaning; what is wrong with a value follows `!!`. */
export function rowLines(rows: readonly FieldRow[]): string[] {
  return alignColumns(
    rows.map((row) => [
      row.name,
      placeText(row),
      row.text,
      row.problem === undefined ? row.doc : `${row.doc}  !! ${row.problem}`,
    ]),
  );
}

/** Where what is said of a value comes from: a value that is one field has a source of its own, as an exit code of a posting has. */
export function sourceOfValue(kind: string, rows: readonly FieldRow[]): Source | undefined {
  const [row, ...others] = rows;
  return row && others.length === 0 ? row.source : kinds[kind]?.source;
}

/** Where a row lies: `[51:12]` in a word, `+0x390/8` in a structure, both for a field of a word inside one. */
export function placeText({ bits, offset, size }: FieldRow): string {
  const inWord = bits === undefined ? '' : `[${bits[0] === bits[1] ? bits[0] : bits.join(':')}]`;
  const inStruct = offset === undefined ? '' : `+${hex(offset)}/${size ?? 0}`;
  return inStruct + inWord;
}

/** One field in JSON. `value` is `"0x..."`, or plain hex digits in memory order for byte fields. */
export interface FieldJson {
  readonly name: string;
  readonly bits?: readonly [number, number];
  readonly offset?: number;
  readonly size?: number;
  readonly value: string;
  readonly text: string;
  readonly doc: string;
  readonly source: Source;
  readonly problem?: string;
}

/** The rows as JSON values. */
export function rowsJson(rows: readonly FieldRow[]): FieldJson[] {
  return rows.map(({ value, ...row }) => ({ ...row, value: valueJson(value, row) }));
}

function valueJson(value: bigint, { bits, size }: Pick<FieldRow, 'bits' | 'size'>): string {
  const isBytes = bits === undefined && size !== undefined && ![1, 2, 4, 8].includes(size);
  return isBytes ? bytesToHex(littleEndianBytes(value, size)) : hex(value);
}
