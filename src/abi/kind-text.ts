/** Decoded fields as text and JSON, and the ways people spell a value that is to be decoded. */
import { littleEndianBytes } from '../base/bytes';
import { bytesToHex, hex, hexToBytes, parseInteger } from '../base/hex';
import { ok, problem, type Result } from '../base/result';
import { alignColumns } from '../base/text';
import { kindNamed, type Kind, type KindValues } from './kinds';
import type { FieldRow } from './layout';
import type { Source } from './source';

/** A decoded value. */
export interface Decoded {
  readonly kind: string;
  readonly title: string;
  readonly rows: readonly FieldRow[];
}

/** Decodes `text` as a kind: a number for words; hex bytes or a hex dump for structures. */
export function decodeText(kindName: string, text: string): Result<Decoded> {
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  const rows =
    kind.value.shape === 'word' ? decodeWord(kind.value, text) : decodeBytes(kind.value, bytesFromText(text));
  return rows.ok ? ok({ kind: kindName, title: kind.value.title, rows: rows.value }) : rows;
}

/** Decodes the bytes of a file as a kind. A word's file holds its little-endian bytes. */
export function decodeFile(kindName: string, bytes: Uint8Array): Result<Decoded> {
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  const rows =
    kind.value.shape === 'word'
      ? decodeWord(kind.value, `0x${bytesToHex(bytes.toReversed())}`)
      : decodeBytes(kind.value, ok(bytes));
  return rows.ok ? ok({ kind: kindName, title: kind.value.title, rows: rows.value }) : rows;
}

function decodeWord(kind: Extract<Kind, { shape: 'word' }>, text: string): Result<FieldRow[]> {
  const value = parseInteger(text.trim());
  if (value === undefined) return problem(`'${text.trim()}' is not a number (0x..., or decimal)`);
  if (value >= 1n << BigInt(8 * kind.size))
    return problem(`${hex(value)} needs more than ${8 * kind.size} bits`);
  return ok(kind.decode(value));
}

function decodeBytes(kind: Extract<Kind, { shape: 'bytes' }>, bytes: Result<Uint8Array>): Result<FieldRow[]> {
  if (!bytes.ok) return bytes;
  const { length } = bytes.value;
  if (length < kind.leastBytes) return problem(`${kind.title} needs ${kind.leastBytes} bytes, got ${length}`);
  if (length > kind.size) return problem(`${kind.title} has ${kind.size} bytes, got ${length}`);
  return ok(kind.decode(bytes.value));
}

/**
 * Bytes as people paste them: hex digits with or without blanks and `0x`, or the lines of a hex dump (`xxd`,
 * `hexdump -C`, ours), where `*` repeats the line before it up to the next offset.
 */
export function bytesFromText(text: string): Result<Uint8Array> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.some((line) => /^[0-9a-fA-F]{4,}(?::| {2})\s*[0-9a-fA-F]/.test(line.trim())))
    return bytesFromDump(lines);
  const bytes = hexToBytes(text.replace(/(^|\s)0x/g, '$1'));
  return bytes
    ? ok(bytes)
    : problem('not hex bytes: an even number of hex digits, or the lines of a hex dump');
}

function bytesFromDump(lines: readonly string[]): Result<Uint8Array> {
  const bytes: number[] = [];
  let origin: number | undefined;
  let previous: Uint8Array = new Uint8Array();
  let repeating = false;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '*') {
      repeating = previous.length > 0;
      continue;
    }
    const [, offset, colon, rest = ''] = /^\s*([0-9a-fA-F]{4,})(:?)(?:\s+(.*))?$/.exec(line) ?? [];
    const cells = hexToBytes(rest.split(colon === ':' ? '  ' : '|')[0] ?? '');
    if (offset === undefined || cells === undefined) {
      return problem(`line ${index + 1} is not a line of a hex dump`, `line ${index + 1}`);
    }
    const at = Number.parseInt(offset, 16);
    origin ??= at;
    while (repeating && bytes.length < at - origin) bytes.push(...previous);
    if (at - origin !== bytes.length) {
      return problem(`line ${index + 1}: offset ${hex(at)} does not follow`, `line ${index + 1}`);
    }
    bytes.push(...cells);
    previous = cells;
    repeating = false;
  }
  return ok(Uint8Array.from(bytes));
}

/** Encodes `name=value` arguments as a kind: a word, or bytes. */
export function encodeArguments(kindName: string, parts: readonly string[]): Result<bigint | Uint8Array> {
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  const values: Record<string, KindValues[string]> = {};
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals <= 0) return problem(`'${part}' is not name=value`, part);
    values[part.slice(0, equals)] = part.slice(equals + 1);
  }
  return kind.value.encode(values);
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
