/**
 * A text inside a link: a scenario, a lesson or a log. Codec 1 is the text, deflated, in base64url. Codec 2 puts the CRC-32 of the text's UTF-8
 * bytes in front of the deflated bytes, so that a link that was changed or cut off is told from the one that was sent.
 * Every codec that was ever written is read. Loaded when a link is made or opened.
 */
import { Deflate, Inflate, inflateSync } from 'fflate';
import { MAX_LINK_CHARACTERS, MAX_LINK_TEXT_BYTES } from '../../base/limits';
import type { Resumable } from '../../base/resumable';
import { ok, problem, type Result } from '../../base/result';
import { crc32 } from '../../base/crc32';

/** The one that is written. */
export const CODEC = 2;
const CRC_BYTES = 4;

/** Bytes that are packed in one part. */
const PIECE = 1 << 14;

/** The text as a link has it. */
export function* pack(text: string): Resumable<string> {
  const bytes = new TextEncoder().encode(text);
  const pieces: Uint8Array[] = [crcOf(bytes)];
  const stream = new Deflate({ level: 9 }, (piece) => pieces.push(piece));
  let at = 0;
  do {
    stream.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
    at += PIECE;
    yield;
  } while (at < bytes.length);
  let binary = '';
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; from += PIECE) {
      binary += String.fromCharCode(...piece.subarray(from, from + PIECE));
      yield;
    }
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function crcOf(bytes: Uint8Array): Uint8Array {
  const crc = new Uint8Array(CRC_BYTES);
  new DataView(crc.buffer).setUint32(0, crc32(bytes));
  return crc;
}

/**
 * @param what the text is, in a word
 * @returns the text, or what is wrong with the link and how much of it can be read
 */
export function unpack(codec: number, payload: string, what = 'scenario'): Result<string> {
  if (codec > CODEC) return problem(`The link was made by a newer version (codec ${codec}).`);
  if (codec < 1) return problem(`The ${what} in the link is damaged: there is no codec ${codec}.`);
  if (payload.length > MAX_LINK_CHARACTERS)
    return problem(`The link has ${payload.length} characters; at most ${MAX_LINK_CHARACTERS} are read.`);
  const bytes = bytesOf(payload);
  if (!bytes) return problem(`The ${what} in the link is damaged: it has characters that no link has.`);
  // An inflater takes no bytes for a text of any length.
  if (bytes.length <= (codec === 1 ? 0 : CRC_BYTES))
    return problem(`The ${what} in the link is missing: the link was cut off before it.`);
  return codec === 1 ? unpackUnchecked(bytes, what) : unpackChecked(bytes, what);
}

function bytesOf(payload: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** One byte more than allowed tells "too long" from "just fits". */
const inflate = (deflated: Uint8Array): Uint8Array =>
  inflateSync(deflated, { out: new Uint8Array(MAX_LINK_TEXT_BYTES + 1) });

const tooLong = 'The link unpacks to more than 1 MiB of text.';

function unpackUnchecked(bytes: Uint8Array, what: string): Result<string> {
  try {
    const out = inflate(bytes);
    if (out.length > MAX_LINK_TEXT_BYTES) return problem(tooLong);
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(out));
  } catch {
    return problem(damage(what));
  }
}

function unpackChecked(bytes: Uint8Array<ArrayBuffer>, what: string): Result<string> {
  const deflated = bytes.subarray(CRC_BYTES);
  try {
    const out = inflate(deflated);
    if (out.length > MAX_LINK_TEXT_BYTES) return problem(tooLong);
    if (new DataView(bytes.buffer).getUint32(0) === crc32(out))
      return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(out));
  } catch {
    // said below, with how far it can be read
  }
  return problem(damageText(deflated, what));
}

const damage = (what: string): string =>
  `The ${what} in the link is damaged: part of the link is missing or was changed.`;

/** How much of a damaged text comes out, and how it ends. */
function damageText(deflated: Uint8Array, what: string): string {
  const lines = readablePart(deflated).split('\n');
  const whole = lines.slice(0, -1);
  const last = whole.at(-1);
  if (last === undefined) return `${damage(what)} Nothing of it can be read.`;
  return `${damage(what)} It can be read to line ${whole.length} at most: "${last.trim().slice(0, 60)}".`;
}

function readablePart(deflated: Uint8Array): string {
  const parts: Uint8Array[] = [];
  let length = 0;
  const stream = new Inflate((part) => {
    if (length < MAX_LINK_TEXT_BYTES) parts.push(part);
    length += part.length;
  });
  try {
    // In small pieces: what stands before the damage comes out first.
    for (let at = 0; at < deflated.length && length < MAX_LINK_TEXT_BYTES; at += 16)
      stream.push(deflated.subarray(at, at + 16), false);
  } catch {
    // what came out so far is all there is
  }
  const decoder = new TextDecoder();
  return parts.map((part) => decoder.decode(part, { stream: true })).join('');
}
