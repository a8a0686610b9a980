/** Layouts of one 8- to 64-bit word: bit fields declared once, encoded and decoded from that one declaration. */
import { assert } from '../base/assert';
import { hex } from '../base/hex';
import { err, ok, type Result } from '../base/result';
import { didYouMean } from '../base/text';
import { formatValue, LayoutError, problemOf } from './field';
import type { FieldDeclaration, FieldRow, NarrowValue, WideValue } from './field';
import type { Source } from './source';

/** One bit field: `bits` is the inclusive range, highest bit first. */
export interface WordField extends FieldDeclaration {
  readonly bits: readonly [hi: number, lo: number];
}

/** All fields of a word. Together they cover every bit exactly once: reserved bits are fields too. */
export type WordFields = Readonly<Record<string, WordField>>;

/** For each top bit, the bottom bits that make a field wider than the 53 bits of a `number`. */
interface WideBottoms {
  53: 0;
  54: 0 | 1;
  55: 0 | 1 | 2;
  56: 0 | 1 | 2 | 3;
  57: 0 | 1 | 2 | 3 | 4;
  58: 0 | 1 | 2 | 3 | 4 | 5;
  59: 0 | 1 | 2 | 3 | 4 | 5 | 6;
  60: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
  61: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  62: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
  63: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
}

type IsWide<Bits extends WordField['bits']> = Bits[0] extends keyof WideBottoms
  ? Bits[1] extends WideBottoms[Bits[0]]
    ? true
    : false
  : false;

type FieldValue<F extends WordField> = number extends F['bits'][0]
  ? number | bigint
  : IsWide<F['bits']> extends true
    ? WideValue<F>
    : NarrowValue<F>;

/** Fields of at most 53 bits, whose values are `number`. */
type NarrowName<F extends WordFields> = {
  [Name in keyof F]: IsWide<F[Name]['bits']> extends true ? never : Name;
}[keyof F] &
  string;

/** What an encoder takes. A missing field is its constant, or 0. An explicit value wins, so malformed words can be spelled. */
export type WordValues<F extends WordFields> = { readonly [Name in keyof F]?: number | bigint };

/** What a decoder gives: `number` for fields of at most 53 bits, `bigint` for wider ones. */
export type DecodedWord<F extends WordFields> = { readonly [Name in keyof F]: FieldValue<F[Name]> };

/** A word of the wire. All words are unsigned. */
export interface WordLayout<F extends WordFields = WordFields> {
  readonly title: string;
  readonly source: Source;
  /** Width of the word. */
  readonly bits: number;
  readonly fields: F;
  /** The word with these field values. Throws {@link LayoutError} when a value does not fit its field. */
  encode(values: WordValues<F>): bigint;
  /** As `encode`, for values from people: names the field that is unknown or too small. */
  tryEncode(values: Readonly<Record<string, number | bigint>>): Result<bigint>;
  /** Every field of `word`, reserved ones included: `encode(decode(word))` is `word`. Throws when `word` is too wide. */
  decode(word: bigint): DecodedWord<F>;
  /** One field of at most 53 bits, from the halves of the word, without a `bigint`. */
  field<Name extends NarrowName<F>>(lo32: number, hi32: number, name: Name): NarrowValue<F[Name]>;
  /** The fields as rows for people, in the order of their declaration. */
  explain(word: bigint): FieldRow[];
}

/** Where one field lies, prepared for extraction from 32-bit halves. */
interface Plan {
  readonly lo: number;
  readonly width: number;
  readonly wide: boolean;
  /** Largest value. */
  readonly max: bigint;
  /** Bits of the field in the low and in the high half, as counts. */
  readonly lowBits: number;
  readonly highBits: number;
  /** What the first bit of the high half is worth in a field that spans both halves. */
  readonly highUnit: number;
  /** `lo` as a shift count. */
  readonly shift: bigint;
  readonly fallback: bigint;
}

/** Declares a word. Throws at once when its fields overlap or leave a bit out. */
export function word<const F extends WordFields>(
  title: string,
  source: Source,
  fields: F,
  { bits = 64 }: { readonly bits?: 8 | 16 | 32 | 64 } = {},
): WordLayout<F> {
  assertCoversWord(title, fields, bits);
  const plans = new Map(Object.entries<WordField>(fields).map(([name, field]) => [name, planOf(field)]));
  const limit = 1n << BigInt(bits);

  const planFor = (name: string): Plan => {
    const plan = plans.get(name);
    if (!plan) throw new LayoutError(title, name, `no such field${didYouMean(name, plans.keys())}`);
    return plan;
  };
  const encode = (values: Readonly<Record<string, number | bigint | undefined>>): bigint => {
    for (const name in values) planFor(name);
    let encoded = 0n;
    for (const [name, plan] of plans) {
      const value = values[name] ?? plan.fallback;
      if (value) encoded |= fitted(title, name, plan, value) << plan.shift;
    }
    return encoded;
  };
  const assertFits = (value: bigint) => {
    if (value < 0n || value >= limit)
      throw new LayoutError(title, 'word', `${hex(value)} needs more than ${bits} bits`);
  };

  return {
    title,
    source,
    bits,
    fields,
    encode,
    tryEncode: (values) => caught(() => encode(values)),
    decode(value) {
      assertFits(value);
      const lo32 = Number(value & 0xffff_ffffn);
      const hi32 = Number(value >> 32n);
      const decoded: Record<string, number | bigint> = {};
      for (const [name, plan] of plans) {
        decoded[name] = plan.wide ? (value >> plan.shift) & plan.max : extract(plan, lo32, hi32);
      }
      return decoded as DecodedWord<F>;
    },
    field: <Name extends NarrowName<F>>(lo32: number, hi32: number, name: Name) =>
      extract(planFor(name), lo32, hi32) as NarrowValue<F[Name]>,
    explain(value) {
      assertFits(value);
      return Object.entries<WordField>(fields).map(([name, field]) => {
        const plan = planFor(name);
        return explainField(name, field, (value >> plan.shift) & plan.max, source);
      });
    },
  };
}

/** Runs `encode` and turns its {@link LayoutError} into a problem; other errors are ours and pass. */
export function caught<T>(encode: () => T): Result<T> {
  try {
    return ok(encode());
  } catch (error) {
    if (error instanceof LayoutError) return err({ message: error.message, place: error.field });
    throw error;
  }
}

function planOf(field: WordField): Plan {
  const [hi, lo] = field.bits;
  const width = hi - lo + 1;
  const lowBits = Math.max(0, Math.min(hi, 31) - lo + 1);
  return {
    lo,
    width,
    wide: width > 53,
    max: (1n << BigInt(width)) - 1n,
    lowBits,
    highBits: width - lowBits,
    highUnit: 2 ** lowBits,
    shift: BigInt(lo),
    fallback: field.is ?? 0n,
  };
}

/** The field's bits, taken from the halves they lie in. `wide` fields do not come here. */
function extract({ lo, lowBits, highBits, highUnit }: Plan, lo32: number, hi32: number): number {
  if (highBits === 0) return lowBits === 32 ? lo32 >>> 0 : (lo32 >>> lo) & ((1 << lowBits) - 1);
  if (lowBits === 0) return highBits === 32 ? hi32 >>> 0 : (hi32 >>> (lo - 32)) & ((1 << highBits) - 1);
  const high = highBits === 32 ? hi32 >>> 0 : hi32 & ((1 << highBits) - 1);
  return high * highUnit + (lo32 >>> lo);
}

function fitted(title: string, name: string, { width, max }: Plan, value: number | bigint): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new LayoutError(title, name, `${value} is not an integer`);
  }
  const wide = BigInt(value);
  if (wide < 0n || wide > max) {
    throw new LayoutError(title, name, `${hex(value)} does not fit ${width} bit${width === 1 ? '' : 's'}`);
  }
  return wide;
}

function explainField(name: string, field: WordField, value: bigint, source: Source): FieldRow {
  const problem = problemOf(field, value);
  return {
    name,
    bits: field.bits,
    value,
    text: formatValue(field, value),
    doc: field.doc,
    source: field.source ?? source,
    ...(problem === undefined ? {} : { problem }),
  };
}

function assertCoversWord(title: string, fields: WordFields, bits: number): void {
  let covered = 0n;
  for (const [name, { bits: range }] of Object.entries(fields)) {
    const [hi, lo] = range;
    assert(
      hi >= lo && lo >= 0 && hi < bits,
      `${title}: ${name}: [${hi}:${lo}] is not a range of ${bits} bits`,
    );
    const mask = ((1n << BigInt(hi - lo + 1)) - 1n) << BigInt(lo);
    assert((covered & mask) === 0n, `${title}: ${name} overlaps another field`);
    covered |= mask;
  }
  assert(covered === (1n << BigInt(bits)) - 1n, `${title}: some bits belong to no field`);
}
