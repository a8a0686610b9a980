/** Numbers and bytes as text, and back. */
import { MAX_NUMBER_CHARACTERS } from './limits';

/** `0x` and lower-case digits, padded with zeros to `digits`: `hex(0x80n, 4)` is `0x0080`. Negative values keep their sign. */
export function hex(value: bigint | number, digits = 1): string {
  const sign = value < 0 ? '-' : '';
  const magnitude = value < 0 ? -value : value;
  return `${sign}0x${magnitude.toString(16).padStart(digits, '0')}`;
}

/** A 64-bit value with all its digits, as files and JSON spell it. */
export const hex64 = (value: bigint): string => hex(value, 16);

/**
 * `0x1f_000` or `126_976`, without sign or blanks; anything else is `undefined`. `_` stands between digits only. Text that is
 * longer than {@link MAX_NUMBER_CHARACTERS} is no number: turning it into one takes more than linear time.
 */
export function parseInteger(text: string): bigint | undefined {
  if (text.length > MAX_NUMBER_CHARACTERS) return undefined;
  const hexadecimal = /^0[xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*$/;
  const decimal = /^[0-9]+(?:_[0-9]+)*$/;
  if (!hexadecimal.test(text) && !decimal.test(text)) return undefined;
  return BigInt(text.replaceAll('_', ''));
}

/** Two lower-case digits per byte, nothing between them. */
export function bytesToHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** The bytes of an even number of hex digits; blanks and line ends between digits are ignored. Otherwise `undefined`. */
export function hexToBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return undefined;
  const bytes = new Uint8Array(digits.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

const LINE_BYTES = 16;

/**
 * The lines of a hex dump: offset, 16 bytes in two halves, printable characters. A run of lines equal to the one before is
 * one `*`; the last line is the end offset. `origin` is the offset shown for the first byte.
 */
export function hexdump(bytes: Uint8Array, origin = 0): string[] {
  const lines: string[] = [];
  let previous: string | undefined;
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    const chunk = bytes.subarray(at, at + LINE_BYTES);
    const body = dumpChunk(chunk);
    if (body !== previous) lines.push(`${offsetText(origin + at)}  ${body}`);
    else if (lines.at(-1) !== '*') lines.push('*');
    previous = body;
  }
  lines.push(offsetText(origin + bytes.length));
  return lines;
}

const offsetText = (offset: number) => offset.toString(16).padStart(8, '0');

function dumpChunk(chunk: Uint8Array): string {
  const cells = Array.from(chunk, (byte) => byte.toString(16).padStart(2, '0'));
  const halves = `${cells.slice(0, 8).join(' ').padEnd(23)}  ${cells.slice(8).join(' ').padEnd(23)}`;
  const characters = Array.from(chunk, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
  );
  return `${halves}  |${characters.join('')}|`;
}
