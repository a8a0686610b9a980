/** What word layouts and struct layouts share: how a field is declared, shown, and refused. */
import { hex } from '../base/hex';
import type { Gfn, Gpa } from './address';
import type { Source } from './source';

/** How a value is shown. `hex` unless said otherwise; `gfn` and `gpa` also type what `decode` and `get` return. */
export type Format = 'hex' | 'dec' | 'flag' | 'gfn' | 'gpa';

/** Names of the values of a field, by number. A value without a name is shown as a number. */
export type Names = Readonly<Record<number, string>>;

/** What every field declares, wherever it lies. */
export interface FieldDeclaration {
  /** What the field means, in one sentence or less, with its unit. */
  readonly doc: string;
  /** The only value the protocol allows. An encoder fills it in; a decoder reports any other. */
  readonly is?: bigint;
  readonly names?: Names;
  readonly as?: Format;
  /** Must be zero; set bits are reported and kept. */
  readonly reserved?: true;
  /** Where this field comes from, when it is not where its layout comes from. */
  readonly source?: Source;
}

/** One field of a decoded word or structure. */
export interface FieldRow {
  /** `gfn`, `args[1]`, or `policy.debug` for a field of a word inside a structure. */
  readonly name: string;
  /** Inclusive bit range in its word, bit 0 least significant. */
  readonly bits?: readonly [hi: number, lo: number];
  /** Bytes from the start of the structure. */
  readonly offset?: number;
  /** Bytes. */
  readonly size?: number;
  /** Unsigned; byte arrays as one little-endian integer. */
  readonly value: bigint;
  /** The value as people read it, with its name if it has one. */
  readonly text: string;
  readonly doc: string;
  readonly source: Source;
  /** Why the protocol would not accept this value. */
  readonly problem?: string;
}

/** A value that does not fit its field, or a field that the layout does not have. */
export class LayoutError extends Error {
  readonly layout: string;
  readonly field: string;

  constructor(layout: string, field: string, reason: string) {
    super(`${layout}: ${field}: ${reason}`);
    this.name = 'LayoutError';
    this.layout = layout;
    this.field = field;
  }
}

/** The type of a narrow field's value: branded where the declaration says what the number is. */
export type NarrowValue<F extends FieldDeclaration> = F extends { as: 'gfn' } ? Gfn : number;

/** The type of a wide field's value. */
export type WideValue<F extends FieldDeclaration> = F extends { as: 'gpa' } ? Gpa : bigint;

/** `value` as people read it: `0x12345`, `2 (shared)`, `set`. */
export function formatValue(field: FieldDeclaration, value: bigint): string {
  const name = field.names?.[Number(value)];
  const number = formatNumber(field, value);
  return name === undefined ? number : `${number} (${name})`;
}

function formatNumber(field: FieldDeclaration, value: bigint): string {
  if (field.as === 'dec') return value.toString();
  if (field.as === 'flag' && value <= 1n) return value === 1n ? 'set' : 'clear';
  return value < 10n && field.as === undefined ? value.toString() : hex(value);
}

/** Why the protocol would not accept `value` in this field, or `undefined`. */
export function problemOf(field: FieldDeclaration, value: bigint): string | undefined {
  if (field.is !== undefined && value !== field.is) return `must be ${hex(field.is)}`;
  if (field.reserved && value !== 0n) return 'reserved, must be zero';
  return undefined;
}
