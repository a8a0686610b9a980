/** Pasted text as lines: what mail and web pages put around them is taken away, and their numbers stay. */

export interface PlainLine {
  /** Counted from 1, in the text as it was given. */
  readonly number: number;
  /** As it was given, without its line end. */
  readonly raw: string;
  /** Without quote marks. */
  readonly text: string;
}

/** `> > text`, as mail quotes it. A prompt of a shell has no blank after the mark and ends no quote. */
const QUOTE = /^(?:\s{0,3}[>|](?:\s|$)){1,12}/;

/**
 * Takes a text apart. Every line comes out once, empty ones too; a last line end begins no line.
 * @param first the number of the first line
 */
export function* plainLines(text: string, first = 1): Generator<PlainLine> {
  let start = 0;
  for (let number = first; start < text.length; number++) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const raw = text.slice(start, end).replace(/\r$/, '');
    yield { number, raw, text: unquoted(raw) };
    start = end + 1;
  }
}

/** A line without the marks of a mail that quotes it. */
export const unquoted = (raw: string): string => raw.replace(QUOTE, '');

/** A fence of Markdown. */
export const isFence = (text: string): boolean => /^\s{0,3}(?:```|~~~)/.test(text);

/** Two lines that may have been one: a soft break of MIME ends with `=`, mail clients break at a blank. */
export function joined(first: string, second: string): string {
  const soft = /=$/.exec(first);
  const rest = second.trimStart();
  return soft ? first.slice(0, -1) + rest : `${first.trimEnd()} ${rest}`;
}

/** `=3D` of a mail that was not decoded. */
export const withoutMime = (text: string): string => text.replace(/=3D/g, '=');
