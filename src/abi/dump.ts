/** Hex dumps as tools print them: xxd, hexdump, od, gdb's x/, crash's rd. An address, then bytes or words. */
import { littleEndianBytes } from '../base/bytes';
import { hex, hexToBytes } from '../base/hex';
import { MAX_DECODED } from '../base/limits';
import { ok, problem, type Result } from '../base/result';

export interface Dump {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Address of the first byte. */
  readonly origin: bigint;
  /** How the lines were read, in one sentence. */
  readonly form: string;
}

interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly address: string;
  readonly colon: boolean;
  readonly groups: readonly string[];
}

/** Address, then `:` or two blanks or a tab, then digits; gdb puts `<symbol+16>` behind the address. */
const dumpLine =
  /^(?:0x)?([0-9a-fA-F]{4,16})(?:\s*<[^>]*>)?(:\s*|\s{2,}|\t)((?:0x)?[0-9a-fA-F]{2,16}(?:\s.*)?)$/;
/** hexdump and od without -C: seven digits, one blank. */
const shortLine = /^([0-9a-fA-F]{7})( )((?:[0-9a-fA-F]{4}|[0-9a-fA-F]{2})(?:\s+.*)?)$/;
/** The end address alone, last line of hexdump and od. */
const endLine = /^[0-9a-fA-F]{7,16}$/;

const matchLine = (line: string) => dumpLine.exec(line) ?? shortLine.exec(line);

/** Whether a text looks like the lines of a dump. */
export function isDump(lines: readonly string[]): boolean {
  return lines.some((line) => matchLine(line.trim()) !== null);
}

/** The digits of a line up to its characters column. */
function groupsOf(rest: string, width: number | undefined): string[] {
  const groups: string[] = [];
  // Characters stand behind `|`, or behind two blanks once a group has stood there (hexdump -C parts halves so too).
  const digits = rest.split('|')[0] ?? '';
  for (const piece of digits.trim().split(/(\s+)/)) {
    if (/^\s*$/.test(piece)) continue;
    const group = piece.replace(/^0x/, '');
    if (!/^[0-9a-fA-F]+$/.test(group)) break;
    if (width !== undefined && group.length > width && groups.length > 0) break;
    groups.push(group);
    width ??= group.length;
  }
  return groups;
}

/** xxd and crash put the characters behind two or more blanks: they must not be taken for digits. */
function withoutCharacters(rest: string, colon: boolean): string {
  if (!colon) return rest;
  return /^(.*?\S)(?: {2,}.*)?$/.exec(rest)?.[1] ?? rest;
}

function readLines(lines: readonly string[]): Result<(Line | '*')[]> {
  const out: (Line | '*')[] = [];
  let width: number | undefined;
  const lastLine = lines.findLastIndex((line) => matchLine(line.trim()) !== null);
  for (const [index, raw] of lines.entries()) {
    const text = raw.trim();
    if (text === '') continue;
    if (text === '*') {
      out.push('*');
      continue;
    }
    const match = matchLine(text);
    if (!match) {
      if (endLine.test(text)) {
        out.push({ number: index + 1, address: text, colon: false, groups: [] });
        continue;
      }
      const count = out.length;
      return problem(
        `Line ${index + 1} is no line of a hex dump: "${text.slice(0, 40)}". ${count} ${count === 1 ? 'line' : 'lines'} before it understood.`,
        `line ${index + 1}`,
      );
    }
    const [, address = '', separator = '', rest = ''] = match;
    const colon = separator.startsWith(':');
    const groups = groupsOf(withoutCharacters(rest, colon), width);
    const own = groups[0]?.length;
    // What is left over may be less than a whole group: the last line of xxd.
    const isRest = index === lastLine && groups.length === 1 && (own ?? 0) < (width ?? 0);
    if (own !== undefined && width !== undefined && own !== width && !isRest) {
      return problem(
        `Line ${index + 1} has groups of ${own} digits, the lines before it groups of ${width}: two dumps in one paste, or mixed byte orders. Paste one of them.`,
        `line ${index + 1}`,
      );
    }
    width ??= own;
    out.push({ number: index + 1, address, colon, groups });
  }
  return ok(out);
}

/** In which order the digits of a group stand, by who prints such lines. */
function orderOf(first: Line, text: string): { little: boolean; form: string } {
  const digits = first.groups[0]?.length ?? 2;
  if (digits === 2) return { little: false, form: 'a dump of bytes' };
  if (/:\s*0x/.test(text)) return { little: true, form: `gdb's dump of ${digits / 2}-byte words` };
  if (!first.colon && digits === 4) return { little: true, form: "hexdump's 16-bit words, low byte first" };
  if (first.colon && (first.address.length > 8 || digits === 16))
    return { little: true, form: `crash's dump of ${digits / 2}-byte words` };
  return first.colon
    ? { little: false, form: 'a dump by xxd' }
    : { little: true, form: `a dump of ${digits / 2}-byte words, low byte first` };
}

function lineBytes(groups: readonly string[], little: boolean): Uint8Array | undefined {
  if (!little) return hexToBytes(groups.join(''));
  const parts = groups.map((group) => littleEndianBytes(BigInt(`0x${group}`), group.length / 2));
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The bytes of a dump, `*` filled in. The text has at least one line that {@link isDump} knows. */
export function readDump(lines: readonly string[]): Result<Dump> {
  const read = readLines(lines);
  if (!read.ok) return read;
  const first = read.value.find((line): line is Line => line !== '*' && line.groups.length > 0);
  if (!first) return problem('The dump has no digits.');
  const { little, form } = orderOf(first, lines.join('\n'));
  // od counts its addresses in octal.
  const hexadecimal = join(read.value, little, 16);
  const octal = hexadecimal.ok ? hexadecimal : join(read.value, little, 8);
  const joined = octal.ok ? octal : hexadecimal;
  return joined.ok ? ok({ ...joined.value, form }) : joined;
}

/** A line again and again until it has at least `length` bytes. */
function repeated(line: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.ceil(length / line.length)) * line.length);
  if (bytes.length > 0) bytes.set(line);
  // Twice as much each time, from what is there already.
  for (let filled = line.length; filled < bytes.length; filled *= 2) bytes.copyWithin(filled, 0, filled);
  return bytes;
}

function join(lines: readonly (Line | '*')[], little: boolean, radix: 8 | 16): Result<Omit<Dump, 'form'>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let origin: bigint | undefined;
  let repeating = false;
  let previous: Uint8Array | undefined;
  for (const line of lines) {
    if (line === '*') {
      repeating = true;
      continue;
    }
    if (radix === 8 && /[89a-fA-F]/.test(line.address)) return problem('not octal');
    const address = BigInt(radix === 8 ? `0o${line.address}` : `0x${line.address}`);
    origin ??= address;
    const at = address - origin;
    if (repeating && previous && previous.length > 0) {
      if (at > BigInt(MAX_DECODED))
        return problem(
          `Line ${line.number}: "*" stands for more than 1 MB; ${length} bytes were understood.`,
        );
      const filler = repeated(previous, Number(at) - length);
      chunks.push(filler);
      length += filler.length;
    }
    if (at !== BigInt(length)) {
      return problem(
        `Line ${line.number}: ${hex(address)} does not follow; ${hex(origin + BigInt(length))} should. Lines are missing or out of order; ${length} bytes before it were understood.`,
        `line ${line.number}`,
      );
    }
    repeating = false;
    if (line.groups.length === 0) continue;
    const bytes = line.groups.every((group) => group.length % 2 === 0)
      ? lineBytes(line.groups, little)
      : undefined;
    if (!bytes) {
      return problem(
        `Line ${line.number} has an odd number of hex digits; ${length} bytes before it were understood.`,
        `line ${line.number}`,
      );
    }
    chunks.push(bytes);
    previous = bytes;
    length += bytes.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return ok({ bytes, origin: origin ?? 0n });
}
