/**
 * The prose of a lesson: what the Markdown library read, as a few kinds of pieces. It comes from anyone: raw HTML stays
 * text, pictures are their words, and a link leads to http, https or a place of the page.
 */
import type { MarkedToken, Token } from 'marked';
import { MAX_PROSE_DEPTH } from '../base/limits';

export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis'; readonly parts: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly parts: readonly Inline[] }
  | { readonly kind: 'break' };

export type Prose =
  | { readonly kind: 'paragraph' | 'heading'; readonly parts: readonly Inline[] }
  | {
      readonly kind: 'list';
      readonly start: number | undefined;
      readonly items: readonly (readonly Prose[])[];
    }
  | { readonly kind: 'quote'; readonly blocks: readonly Prose[] }
  | { readonly kind: 'code'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly kind: 'rule' };

/** Hears what is not shown as it was written. */
type Report = (message: string) => void;

const known = (token: Token): MarkedToken => token as MarkedToken; // no extension adds others

export const proseOf = (tokens: readonly Token[], report: Report, depth = 0): readonly Prose[] =>
  tokens.flatMap((token) => blockOf(known(token), report, depth));

function blockOf(token: MarkedToken, report: Report, depth: number): readonly Prose[] {
  if (depth > MAX_PROSE_DEPTH) return [{ kind: 'paragraph', parts: textOf(token.raw) }];
  switch (token.type) {
    case 'paragraph':
    case 'heading':
      return [{ kind: token.type, parts: inlinesOf(token.tokens, report, depth) }];
    case 'text':
      return [{ kind: 'paragraph', parts: inlinesOf(token.tokens ?? [token], report, depth) }];
    case 'list': {
      const items = token.items.map((item) => proseOf(item.tokens, report, depth + 1));
      return [{ kind: 'list', start: token.ordered ? Number(token.start) || 1 : undefined, items }];
    }
    case 'blockquote':
      return [{ kind: 'quote', blocks: proseOf(token.tokens, report, depth + 1) }];
    case 'code':
      return [{ kind: 'code', text: token.text }];
    case 'table': {
      const cells = (row: readonly { readonly tokens: Token[] }[]) =>
        row.map(({ tokens }) => inlinesOf(tokens, report, depth + 1));
      return [{ kind: 'table', head: cells(token.header), rows: token.rows.map(cells) }];
    }
    case 'hr':
      return [{ kind: 'rule' }];
    case 'html':
      report('raw HTML is shown as text');
      return [{ kind: 'paragraph', parts: textOf(token.raw) }];
    case 'space':
    case 'def':
      return [];
    default:
      return [{ kind: 'paragraph', parts: inlineOf(token, report, depth) }];
  }
}

const inlinesOf = (tokens: readonly Token[], report: Report, depth: number): readonly Inline[] =>
  tokens.flatMap((token) => inlineOf(known(token), report, depth));

const textOf = (text: string): readonly Inline[] =>
  text.trim() === '' ? [] : [{ kind: 'text', text: text.trimEnd() }];

function inlineOf(token: MarkedToken, report: Report, depth: number): readonly Inline[] {
  if (depth > MAX_PROSE_DEPTH) return textOf(token.raw);
  switch (token.type) {
    case 'strong':
    case 'em':
      return [
        {
          kind: token.type === 'em' ? 'emphasis' : 'strong',
          parts: inlinesOf(token.tokens, report, depth + 1),
        },
      ];
    case 'codespan':
      return [{ kind: 'code', text: token.text }];
    case 'br':
      return [{ kind: 'break' }];
    case 'link':
      return linkOf(token, report, depth);
    case 'image':
      report(`the picture '${token.text}' is not shown: lessons ship without pictures`);
      return [{ kind: 'text', text: token.text }];
    case 'html':
      report('raw HTML is shown as text');
      return [{ kind: 'text', text: token.raw }];
    case 'text':
      return token.tokens ? inlinesOf(token.tokens, report, depth + 1) : [{ kind: 'text', text: token.text }];
    case 'escape':
      return [{ kind: 'text', text: token.text }];
    default:
      return [{ kind: 'text', text: token.raw }];
  }
}

function linkOf(
  { href, raw, tokens }: { href: string; raw: string; tokens: Token[] },
  report: Report,
  depth: number,
): readonly Inline[] {
  if (href.startsWith('mailto:')) return [{ kind: 'text', text: raw }]; // a message id is no address
  const safe = linkTarget(href);
  if (safe !== undefined) return [{ kind: 'link', href: safe, parts: inlinesOf(tokens, report, depth + 1) }];
  report(
    `'${href.slice(0, 60)}' is shown as text: a link leads to http, https or a place of this page (#/...)`,
  );
  return [{ kind: 'text', text: raw }];
}

/** The address that a link may lead to; nothing for any other. */
export function linkTarget(href: string): string | undefined {
  if (/^#\/[\w\-.~/?&=,:]*$/.test(href)) return href;
  if (!/^https?:\/\//i.test(href) || !URL.canParse(href)) return undefined;
  const { protocol, href: normal } = new URL(href);
  return protocol === 'http:' || protocol === 'https:' ? normal : undefined;
}

/** The places of the page that prose links to. */
export function pageLinks(prose: readonly Prose[]): readonly string[] {
  const ofInline = (inline: Inline): readonly string[] => {
    if (inline.kind === 'link') return inline.href.startsWith('#') ? [inline.href] : [];
    return 'parts' in inline ? inline.parts.flatMap(ofInline) : [];
  };
  return prose.flatMap((block): readonly string[] => {
    if ('parts' in block) return block.parts.flatMap(ofInline);
    if (block.kind === 'list') return block.items.flatMap(pageLinks);
    if (block.kind === 'quote') return pageLinks(block.blocks);
    if (block.kind === 'table') return [block.head, ...block.rows].flat(2).flatMap(ofInline);
    return [];
  });
}

/** The words of prose, without marks. */
export function plainText(prose: readonly Prose[]): string {
  const ofInline = (inline: Inline): string => {
    if (inline.kind === 'break') return ' ';
    return 'parts' in inline ? inline.parts.map(ofInline).join('') : inline.text;
  };
  return prose
    .map((block): string => {
      if ('parts' in block) return block.parts.map(ofInline).join('');
      if (block.kind === 'list') return block.items.map(plainText).join('\n');
      if (block.kind === 'quote') return plainText(block.blocks);
      if (block.kind === 'table')
        return [block.head, ...block.rows]
          .map((row) => row.map((cell) => cell.map(ofInline).join('')).join('  '))
          .join('\n');
      return block.kind === 'code' ? block.text : '';
    })
    .filter((text) => text !== '')
    .join('\n');
}
