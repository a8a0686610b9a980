/** The words of a filter, with their places. */
import { problem, ok, type Result } from '../../base/result';
import { MAX_FILTER_CHARACTERS } from '../../base/limits';

export interface Token {
  readonly kind: 'word' | 'text' | 'unclosed' | 'operator' | 'open' | 'close' | 'and' | 'or' | 'not';
  /** A text without its quotes; an unclosed one runs to the end. */
  readonly text: string;
  /** First character in the filter. */
  readonly at: number;
  /** Characters in the filter. */
  readonly length: number;
}

/** What joins and negates, in both spellings. */
const joins: Readonly<Record<string, Token['kind']>> = {
  and: 'and',
  '&&': 'and',
  or: 'or',
  '||': 'or',
  not: 'not',
  '!': 'not',
  '(': 'open',
  ')': 'close',
};

/** Blanks, a quoted text, an operator, a join, a word; each alternative begins with another character. */
const tokenPattern = /\s+|"(?:[^"\\]|\\.)*"?|[=!<>]=|&&|\|\||[<>~!()]|[^\s"=!<>~()&|]+|[\s\S]/gu;

/** Cuts a filter into words. @returns an error where it is too long */
export function tokensOf(filter: string): Result<readonly Token[]> {
  if (filter.length > MAX_FILTER_CHARACTERS)
    return problem(
      `A filter has at most ${MAX_FILTER_CHARACTERS} characters; this one has ${filter.length}.`,
    );
  const tokens: Token[] = [];
  for (const { 0: text, index } of filter.matchAll(tokenPattern)) {
    if (text.trim() === '') continue;
    if (text.startsWith('"')) {
      const isClosed = /^"(?:[^"\\]|\\[\s\S])*"$/u.test(text);
      const inner = text.slice(1, isClosed ? -1 : undefined).replace(/\\([\s\S])/gu, '$1');
      tokens.push({ kind: isClosed ? 'text' : 'unclosed', text: inner, at: index, length: text.length });
    } else tokens.push({ kind: kindOf(text), text, at: index, length: text.length });
  }
  return ok(tokens);
}

function kindOf(text: string): Token['kind'] {
  const join = Object.hasOwn(joins, text) ? joins[text] : undefined;
  return join ?? (/^([=!<>]=|[<>~]|has)$/.test(text) ? 'operator' : 'word');
}
