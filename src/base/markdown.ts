/**
 * The Markdown of one line: `**strong**`, `*emphasis*`, `` `code` ``, `[words](https://...)`. It comes from anyone, so it is
 * read into pieces and never into markup; a link leads to http or https, and what begins as a picture stays text.
 */
import { MAX_NOTE_PIECES } from './limits';

export type MarkdownPiece =
  | { readonly kind: 'text' | 'strong' | 'emphasis' | 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

/** Each alternative ends where the next blank, bracket or sign does, so that no text is read twice. */
const marks =
  /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?!\w)|(!?)\[([^[\]]{1,400})\]\(([^()\s]{1,2000})\)|(?<![\w/])(https?:\/\/[^\s<>"'`)\]]+)/g;

/** @returns pieces whose texts are the line without its marks; what is no mark stays as it was */
export function markdownPieces(line: string): readonly MarkdownPiece[] {
  const pieces: MarkdownPiece[] = [];
  let end = 0;
  for (const match of line.matchAll(marks)) {
    if (pieces.length >= MAX_NOTE_PIECES) break;
    const piece = pieceOf(match);
    if (!piece) continue;
    if (match.index > end) pieces.push({ kind: 'text', text: line.slice(end, match.index) });
    pieces.push(piece);
    end = match.index + match[0].length;
  }
  if (end < line.length) pieces.push({ kind: 'text', text: line.slice(end) });
  return pieces;
}

function pieceOf([, code, strong, emphasis, bang, words, target, bare]: RegExpMatchArray):
  | MarkdownPiece
  | undefined {
  if (code !== undefined) return { kind: 'code', text: code };
  if (strong !== undefined) return { kind: 'strong', text: strong };
  if (emphasis !== undefined) return { kind: 'emphasis', text: emphasis };
  if (bang === '!') return undefined;
  const href = webAddress(bare ?? target ?? '');
  return href === undefined ? undefined : { kind: 'link', text: words ?? bare ?? '', href };
}

/** The address in its normal form when a link may lead there. */
function webAddress(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
}
