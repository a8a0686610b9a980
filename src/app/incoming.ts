/** What a text is that a person pasted or dropped: each kind has one place in the page. */
import { isSvg } from '../exports/picture/is-svg';
import { MAX_LINK_CHARACTERS } from '../base/limits';
import { isTrail } from '../explorer/promela/is-trail';
import { parseAddress } from './url';
import { looksLikeWorkFile } from './own-work/file';

export type Incoming =
  | {
      readonly kind: 'scenario' | 'works' | 'recording' | 'picture' | 'lesson' | 'trail';
      readonly text: string;
    }
  /** A link to a place of this page, in another copy of it or this one. */
  | { readonly kind: 'link'; readonly hash: string }
  /** Anything else: the decoder says what it is. */
  | { readonly kind: 'value'; readonly text: string };

/** A line that begins a scenario, at whatever quote depth of a mail. */
const scenarioBegins = /^[>|\t ]*ghcb-scenario \d/m;

/** Front matter that names a scenario begins a lesson. */
const beginsLesson = /^\ufeff?---[ \t]*\r?\n(?:[^\n]*\n){0,20}?scenario:/;

/** Whether a text begins as a recording does; the rest of it may be damaged. */
export const beginsRecording = (text: string): boolean =>
  /^\s*\{"format":"vmgexit-recording"/.test(text.slice(0, 200));

/** Tells what a text is by its form alone. It may still be damaged: its own reader says so. */
export function incomingOf(text: string): Incoming {
  if (looksLikeWorkFile(text)) return { kind: 'works', text };
  if (beginsRecording(text)) return { kind: 'recording', text };
  if (isSvg(text)) return { kind: 'picture', text };
  if (beginsLesson.test(text.slice(0, 4000))) return { kind: 'lesson', text };
  const short = text.length > MAX_LINK_CHARACTERS ? '' : text.trim();
  const link = linkOf(short);
  if (link !== undefined) return { kind: 'link', hash: link };
  if (scenarioBegins.test(text)) return { kind: 'scenario', text };
  if (isTrail(text)) return { kind: 'trail', text };
  const hash = linkIn(short);
  return hash === undefined ? { kind: 'value', text } : { kind: 'link', hash };
}

/** The part behind `#` when the text is one link to this page, as a mail client may have wrapped it. */
function linkOf(text: string): string | undefined {
  const begin = /^<?https?:\/\/[^\s#]*(#\/[?a-z])/.exec(text);
  if (!begin || /\S[ \t]+\S/.test(text)) return undefined;
  const hash = text.slice(begin[0].length - (begin[1]?.length ?? 0)).replace(/>$/, '');
  return isOurs(hash) ? hash : undefined;
}

/** The part behind `#` of the one link to this page that stands somewhere in a text, such as a short mail. */
function linkIn(text: string): string | undefined {
  const found = text.match(/https?:\/\/[^\s#<>]{1,400}#\/[\w.~/?&=,:-]+/g) ?? [];
  const hashes = found.map((link) => link.slice(link.indexOf('#')).replace(/[.,:?]+$/, ''));
  const [hash, ...others] = new Set(hashes.filter(isOurs));
  return others.length === 0 ? hash : undefined;
}

/** Whether a link leads to something of this page: the front page alone could be any site's. */
function isOurs(hash: string): boolean {
  const { target, showing } = parseAddress(hash);
  return target.kind !== 'front' || (hash.startsWith('#/?') && Object.keys(showing).length > 0);
}
