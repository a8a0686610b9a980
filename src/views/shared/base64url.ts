/** Text in a link: UTF-8 in base64url, without padding. */
import { MAX_FILTER_CHARACTERS } from '../../base/limits';

export function toBase64Url(text: string): string {
  const binary = [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @returns nothing where it is damaged, or longer than a filter may be */
export function fromBase64Url(text: string): string | undefined {
  if (text.length > 2 * MAX_FILTER_CHARACTERS) return undefined;
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
