/**
 * Unpacks a gzip as far as it is sound (RFC 1952): all of its members, and of a cut or damaged one what comes out before
 * the damage. Each member ends in the CRC-32 and the length of what it held, which are compared.
 */
import { Gunzip } from 'fflate';
import { crc32 } from '../base/crc32';
import type { Resumable } from '../base/resumable';
import { ok, problem, type Result } from '../base/result';
import { countText, sizeText } from '../base/sizes';

export interface Unpacked {
  readonly bytes: Uint8Array;
  /** What is missing or was changed, one sentence each. */
  readonly notes: readonly string[];
}

/** Packed bytes that are unpacked in one part: they may become a thousand times as many. */
const PIECE = 1 << 12;
/** CRC-32 and length, at the end of a member. */
const TRAILER = 8;
/** The header of a member. Behind a whole gzip it begins another one, behind a cut one it does not. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** The code of fflate for bytes that are no header of a gzip. */
const NO_HEADER = 6;

/** @param most bytes that it may unpack to */
export function* gunzipInParts(packed: Uint8Array, most: number): Resumable<Result<Unpacked>> {
  const pieces: Uint8Array[] = [];
  const notes: string[] = [];
  let size = 0;
  let isRead = false;
  let member: Member = { from: 0, crc: 0, size: 0 };
  const stream = new Gunzip((piece) => {
    if (isRead) return; // what comes of the header that stands behind all is none of its text
    pieces.push(piece);
    size += piece.length;
    member = { ...member, crc: crc32(piece, member.crc), size: member.size + piece.length };
  });
  stream.onmember = (at) => {
    const isSame = trailerOf(member).every((byte, index) => packed[at - TRAILER + index] === byte);
    if (!isSame) notes.push('The checksum of the gzip is wrong: some of its bytes were changed.');
    member = { from: at, crc: 0, size: 0 };
  };
  try {
    for (let at = 0; at < packed.length; at += PIECE) {
      stream.push(packed.subarray(at, at + PIECE));
      if (size > most) return problem(`It is a gzip of more than ${sizeText(most)} of text.`);
      yield;
    }
    isRead = true;
    stream.push(HEADER);
    if (member.from !== packed.length) notes.push(cutText(size));
  } catch (error) {
    const isNoHeader = error instanceof Error && 'code' in error && error.code === NO_HEADER;
    const end = isNoHeader ? endOf(member, packed) : undefined;
    if (end !== undefined)
      notes.push(
        `What stands behind its end, ${countText(packed.length - end)} bytes, is no gzip and was left out.`,
      );
    else notes.push(isRead ? cutText(size) : damagedText(size));
  }
  if (size === 0 && notes.length > 0)
    return problem('It begins as a gzip, and nothing of it can be unpacked.');
  return ok({ bytes: joined(pieces, size), notes });
}

/** What came out of a member so far. */
interface Member {
  /** Where it begins. */
  readonly from: number;
  readonly crc: number;
  readonly size: number;
}

function trailerOf({ crc, size }: Member): Uint8Array {
  const trailer = new Uint8Array(TRAILER);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, crc, true);
  view.setUint32(4, size, true);
  return trailer;
}

/** Behind the trailer of a member; nothing where there is none. */
function endOf(member: Member, packed: Uint8Array): number | undefined {
  const trailer = trailerOf(member);
  for (let at = member.from; at + TRAILER <= packed.length; at++)
    if (trailer.every((byte, index) => packed[at + index] === byte)) return at + TRAILER;
  return undefined;
}

const cutText = (size: number): string =>
  `The end of the gzip is missing: the ${countText(size)} bytes before it were read.`;
const damagedText = (size: number): string =>
  `The gzip is damaged: the ${countText(size)} bytes that come out before the damage were read.`;

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
