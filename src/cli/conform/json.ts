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
