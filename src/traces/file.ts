/** What the bytes of a file are: text in some encoding, packed text, or a recording that another program turns into text. */
import { finish, type Resumable } from '../base/resumable';

/** Text with what was odd about its bytes; packed bytes, which whoever reads files unpacks; or why nothing is read. */
export type FileContent =
  | (FileText & { readonly kind: 'text' })
  | { readonly kind: 'gzip' }
  | { readonly kind: 'other'; readonly why: string };

export interface FileText {
  /** The text, in order; a long one is never joined. */
  readonly pieces: readonly string[];
  readonly notes: readonly string[];
  /** It has two bytes for each letter. */
  readonly isWide: boolean;
  /** More than one byte in ten stands in no text: a dump of memory, most likely. */
  readonly looksBinary: boolean;
}

const startsWith = (bytes: Uint8Array, ...magic: readonly number[]): boolean =>
  magic.every((byte, at) => bytes[at] === byte);
const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

/** RFC 1952: two bytes of identification. */
const GZIP = [0x1f, 0x8b];

interface Recording {
  readonly magic: readonly number[];
  readonly why: string;
}

/** Recordings in binary form. trace.dat: the manual page trace-cmd.dat(5); perf.data: its header, as Linux's tools/perf writes it. */
const recordings: readonly Recording[] = [
  {
    magic: [0x17, 0x08, 0x44, ...ascii('tracing')],
    why: 'It is a trace.dat of trace-cmd. "trace-cmd report -i FILE" prints it as text, which is read here.',
  },
  {
    magic: ascii('PERFILE2'),
    why: 'It is a perf.data. "perf script -i FILE" prints it as text, which is read here.',
  },
];

/** Reads the first bytes for what they are, and text as text. */
export function* fileContentInParts(bytes: Uint8Array): Resumable<FileContent> {
  if (startsWith(bytes, ...GZIP)) return { kind: 'gzip' };
  const recording = recordings.find(({ magic }) => startsWith(bytes, ...magic));
  if (recording) return { kind: 'other', why: recording.why };
  if (startsWith(bytes, 0xff, 0xfe)) return yield* decodedInParts(bytes, 'utf-16le');
  if (startsWith(bytes, 0xfe, 0xff)) return yield* decodedInParts(bytes, 'utf-16be');
  const wide = wideWithoutMark(bytes);
  return yield* decodedInParts(bytes, wide ?? 'utf-8');
}

/** As {@link fileContentInParts}, at once. */
export const fileContent = (bytes: Uint8Array): FileContent => finish(fileContentInParts(bytes));

const LOOKED_AT = 4096;

/** Text of two bytes a letter that does not say so: every other byte of its beginning is 0. */
function wideWithoutMark(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const zeros = [0, 0];
  const end = Math.min(bytes.length, LOOKED_AT) & ~1;
  if (end < 8) return undefined;
  for (let at = 0; at < end; at++) if (bytes[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = (end / 2) * 0.9;
  if (odd >= most && even === 0) return 'utf-16le';
  return even >= most && odd === 0 ? 'utf-16be' : undefined;
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Decodes bytes that come in pieces, cut anywhere. */
export class TextPieces {
  private readonly decoder: TextDecoder;
  private readonly pieces: string[] = [];
  private readonly odd = { zeros: 0, broken: 0, controls: 0 };
  private length = 0;

  constructor(private readonly encoding: Encoding) {
    this.decoder = new TextDecoder(encoding);
  }

  push(bytes: Uint8Array, isLast: boolean): void {
    const piece = this.decoder.decode(bytes, { stream: !isLast });
    const before = this.odd.zeros;
    countOdd(piece, this.odd);
    this.length += piece.length;
    this.pieces.push(this.odd.zeros > before ? piece.replaceAll('\0', '') : piece);
  }

  /** The text, behind its last piece. */
  done(): FileText {
    const { encoding, pieces, length } = this;
    const { zeros, broken, controls } = this.odd;
    const isWide = encoding !== 'utf-8';
    const notes = isWide ? [`The file is in ${encoding.toUpperCase()}.`] : [];
    if (zeros > 0) notes.push(`${zeros} zero bytes were left out.`);
    if (broken > 0 && !isWide) notes.push(`${broken} bytes are no UTF-8; they are shown as \ufffd.`);
    const looksBinary = (zeros + (isWide ? 0 : broken) + controls) * 10 > length;
    return { pieces, notes, isWide, looksBinary };
  }
}

/** Bytes that are decoded in one part. */
const PIECE = 1 << 16;

function* decodedInParts(bytes: Uint8Array, encoding: Encoding): Resumable<FileContent> {
  const text = new TextPieces(encoding);
  for (let at = 0; at < bytes.length; at += PIECE) {
    const isLast = at + PIECE >= bytes.length;
    text.push(bytes.subarray(at, at + PIECE), isLast);
    if (!isLast) yield;
  }
  return { kind: 'text', ...text.done() };
}

/**
 * Counts characters that no text has: zeros, what stands for bytes that were no text, and control characters besides
 * tabulators, line ends, form feeds and escapes.
 */
function countOdd(text: string, odd: { zeros: number; broken: number; controls: number }): void {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0) odd.zeros++;
    else if (code === 0xfffd) odd.broken++;
    else if ((code < 0x20 && (code < 9 || code > 13) && code !== 0x1b) || code === 0x7f) odd.controls++;
  }
}
