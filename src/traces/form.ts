/** One kind of line: who prints it, in which formats, and what its numbers are. */
import type { ExitWords, NamedValue } from '../abi/named-value';
import type { Source } from '../abi/source';
import { template, type Fields, type Template } from './template';

/** What a line says about the protocol. */
export interface Meaning {
  /** Its numbers, each with the kind of layout that reads it. */
  readonly values?: readonly NamedValue[];
  /** Exit code and info words that belong together. */
  readonly exit?: ExitWords;
  /** What the words of the line mean together, one sentence each. */
  readonly remarks?: readonly string[];
  /** The vCPU that the line is about. */
  readonly vcpu?: number;
}

/** Lines that may follow and belong to the first: a dump of several lines. */
export interface Continuation {
  readonly formats: readonly Template[];
  /** At most so many lines. */
  readonly most: number;
}

export interface LineForm {
  /** Stable name: the trace event, or the function that prints it. */
  readonly id: string;
  /** What such a line is, as a sentence continues after "Read as". */
  readonly what: string;
  readonly source: Source;
  /** Newest first. */
  readonly formats: readonly Template[];
  /** The formats are what stands behind the name of a trace event, which is the id. */
  readonly isEvent?: true;
  readonly continues?: Continuation;
  /** Words in no fixed format, which other formats contain. */
  readonly isLoose?: true;
  /** What the line says; nothing when its numbers cannot be what the format says. */
  read(fields: Fields): Meaning | undefined;
}

interface Declared extends Omit<LineForm, 'formats' | 'continues' | 'read'> {
  readonly formats: readonly string[];
  readonly continues?: { readonly formats: readonly string[]; readonly most: number };
  readonly read?: (fields: Fields) => Meaning | undefined;
}

/** Declares a kind of line; without `read` it says nothing but that it was printed. */
export const form = ({ formats, continues, read = () => ({}), ...rest }: Declared): LineForm => ({
  ...rest,
  formats: formats.map(template),
  ...(continues ? { continues: { ...continues, formats: continues.formats.map(template) } } : {}),
  read,
});

/** The number of a field, 0 where the line has none. Negative numbers become what a word of 64 bits holds. */
export function numberIn(fields: Fields, name: string): bigint {
  const value = fields[name];
  return typeof value === 'bigint' ? BigInt.asUintN(64, value) : 0n;
}

/** The number of a field as the line has it, with its sign. */
export function signedIn(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'bigint' && value >= -(2n ** 31n) && value < 2n ** 32n ? Number(value) : undefined;
}

export const textIn = (fields: Fields, name: string): string => String(fields[name] ?? '');

/** One number of a line as a value of a kind. */
export const valueOf = (
  fields: Fields,
  name: string,
  kind: string,
  why: string,
  { label = name, size = 8 }: { readonly label?: string; readonly size?: number } = {},
): NamedValue => ({ label, kind, value: numberIn(fields, name), size, why });

/** The vCPU number of a line that has one. */
export const vcpuOf = (fields: Fields): { vcpu?: number } =>
  typeof fields['vcpu'] === 'bigint' && fields['vcpu'] < 1n << 16n ? { vcpu: Number(fields['vcpu']) } : {};
