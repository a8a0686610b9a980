/** A scenario inside a link: codec 1 is the text, deflated, in base64url. Loaded when a link is made or opened. */
import { deflateSync, inflateSync } from 'fflate';
import { MAX_LINK_TEXT_BYTES } from '../base/limits';
import { ok, problem, type Result } from '../base/result';

export const CODEC = 1;

export function pack(text: string): string {
  const bytes = deflateSync(new TextEncoder().encode(text), { level: 9 });
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

export function unpack(codec: number, payload: string): Result<string> {
  if (codec !== CODEC) return problem(`The link was made by a newer version (codec ${codec}).`);
  try {
    const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
    // One byte more than allowed tells "too long" from "just fits".
    const out = inflateSync(bytes, { out: new Uint8Array(MAX_LINK_TEXT_BYTES + 1) });
    if (out.length > MAX_LINK_TEXT_BYTES) return problem('The link unpacks to more than 1 MiB of text.');
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(out));
  } catch {
    return problem('The scenario in the link is damaged: part of the link is missing or was changed.');
  }
}
