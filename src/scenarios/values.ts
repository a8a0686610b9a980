/** Values of parameters as people write them. */
import { PAGE_SIZE } from '../abi/address';
import { hex, parseInteger } from '../base/hex';
import { didYouMean, nearest } from '../base/text';
import type { ParameterKind } from '../engine/acts';
import { parseByteRuns } from './byte-runs';
import { parseEntries } from './entries';
import type { Parsed } from './parsed';

const U64 = (1n << 64n) - 1n;
const MAX_COUNT = BigInt(2 ** 52 - 1);

const bad = <T>(text: string, message: string, expected: string, near?: string): Parsed<T> => ({
  problems: [
    { at: 0, length: text.length, message, expected, ...(near === undefined ? {} : { nearest: near }) },
  ],
});

/** A value of an act's parameter, with the type its kind says. */
export function parseValue(kind: ParameterKind, text: string): Parsed<unknown> {
  if (kind === 'u64') return parseU64(text);
  if (kind === 'count') return parseCount(text);
  if (kind === 'flag') return parseFlag(text);
  if (kind === 'entries') return parseEntryList(text);
  if (kind === 'bytes') return parseByteRuns(text);
  return parseWord(text, kind);
}

/** `-22` is the two's complement, as a C program would store it. */
function parseU64(text: string): Parsed<bigint> {
  const negative = text.startsWith('-');
  const number = parseInteger(negative ? text.slice(1) : text);
  const expected = `a number from 0 to ${hex(U64)}`;
  if (number === undefined) return bad(text, `'${text}' is no number`, expected);
  if (number > (negative ? U64 / 2n + 1n : U64))
    return bad(text, `'${text}' needs more than 64 bits`, expected);
  return { value: negative ? BigInt.asUintN(64, -number) : number };
}

export function parseCount(text: string, max = MAX_COUNT): Parsed<number> {
  const number = parseInteger(text);
  const expected = `a number from 0 to ${max}`;
  if (number === undefined) return bad(text, `'${text}' is no number`, expected);
  if (number > max) return bad(text, `${text} is too large`, expected);
  return { value: Number(number) };
}

function parseFlag(text: string): Parsed<boolean> {
  if (text === 'yes' || text === 'no') return { value: text === 'yes' };
  return bad(text, `'${text}' is neither yes nor no`, 'yes or no', nearest(text, ['yes', 'no']));
}

function parseEntryList(text: string): Parsed<unknown> {
  const { entries, problems } = parseEntries(text);
  return problems.length > 0 ? { problems } : { value: entries };
}

/** More words than this are a range, of which a reader needs the ends. */
const MANY_WORDS = 30;

/** The words that could stand there. */
function expectedOf(words: readonly string[]): string {
  if (words.length <= MANY_WORDS) return `one of ${words.join(', ')}`;
  return `one of ${words.slice(0, 3).join(', ')} to ${words.at(-1) ?? ''}`;
}

/** One of a list of words. */
export function parseWord<W extends string>(text: string, words: readonly W[]): Parsed<W> {
  const found = words.find((word) => word === text);
  if (found !== undefined) return { value: found };
  const message = `'${text}' is not known here${didYouMean(text, words)}`;
  return bad(text, message, expectedOf(words), nearest(text, words));
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** A size in bytes: `4M`, `512K`, `0x1000`; whole 4 KiB pages up to `max`. */
export function parseSize(text: string, max: number): Parsed<number> {
  const [, digits = '', unit = ''] = /^(.*?)([KMGT]?)$/.exec(text) ?? [];
  const number = parseInteger(digits);
  const expected = 'a number of bytes in whole 4K pages, such as 4M';
  if (number === undefined) return bad(text, `'${text}' is no size`, expected);
  const bytes = Number(number) * (sizeUnits[unit] ?? 1);
  if (bytes > max) return bad(text, `${text} is too large`, `at most ${max / 2 ** 20}M`);
  if (bytes % PAGE_SIZE !== 0) return bad(text, `${text} is not a multiple of 4K`, expected);
  return { value: bytes };
}
