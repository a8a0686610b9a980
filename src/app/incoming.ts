/** What a text is that a person pasted or dropped: each kind has one place in the page. */
import { isSvg } from '../exports/picture/is-svg';
import { MAX_LINK_CHARACTERS } from '../base/limits';
import { parseAddress } from './url';
import { looksLikeWorkFile } from './own-work/file';

export type Incoming =
  | { readonly kind: 'scenario' | 'works' | 'recording' | 'picture' | 'lesson'; readonly text: string }
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
  const hash = linkOf(text);
  if (hash !== undefined) return { kind: 'link', hash };
  return scenarioBegins.test(text) ? { kind: 'scenario', text } : { kind: 'value', text };
}

/** The part behind `#` when the text is one link to this page, as a mail client may have wrapped it. */
function linkOf(text: string): string | undefined {
  const trimmed = text.length > MAX_LINK_CHARACTERS ? '' : text.trim();
  const begin = /^<?https?:\/\/[^\s#]*(#\/[sxrmdl]\/)/.exec(trimmed);
  if (!begin) return undefined;
  const hash = trimmed.slice(begin[0].length - (begin[1]?.length ?? 0)).replace(/>$/, '');
  return parseAddress(hash).target.kind === 'front' ? undefined : hash;
}
