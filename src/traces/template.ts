/**
 * Print formats of log lines. A template is a format as its author wrote it with named fields for the numbers:
 * `vcpu {vcpu:d}, exit_reason {code:x}`. One template both reads a line and prints one.
 *
 * A field is `{name:type}`. Types: `d` decimal, `x` hexadecimal without prefix, `x16` the same filled up with zeros,
 * `n` either of them (hexadecimal with 0x), `w` a word without blanks, `t` any text. `[[...]]` may be missing.
 * A run of blanks stands for any run of blanks, and `0x` before a field may be missing or be there: people and tools
 * rewrite both.
 */
import { assert } from '../base/assert';

/** What a template found: numbers of `d`, `x` and `n` fields, texts of the others. A field in a missing part is missing. */
export type Fields = Readonly<Record<string, bigint | string | undefined>>;

/** A line that has the shape of a template, or the field whose number is wider than 64 bits. */
export type TemplateMatch =
  | { readonly fields: Fields; readonly start: number; readonly end: number }
  | { readonly tooWide: string; readonly digits: string };

export interface Template {
  readonly text: string;
  /** Names of the fields, in order. */
  readonly names: readonly string[];
  /** A word that every matching line has, in lower case: quicker to look for than the whole. */
  readonly keyword: string;
  /** The regular expression that reads it. */
  readonly pattern: string;
  /** Reads the first place of the line that has this shape. */
  read(line: string): TemplateMatch | undefined;
  /** The line with these values. Optional parts are printed when all their fields are given. Throws on a missing field. */
  print(fields: Fields): string;
}

type Piece =
  | { readonly literal: string }
  | { readonly name: string; readonly type: string; readonly digits: number }
  | { readonly optional: readonly Piece[] };

/** Bounds of repetitions: a line of a megabyte is not walked through anew from each of its places. */
const patterns: Readonly<Record<string, string>> = {
  d: '(-?\\d{1,40})',
  x: '((?:0x)?[0-9a-f]{1,40})(?![0-9a-z])',
  n: '(-?(?:0x[0-9a-f]{1,40}|\\d{1,40}))(?![0-9a-z])',
  w: '([^\\s]{1,80}?)',
  t: '(.{0,400}?)',
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const part of text.split(/(\[\[.*?\]\]|\{\w+:[a-z]\d*\})/)) {
    const field = /^\{(\w+):([a-z])(\d*)\}$/.exec(part);
    if (part.startsWith('[[')) pieces.push({ optional: piecesOf(part.slice(2, -2)) });
    else if (field) {
      const [, name = '', type = '', digits] = field;
      assert(patterns[type] !== undefined, `a template has a field of type ${type}`);
      pieces.push({ name, type, digits: Number(digits) });
    } else if (part !== '') pieces.push({ literal: part });
  }
  return pieces;
}

const literalPattern = (text: string): string =>
  text
    .split(/(\s+|0x$)/)
    .map((part) => (part === '0x' ? '(?:0x)?' : /^\s+$/.test(part) ? '[ \\t]{1,40}' : escaped(part)))
    .join('');

/** Text at the end of a template reaches to the end of the line, anywhere else to what follows it. */
function patternOf(pieces: readonly Piece[], isLast = true): string {
  return pieces
    .map((piece, index) => {
      if ('literal' in piece) return literalPattern(piece.literal);
      if ('optional' in piece) return `(?:${patternOf(piece.optional, false)})?`;
      if (piece.type === 't' && isLast && index === pieces.length - 1) return '(.{0,400})';
      if (piece.type === 'w' && isWhole(pieces, index, isLast)) return '([^\\s]{1,80})';
      return patterns[piece.type] ?? '';
    })
    .join('');
}

/** Whether a word ends at a blank: nothing that must follow says where it ends. */
function isWhole(pieces: readonly Piece[], index: number, isLast: boolean): boolean {
  const next = pieces[index + 1];
  return next === undefined ? isLast : 'optional' in next;
}

const fieldsOf = (pieces: readonly Piece[]): { name: string; type: string }[] =>
  pieces.flatMap((piece) =>
    'name' in piece ? [piece] : 'optional' in piece ? fieldsOf(piece.optional) : [],
  );

const LIMIT = 1n << 64n;

function numberOf(digits: string, type: string): bigint {
  const isHex = type === 'x' || /^-?0x/i.test(digits);
  const plain = digits.replace(/^-/, '').replace(/^0x/i, '');
  const value = BigInt(isHex ? `0x${plain}` : plain);
  return digits.startsWith('-') ? -value : value;
}

function printed(pieces: readonly Piece[], fields: Fields): string {
  return pieces
    .map((piece) => {
      if ('literal' in piece) return piece.literal;
      if ('optional' in piece)
        return fieldsOf(piece.optional).every(({ name }) => fields[name] !== undefined)
          ? printed(piece.optional, fields)
          : '';
      const value = fields[piece.name];
      assert(value !== undefined, `a line is printed without its ${piece.name}`);
      if (typeof value === 'string') return value;
      return (piece.type === 'x' ? value.toString(16) : value.toString()).padStart(piece.digits, '0');
    })
    .join('');
}

/** The longest literal of the parts that are always there, without blanks and what they touch may be missing. */
function keywordOf(pieces: readonly Piece[]): string {
  const words = pieces.flatMap((piece) =>
    'literal' in piece ? piece.literal.replace(/0x$/, '').split(/\s+/) : [],
  );
  return words.reduce((best, word) => (word.length > best.length ? word : best), '').toLowerCase();
}

/** Compiles a print format. Throws on a type that does not exist. */
export function template(text: string): Template {
  const pieces = piecesOf(text);
  const declared = fieldsOf(pieces);
  const keyword = keywordOf(pieces);
  const pattern = new RegExp(patternOf(pieces), 'i');
  return {
    text,
    names: declared.map(({ name }) => name),
    keyword,
    pattern: pattern.source,
    read(line) {
      const match = pattern.exec(line);
      if (!match) return undefined;
      const fields: Record<string, bigint | string | undefined> = {};
      for (const [index, { name, type }] of declared.entries()) {
        const found = match[index + 1];
        if (found === undefined) continue;
        if (type === 'w' || type === 't') fields[name] = found;
        else {
          const value = numberOf(found, type);
          if (value >= LIMIT || value < -(LIMIT >> 1n)) return { tooWide: name, digits: found };
          fields[name] = value;
        }
      }
      return { fields, start: match.index, end: match.index + match[0].length };
    },
    print: (fields) => printed(pieces, fields),
  };
}
