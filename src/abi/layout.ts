/**
 * The two kinds of wire layout. Each layout of this folder is declared once with `word` or `struct`; encoders, decoders,
 * hex views, tooltips and the reference page all come from that declaration.
 */
export { formatValue, LayoutError } from './field';
export type { FieldDeclaration, FieldRow, Format, Names } from './field';
export { struct } from './struct';
export type { StructField, StructFields, StructLayout, StructValues } from './struct';
export { word } from './word';
export type { DecodedWord, WordField, WordFields, WordLayout, WordValues } from './word';
