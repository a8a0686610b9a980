/** Bytes laid out in lines: which lines are shown, how a byte is written, where a key leads. */

/** Bytes of one line. */
export const PER_LINE = 8;

/** A line that is shown. */
export interface ByteLine {
  /** Offset of its first byte, a multiple of `PER_LINE`. */
  readonly offset: number;
  /** Lines before this one were left out. */
  readonly gap: boolean;
}

/** The first `max` lines of `bytes` that hold something but zeros, or that `isWanted(from, to)` asks for. */
export function byteLines(
  bytes: Uint8Array,
  max: number,
  isWanted: (from: number, to: number) => boolean,
): readonly ByteLine[] {
  const out: ByteLine[] = [];
  let gap = false;
  for (let offset = 0; offset < bytes.length && out.length < max; offset += PER_LINE) {
    const end = Math.min(offset + PER_LINE, bytes.length);
    const isBlank = bytes.subarray(offset, end).every((byte) => byte === 0);
    if (isBlank && !isWanted(offset, end)) gap = true;
    else {
      out.push({ offset, gap });
      gap = false;
    }
  }
  return out;
}

/** Two hexadecimal digits. */
export const digits = (byte: number): string => byte.toString(16).padStart(2, '0');

/** The ASCII character, or a dot for one that does not print. */
export const character = (byte: number): string =>
  byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';

/** The line with the byte at `offset`; -1 where it is not shown. */
export const lineOf = (lines: readonly ByteLine[], offset: number): number =>
  lines.findIndex((line) => offset >= line.offset && offset < line.offset + PER_LINE);

/** Where `key` leads from the byte at `stop`, over shown lines alone; undefined for a key that does not move. */
export function byteAfter(
  key: string,
  stop: number,
  lines: readonly ByteLine[],
  length: number,
): number | undefined {
  const line = lineOf(lines, stop);
  const column = stop % PER_LINE;
  const at = (index: number, col: number): number =>
    (lines[Math.max(0, Math.min(lines.length - 1, index))]?.offset ?? 0) + col;
  const to = {
    ArrowRight: column < PER_LINE - 1 ? stop + 1 : at(line + 1, 0),
    ArrowLeft: column > 0 ? stop - 1 : at(line - 1, PER_LINE - 1),
    ArrowDown: at(line + 1, column),
    ArrowUp: at(line - 1, column),
    Home: at(line, 0),
    End: at(line, PER_LINE - 1),
  }[key];
  return to === undefined ? undefined : Math.min(to, length - 1);
}
