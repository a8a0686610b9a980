/** Layouts of structures in memory: fields at byte offsets, declared once, read and written through a ByteView. */
import { assert } from '../base/assert';
import { bytesView, copyBytes, littleEndian, littleEndianBytes, type ByteView } from '../base/bytes';
import { bytesToHex, hex } from '../base/hex';
import type { Result } from '../base/result';
import { didYouMean } from '../base/text';
import { formatValue, LayoutError, problemOf } from './field';
import type { FieldDeclaration, FieldRow, NarrowValue, WideValue } from './field';
import type { Source } from './source';
import { caught, type WordLayout } from './word';

/** One field of a structure. */
export interface StructField extends FieldDeclaration {
  /** Bytes from the start of the structure. */
  readonly at: number;
  /** Bytes of one item: 1, 2, 4 and 8 are little-endian integers, any other size is plain bytes. */
  readonly size: number;
  /** Number of items when the field is an array. */
  readonly array?: number;
  /** The bit fields inside this field. */
  readonly word?: WordLayout;
  /** Another name for bytes that a field without this mark already covers. */
  readonly alias?: true;
}

/** All fields of a structure. Together they cover every byte exactly once, aliases aside. */
export type StructFields = Readonly<Record<string, StructField>>;

type IsArray<F extends StructField> = F extends { array: number } ? true : false;
type IntegerSize = 1 | 2 | 4 | 8;

type ScalarName<F extends StructFields> = {
  [Name in keyof F]: IsArray<F[Name]> extends true
    ? never
    : F[Name]['size'] extends IntegerSize
      ? Name
      : never;
}[keyof F] &
  string;

type ArrayName<F extends StructFields> = {
  [Name in keyof F]: IsArray<F[Name]> extends true
    ? F[Name]['size'] extends IntegerSize
      ? Name
      : never
    : never;
}[keyof F] &
  string;

/** `number` for 1, 2 and 4 bytes, `bigint` for 8. */
type ValueOf<F extends StructField> = F['size'] extends 8 ? WideValue<F> : NarrowValue<F>;
type InputOf<F extends StructField> = F['size'] extends 8 ? bigint : number;

/** Values for an encoder, by row name: `ret`, `args[1]`, `policy.debug`. Bytes for plain byte fields. */
export type StructValues = Readonly<Record<string, number | bigint | Uint8Array>>;

/** A structure in memory. Offsets are bytes from `base`, the place of the structure in the view. */
export interface StructLayout<F extends StructFields = StructFields> {
  readonly title: string;
  readonly source: Source;
  /** Bytes, counted from `start`. */
  readonly size: number;
  /** Offset of the first byte this layout describes; not 0 for a member of a union inside a larger structure. */
  readonly start: number;
  readonly fields: F;
  /** An integer field: `number` up to 4 bytes, `bigint` for 8. */
  get<Name extends ScalarName<F>>(view: ByteView, name: Name, base?: number): ValueOf<F[Name]>;
  /** Writes an integer field. Throws {@link LayoutError} when the value does not fit. */
  set<Name extends ScalarName<F>>(view: ByteView, name: Name, value: InputOf<F[Name]>, base?: number): void;
  /** One item of an array of integers. */
  item<Name extends ArrayName<F>>(view: ByteView, name: Name, index: number, base?: number): ValueOf<F[Name]>;
  /** Writes one item of an array of integers. */
  setItem<Name extends ArrayName<F>>(
    view: ByteView,
    name: Name,
    index: number,
    value: InputOf<F[Name]>,
    base?: number,
  ): void;
  /** A copy of a field's bytes, all items of an array. */
  bytes(view: ByteView, name: keyof F & string, base?: number): Uint8Array<ArrayBuffer>;
  /** Bytes from the start of the structure (of the larger one, for a union's member). */
  offsetOf(name: keyof F & string): number;
  /** The fields as rows for people, in the order of their declaration. Reads only; throws outside the view. */
  explain(view: ByteView, base?: number): FieldRow[];
  /**
   * `size` bytes with these values, constants filled in, the rest zero. Keys are row names: a word's value may be given
   * whole or by its fields, or both, the fields on top.
   */
  encode(values: StructValues): Result<Uint8Array<ArrayBuffer>>;
}

/** Declares a structure of `size` bytes from `start`. Throws at once when fields overlap or leave a byte out. */
export function struct<const F extends StructFields>(
  title: string,
  source: Source,
  size: number,
  fields: F,
  { start = 0 }: { readonly start?: number } = {},
): StructLayout<F> {
  assertCoversStruct(title, fields, size, start);
  const plans = new Map<string, StructField>(Object.entries<StructField>(fields));

  const fieldOf = (name: string): StructField => {
    const field = plans.get(name);
    if (!field) throw new LayoutError(title, name, `no such field${didYouMean(name, plans.keys())}`);
    return field;
  };
  const itemField = (name: string, index: number): StructField => {
    const field = fieldOf(name);
    if (index < 0 || index >= (field.array ?? 1)) throw new LayoutError(title, name, `no item ${index}`);
    return field;
  };

  return {
    title,
    source,
    size,
    start,
    fields,
    get<Name extends ScalarName<F>>(view: ByteView, name: Name, base = 0) {
      const field = fieldOf(name);
      return readInteger(view, base + field.at, field.size) as ValueOf<F[Name]>;
    },
    set(view, name, value, base = 0) {
      const field = fieldOf(name);
      writeInteger(view, base + field.at, field.size, value, title, name);
    },
    item<Name extends ArrayName<F>>(view: ByteView, name: Name, index: number, base = 0) {
      const field = itemField(name, index);
      return readInteger(view, base + field.at + index * field.size, field.size) as ValueOf<F[Name]>;
    },
    setItem(view, name, index, value, base = 0) {
      const field = itemField(name, index);
      writeInteger(view, base + field.at + index * field.size, field.size, value, title, name);
    },
    bytes(view, name, base = 0) {
      const field = fieldOf(name);
      return copyBytes(view, base + field.at, lengthOf(field));
    },
    offsetOf: (name) => fieldOf(name).at,
    explain: (view, base = 0) =>
      [...plans].flatMap(([name, field]) => explainField(name, field, view, base, source)),
    encode: (values) =>
      caught(() => {
        const bytes = new Uint8Array(size);
        const view = bytesView(bytes);
        for (const field of plans.values()) fillConstants(view, field, start);
        // Whole words before their fields, whatever the order they were given in.
        const names = Object.keys(values).sort((a, b) => Number(a.includes('.')) - Number(b.includes('.')));
        for (const name of names) placeValue({ title, plans, view, start }, name, values[name] ?? 0);
        return bytes;
      }),
  };
}

const lengthOf = (field: StructField) => field.size * (field.array ?? 1);
const isInteger = (size: number) => size === 1 || size === 2 || size === 4 || size === 8;

function readInteger(view: ByteView, at: number, size: number): number | bigint {
  switch (size) {
    case 1:
      return view.u8(at);
    case 2:
      return view.u16(at);
    case 4:
      return view.u32(at);
    default:
      return view.u64(at);
  }
}

const LIMITS: Readonly<Record<number, number>> = { 1: 0x100, 2: 0x1_0000, 4: 0x1_0000_0000 };
const LIMIT_64 = 1n << 64n;

function writeInteger(
  view: ByteView,
  at: number,
  size: number,
  value: number | bigint,
  title: string,
  name: string,
): void {
  if (typeof value === 'bigint') {
    if (size !== 8 || value < 0n || value >= LIMIT_64) throw misfit(title, name, value, size);
    view.setU64(at, value);
    return;
  }
  const limit = LIMITS[size];
  if (limit === undefined || !Number.isInteger(value) || value < 0 || value >= limit) {
    throw misfit(title, name, value, size);
  }
  if (size === 1) view.setU8(at, value);
  else if (size === 2) view.setU16(at, value);
  else view.setU32(at, value);
}

const misfit = (title: string, name: string, value: number | bigint, size: number) =>
  new LayoutError(title, name, `${hex(value)} does not fit ${size} byte${size === 1 ? '' : 's'}`);

function explainField(
  name: string,
  field: StructField,
  view: ByteView,
  base: number,
  source: Source,
): FieldRow[] {
  const count = isInteger(field.size) ? (field.array ?? 1) : 1;
  const size = isInteger(field.size) ? field.size : lengthOf(field);
  return Array.from({ length: count }, (_, index) => {
    const offset = field.at + index * size;
    const label = field.array !== undefined && isInteger(field.size) ? `${name}[${index}]` : name;
    const row = explainBytes(label, field, { offset, size }, copyBytes(view, base + offset, size), source);
    const inner = field.word?.explain(row.value) ?? [];
    return [row, ...inner.map((part) => ({ ...part, name: `${label}.${part.name}`, offset, size }))];
  }).flat();
}

function explainBytes(
  name: string,
  field: StructField,
  place: { readonly offset: number; readonly size: number },
  bytes: Uint8Array,
  source: Source,
): FieldRow {
  const value = littleEndian(bytes);
  const problem = problemOf(field, value);
  return {
    name,
    ...place,
    value,
    text: isInteger(place.size) ? formatValue(field, value) : bytesText(bytes, value),
    doc: field.doc,
    source: field.source ?? source,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Bytes a person can take in: short ones whole, zeros by their count, the beginning of the rest. */
function bytesText(bytes: Uint8Array, value: bigint): string {
  if (value === 0n) return `${bytes.length} zero bytes`;
  if (bytes.length <= 32) return bytesToHex(bytes);
  return `${bytesToHex(bytes.subarray(0, 32))}... (${bytes.length} bytes)`;
}

interface Placing {
  readonly title: string;
  readonly plans: ReadonlyMap<string, StructField>;
  readonly view: ByteView;
  readonly start: number;
}

/** Writes the value of one row name: `ret`, `args[1]`, `policy.debug`. */
function placeValue(
  { title, plans, view, start }: Placing,
  key: string,
  value: number | bigint | Uint8Array,
) {
  const [, name = key, index, part] = /^([^.[]+)(?:\[(\d+)\])?(?:\.(.+))?$/.exec(key) ?? [];
  const field = plans.get(name);
  if (!field) throw new LayoutError(title, key, `no such field${didYouMean(name, plans.keys())}`);
  const item = Number(index ?? 0);
  if (item >= (field.array ?? 1)) throw new LayoutError(title, key, `no item ${item}`);
  const at = field.at - start + item * field.size;
  const size = index === undefined ? lengthOf(field) : field.size;
  if (part !== undefined) {
    if (!field.word) throw new LayoutError(title, key, `${name} has no fields`);
    const whole = field.word.decode(littleEndian(copyBytes(view, at, field.size)));
    if (value instanceof Uint8Array) throw new LayoutError(title, key, 'a bit field takes a number');
    fillIn(view, at, field.size, field.word.encode({ ...whole, [part]: value }));
    return;
  }
  fillIn(view, at, size, asUnsigned(title, key, value, size));
}

function asUnsigned(title: string, key: string, value: number | bigint | Uint8Array, size: number): bigint {
  if (value instanceof Uint8Array) {
    if (value.length > size) throw new LayoutError(title, key, `${value.length} bytes do not fit ${size}`);
    return littleEndian(value);
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new LayoutError(title, key, `${value} is not an integer`);
  }
  const unsigned = BigInt(value);
  if (unsigned < 0n || unsigned >= 1n << BigInt(8 * size)) throw misfit(title, key, value, size);
  return unsigned;
}

function fillConstants(view: ByteView, field: StructField, start: number): void {
  const constant = field.is ?? field.word?.encode({}) ?? 0n;
  if (constant === 0n) return;
  for (let item = 0; item < (field.array ?? 1); item++) {
    fillIn(view, field.at - start + item * field.size, field.size, constant);
  }
}

function fillIn(view: ByteView, at: number, size: number, value: bigint): void {
  littleEndianBytes(value, size).forEach((byte, index) => view.setU8(at + index, byte));
}

function assertCoversStruct(title: string, fields: StructFields, size: number, start: number): void {
  const owner = new Array<string | undefined>(size).fill(undefined);
  for (const [name, field] of Object.entries(fields)) {
    const first = field.at - start;
    const end = first + lengthOf(field);
    assert(first >= 0 && end <= size, `${title}: ${name} lies outside the structure`);
    assert(
      !field.word || field.word.bits === 8 * field.size,
      `${title}: ${name}: the word has another width`,
    );
    if (field.alias) continue;
    for (let at = first; at < end; at++) {
      assert(owner[at] === undefined, `${title}: ${name} overlaps ${owner[at]}`);
      owner[at] = name;
    }
  }
  const gap = owner.findIndex((name) => name === undefined);
  assert(gap < 0, `${title}: byte ${hex(gap + start)} belongs to no field`);
}
