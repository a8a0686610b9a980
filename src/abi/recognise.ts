/** What pasted text is: bytes, how they were read, and the kinds they may be. Bad input is a sentence that says what was understood. */
import { PAGE_SIZE, pageOffset } from './address';
import { littleEndianBytes } from '../base/bytes';
import { hex, hexToBytes, parseInteger } from '../base/hex';
import { ok, problem, type Result } from '../base/result';
import { MAX_DECODED } from '../base/limits';
import { own } from '../base/table';
import { nearest } from '../base/text';
import {
  bytesAs,
  candidatesFor,
  isSoftwareCode,
  kindsThatFit,
  nearestSizes,
  type Candidate,
} from './candidates';
import { isDump, readDump } from './dump';
import { kinds, wordLayouts } from './kinds';
import type { WordLayout } from './layout';
import { constantNames, readConstant } from './constant-names';
import type { ExitWords, NamedValue } from './named-value';
import { svmExitNames } from './svm-exits';
import {
  GHCB_HV_RESP_ISSUE_EXCEPTION,
  GHCB_HV_RESP_MALFORMED_INPUT,
  GHCB_HV_RESP_NO_ACTION,
  responseInfo1,
} from './error-words';
import { withinGhcb } from './ghcb-within';
import { formerEvents, naeEvent } from './nae';
import type { Source } from './source';

/** One value that was found. */
export interface Part {
  /** `exit code`, `SW_EXITINFO1`, `value`. */
  readonly label: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Best first; at least one. */
  readonly candidates: readonly Candidate[];
  /** It lies inside the part before it, and changes with it. */
  readonly isWithin?: true;
}

export interface Recognition {
  /** How the text was read: `one 64-bit word`, `a dump of bytes, 4096 bytes`. */
  readonly form: string;
  /** Who prints such text, where somebody does. */
  readonly source?: Source;
  /** An exit code with the info words that came with it: one request, or the answer to it. */
  readonly exit?: ExitWords;
  /** At least one. */
  readonly parts: readonly Part[];
  /** What a person should know about the reading, one sentence each. */
  readonly remarks: readonly string[];
}

const WORD_LIMIT = 1n << 64n;
const EXAMPLES = 'Paste an MSR value (0x…), hex bytes, a hex dump, a log line or the name of a status.';

const countOf = (count: number, what: string): string => (count === 1 ? `1 ${what}` : `${count} ${what}s`);

/** Recognises text. Never throws. */
export function recognise(text: string): Result<Recognition> {
  if (text.length > MAX_DECODED)
    return problem(
      `That is ${(text.length / MAX_DECODED).toFixed(1)} MB of text; 1 MB is the most that is read here, and nothing of it was. The largest layout has 4096 bytes: paste one page.`,
    );
  const trimmed = text.trim();
  if (trimmed === '') return problem(`Nothing was pasted. ${EXAMPLES}`);
  if (/^[-−]\s*\d/.test(trimmed)) return negative(trimmed);
  const constant = readConstant(trimmed);
  if (constant) return ok({ form: 'the name of a constant', parts: [partOf(constant)], remarks: [] });
  const lines = trimmed.split(/\r?\n/);
  if (isDump(lines)) return fromDump(lines);
  return fromTokens(trimmed);
}

/** What to say of a file that is too large, before anything of it is read. */
export const tooLarge = (what: string, size: string): string =>
  `${what} has ${size} bytes; 1 MB is the most that is read here, and nothing of it was. The largest layout has 4096 bytes: give one page.`;

/** Recognises the bytes of a file. A file may hold text. */
export function recogniseFile(bytes: Uint8Array): Result<Recognition> {
  if (bytes.length > MAX_DECODED) return problem(tooLarge('The file', String(bytes.length)));
  if (bytes.length === 0) return problem(`The file is empty. ${EXAMPLES}`);
  if (bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13)))
    return recognise(new TextDecoder().decode(bytes));
  return fromBytes(bytes.slice(), 'the bytes of a file');
}

function negative(text: string): Result<Recognition> {
  const value = parseInteger(text.replace(/^[-−]\s*/, ''));
  const wrapped = value !== undefined && value > 0n && value <= 1n << 63n ? WORD_LIMIT - value : undefined;
  const offer =
    wrapped === undefined
      ? ''
      : ` As 64 bits in two's complement it is ${hex(wrapped)}; paste that to decode it.`;
  return problem(`"${text.slice(0, 30)}" is negative; words of the protocol are unsigned.${offer}`);
}

/** A named value as a part: its own kind first, then what else the bytes may be. */
export function partOf({ label, kind, value, size, why }: NamedValue): Part {
  const bytes = littleEndianBytes(value, size);
  const others = candidatesFor(bytes).filter((other) => other.kind !== kind);
  return { label, bytes, candidates: [{ kind, why }, ...others] };
}

/** The kind of a layout: the name under which the registry knows it. */
const kindOfLayout = (layout: WordLayout): string | undefined =>
  Object.entries(wordLayouts).find(([, one]) => one === layout)?.[0];

/** An exit code with its info words as parts. Fails when one of them has more than 64 bits. */
export function recogniseExit(form: string, exit: ExitWords): Result<Recognition> {
  const { code, info1, info2 } = exit;
  const wide = [code, info1 ?? 0n, info2 ?? 0n].find((value) => value >= WORD_LIMIT);
  if (wide !== undefined) return tooWide(hex(wide));
  const event = naeEvent(code);
  const why = event ? `${hex(code)} is ${event.name}` : 'It stands where the exit code stands';
  const parts = [partOf({ label: 'exit code', kind: 'nae-code', value: code, size: 8, why })];
  const kindsOf = exit.answered ? answerKinds(exit) : requestKinds(exit);
  for (const [index, value] of [info1, info2].entries()) {
    if (value === undefined) continue;
    const label = `SW_EXITINFO${index + 1}`;
    const bytes = littleEndianBytes(value, 8);
    const known = kindsOf[index];
    parts.push(
      known
        ? partOf({ label, kind: known.kind, value, size: 8, why: known.why })
        : {
            label,
            bytes,
            candidates: [plainNumber(event?.name), ...candidatesFor(bytes).filter(isNoStatus)],
          },
    );
  }
  const remarks = [...(event ? [] : [unknownCode(code)]), ...formerly(code)];
  return ok({ form, exit, parts, remarks });
}

/** A word of a request is never the answer of a firmware, whatever its number. */
const isNoStatus = ({ kind }: Candidate): boolean => kind !== 'firmware-status' && kind !== 'exit-reason';
const plainNumber = (event: string | undefined): Candidate => ({
  kind: 'number',
  why: event === undefined ? 'The exit code is unknown' : `No source names a use of it in ${event}`,
});

/** What an older guest meant by the number, and how to tell. */
function formerly(code: bigint): string[] {
  const former = code < WORD_LIMIT ? formerEvents[Number(code)] : undefined;
  return former ? [`${hex(code)} was ${former.name} in ${former.by}: it is that where ${former.when}.`] : [];
}

function unknownCode(code: bigint): string {
  const name = code < WORD_LIMIT ? svmExitNames[Number(code)] : undefined;
  return name === undefined
    ? `${hex(code)} is no exit code that any source names; the words after it are shown without their meaning.`
    : `${hex(code)} is the SVM exit ${name}, and no request of a guest; the words after it are shown without their meaning.`;
}

type InfoKinds = readonly ({ readonly kind: string; readonly why: string } | undefined)[];

function requestKinds({ code }: ExitWords): InfoKinds {
  const event = naeEvent(code);
  return [event?.info1, event?.info2].map((layout, index) => {
    const kind = layout && kindOfLayout(layout);
    return kind === undefined
      ? undefined
      : { kind, why: `${event?.name ?? ''} has it as SW_EXITINFO${index + 1}` };
  });
}

/** What the info words say when KVM has answered: the response first, then what that response has beside it. */
function answerKinds({ code, info1 = 0n }: ExitWords): InfoKinds {
  const response = { kind: 'response-info1', why: 'The line is of the answer' };
  const { response: given } = responseInfo1.decode(info1);
  const answer = naeEvent(code)?.answer;
  const byResponse: Readonly<Record<number, string | undefined>> = {
    [Number(GHCB_HV_RESP_NO_ACTION)]: answer && kindOfLayout(answer),
    [Number(GHCB_HV_RESP_ISSUE_EXCEPTION)]: 'event-injection',
    [Number(GHCB_HV_RESP_MALFORMED_INPUT)]: 'malformed-info2',
  };
  const kind = byResponse[given];
  return [response, kind === undefined ? undefined : { kind, why: `SW_EXITINFO1 is ${given}` }];
}

function fromDump(lines: readonly string[]): Result<Recognition> {
  const dump = readDump(lines);
  if (!dump.ok) return dump;
  const { bytes, origin, form } = dump.value;
  const inPage = pageOffset(origin);
  if (inPage === 0 || bytes.length >= PAGE_SIZE || inPage + bytes.length > PAGE_SIZE || bytes.length <= 64)
    return fromBytes(bytes, form);
  // A page from the middle: the whole page with zeros where nothing was pasted, beside what the bytes are on their own.
  const page = new Uint8Array(PAGE_SIZE);
  page.set(bytes, inPage);
  const whole: Part = {
    label: 'whole page',
    bytes: page,
    candidates: candidatesFor(page).map(({ kind, why }) => ({
      kind,
      why: `${why}, as far as it was pasted`,
    })),
  };
  const own = candidatesFor(bytes);
  return ok({
    form: `${form}, ${bytes.length} bytes`,
    parts: own.length === 0 ? [whole] : [{ label: 'these bytes', bytes, candidates: own }, whole],
    remarks: [
      `The dump begins in the middle of a page, at ${hex(inPage)}: bytes ${hex(inPage)} to ${hex(inPage + bytes.length - 1)} are known, the rest of the page is shown as zeros.`,
    ],
  });
}

function fromBytes(bytes: Uint8Array<ArrayBuffer>, form: string): Result<Recognition> {
  const text = `${form}, ${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}`;
  if (bytes.length > PAGE_SIZE) {
    const count = Math.ceil(bytes.length / PAGE_SIZE);
    const page = bytes.slice(0, PAGE_SIZE);
    const remarks = [
      bytes.length % PAGE_SIZE === 0
        ? `${bytes.length} bytes are ${count} pages; the first is shown.`
        : `${bytes.length} bytes are more than any layout has and no whole number of pages; the first ${PAGE_SIZE} are shown.`,
    ];
    return ok({
      form: text,
      parts: [{ label: 'first page', bytes: page, candidates: candidatesFor(page) }],
      remarks,
    });
  }
  const candidates = candidatesFor(bytes);
  const isWhole = candidates.some(({ kind }) => kinds[kind]?.size === bytes.length);
  const remarks =
    bytes.length <= 8 || isWhole
      ? []
      : [`${bytes.length} bytes are no layout's full size: ${nearestSizes(bytes.length)}.`];
  if (candidates.length > 0) {
    const own = { label: 'value', bytes, candidates };
    const within = candidates[0]?.kind === 'ghcb-page' ? ghcbParts(bytes) : { parts: [], remarks: [] };
    return ok({ form: text, parts: [own, ...within.parts], remarks: [...remarks, ...within.remarks] });
  }
  const [fit] = kindsThatFit(bytes);
  if (fit !== undefined) {
    const why = `${bytes.length} bytes fit, but what they hold does not look like it`;
    return ok({
      form: text,
      parts: [{ label: 'value', bytes, candidates: [{ kind: fit, why }] }],
      remarks: [],
    });
  }
  if (bytes.length === 0) return problem(`No byte was found. ${EXAMPLES}`);
  return problem(
    `${bytes.length} bytes were read (${form}), but no layout has that size: ${nearestSizes(bytes.length)}.`,
  );
}

/** The request in a GHCB page, and its buffer, as parts of their own. */
export function ghcbParts(page: Uint8Array): Pick<Recognition, 'parts' | 'remarks'> {
  const within = withinGhcb(page);
  if (!within) return { parts: [], remarks: [] };
  const { code, info1, info2, remarks, pscBuffer } = within;
  const words = recogniseExit('', { code, info1, info2 });
  const parts = words.ok ? words.value.parts : [];
  return {
    parts: [
      ...parts.map((part): Part => ({ ...part, label: `${part.label} in the page`, isWithin: true })),
      ...(pscBuffer
        ? [
            {
              label: `buffer at ${hex(pscBuffer.at)}`,
              bytes: pscBuffer.bytes,
              candidates: [{ kind: 'psc-buffer', why: 'SW_SCRATCH of a page state change points at it' }],
              isWithin: true as const,
            },
          ]
        : []),
    ],
    remarks,
  };
}

const tooWide = (text: string) =>
  problem(
    `${text.slice(0, 40)} is 2^64 or more; a word has 64 bits. If these are bytes, paste them without 0x, two digits each.`,
  );

function fromTokens(text: string): Result<Recognition> {
  const tokens = text.split(/[\s,;]+/).filter((token) => token !== '');
  if (tokens.length === 0) return problem(`No value stands in "${text.slice(0, 40)}". ${EXAMPLES}`);
  const strange = tokens.find((token) => !/^(?:0[xX])?[0-9a-fA-F_]+$/.test(token));
  if (strange !== undefined) {
    const before = tokens.indexOf(strange);
    const near = nearest(text.toUpperCase(), constantNames);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    const read = before === 0 ? '' : ` ${countOf(before, 'value')} before it understood.`;
    return problem(
      `"${strange.slice(0, 40)}" is neither a number nor hex digits.${read}${hint || ` ${EXAMPLES}`}`,
    );
  }
  const [first = ''] = tokens;
  if (tokens.length === 1) return fromOne(first);
  const prefixed = tokens.filter((token) => /^0x/i.test(token)).length;
  if (prefixed === tokens.length && tokens.every((token) => token.length <= 4) && tokens.length > 3)
    return fromDigits(tokens.map((token) => token.slice(2).padStart(2, '0')).join(''), 'bytes with 0x');
  if (prefixed > 0 || tokens.every((token) => token.length === 16)) return fromWords(tokens);
  return fromDigits(tokens.join(''), 'plain hex, in memory order');
}

function fromOne(token: string): Result<Recognition> {
  const digits = token.replaceAll('_', '');
  if (/^0x/i.test(digits)) {
    if (digits.length <= 18) return fromWord(digits, 'one word');
    return digits.length >= 34 && digits.length % 2 === 0
      ? fromDigits(digits.slice(2), 'plain hex, in memory order')
      : tooWide(token);
  }
  if (/^\d+$/.test(digits) && digits.length !== 16 && digits.length <= 20) {
    if (BigInt(digits) >= WORD_LIMIT) return tooWide(token);
    return fromWord(digits, 'one decimal number; write 0x before it if it is hexadecimal');
  }
  if (digits.length <= 16) return fromWord(`0x${digits}`, 'one word in hexadecimal, though it has no 0x');
  return fromDigits(digits, 'plain hex, in memory order');
}

function fromWord(digits: string, form: string): Result<Recognition> {
  const value = parseInteger(digits);
  if (value === undefined) return problem(`"${digits.slice(0, 40)}" has no digits. ${EXAMPLES}`);
  const bytes = littleEndianBytes(value, 8);
  return ok({ form, parts: [{ label: 'value', bytes, candidates: candidatesFor(bytes) }], remarks: [] });
}

/** Several words: an exit code with its info words, or a structure word by word. */
function fromWords(tokens: readonly string[]): Result<Recognition> {
  const bare = tokens.every((token) => /^[0-9a-fA-F]{16}$/.test(token));
  const values = tokens.map((token) => parseInteger(bare ? `0x${token}` : token));
  const bad = values.findIndex((value) => value === undefined);
  if (bad >= 0)
    return problem(
      `"${(tokens[bad] ?? '').slice(0, 40)}" has no 0x while others have: mixed spellings. ${countOf(bad, 'word')} before it understood.`,
    );
  const words = values.map((value) => value ?? 0n);
  const wide = words.findIndex((value) => value >= WORD_LIMIT);
  if (wide >= 0) return tooWide(tokens[wide] ?? '');
  const [code = 0n] = words;
  if (words.length <= 3 && (naeEvent(code) ?? isSoftwareCode(code))) {
    const [, info1, info2] = words;
    return recogniseExit('an exit code and its info words', {
      code,
      ...(info1 === undefined ? {} : { info1 }),
      ...(info2 === undefined ? {} : { info2 }),
    });
  }
  const bytes = Uint8Array.from(words.flatMap((value) => [...littleEndianBytes(value, 8)]));
  const whole = candidatesFor(bytes);
  const parts: Part[] = words.slice(0, 16).map((value, index) => {
    const own = littleEndianBytes(value, 8);
    return { label: `word ${index}`, bytes: own, candidates: candidatesFor(own) };
  });
  if (whole.length > 0) parts.unshift({ label: 'all words', bytes, candidates: whole });
  const remarks = words.length > 16 ? [`Of ${words.length} words the first 16 are offered one by one.`] : [];
  return ok({ form: `${words.length} words of 64 bits, low byte first in memory`, parts, remarks });
}

function fromDigits(digits: string, form: string): Result<Recognition> {
  const bytes = hexToBytes(digits);
  if (!bytes)
    return problem(
      `${digits.length} hex digits are an odd number: one is missing or one too many. ${Math.floor(digits.length / 2)} whole bytes were understood, the last digit is "${digits.at(-1) ?? ''}".`,
    );
  return fromBytes(bytes, form);
}

/** Bytes of a part as a kind, with a sentence when they cannot be one. */
export function partAs(kindName: string, bytes: Uint8Array): Result<Uint8Array<ArrayBuffer>> {
  const kind = own(kinds, kindName);
  const read = kind && bytesAs(kind, bytes);
  return read ? ok(read) : problem(`${bytes.length} bytes cannot be read as ${kind?.title ?? kindName}`);
}
