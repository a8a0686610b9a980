/** Values of vector files: 64-bit words are `"0x..."` strings. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export const hexWord = (value: bigint): string => `0x${value.toString(16)}`;
export const word = (value: Json | undefined, missing = 0n): bigint =>
  typeof value === 'string' || typeof value === 'number' ? BigInt(value) : missing;
export const numberOf = (value: Json | undefined, missing = 0): number =>
  typeof value === 'number' ? value : missing;
export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as Json[]) : [];
export const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

/** A count that a case repeats something by, or a thrown sentence: a case must end. */
export function atMost(most: number, count: number): number {
  if (Number.isSafeInteger(count) && count >= 0 && count <= most) return count;
  throw new Error(`${count} is no count from 0 to ${most}`);
}

/** The number of a page of this host, or a thrown sentence. */
export function frameBelow(pages: number, frame: bigint | number): number {
  if (frame >= 0 && frame < pages && Number.isSafeInteger(Number(frame))) return Number(frame);
  throw new Error(`this host has ${pages} pages, none has the number ${frame}`);
}
