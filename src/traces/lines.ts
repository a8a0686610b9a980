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
 * Takes a text apart, which may come in pieces that are cut anywhere. Every line comes out once, empty ones too; a last
 * line end begins no line.
 * @param first the number of the first line
 */
export function* plainLines(text: string | readonly string[], first = 1): Generator<PlainLine> {
  let number = first;
  let rest = '';
  for (const piece of typeof text === 'string' ? [text] : text) {
    let start = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', start)) {
      yield plainLine(number++, rest + piece.slice(start, end));
      rest = '';
      start = end + 1;
    }
    rest += piece.slice(start);
  }
  if (rest !== '') yield plainLine(number, rest);
}

function plainLine(number: number, line: string): PlainLine {
  const raw = line.endsWith('\r') ? line.slice(0, -1) : line;
  return { number, raw, text: unquoted(raw) };
}

/** A line without the marks of a mail that quotes it. */
export const unquoted = (raw: string): string => raw.replace(QUOTE, '');

/** Characters of a line that are shown: one that is too long to be read may have 10 MB. */
const SHOWN_CHARACTERS = 2000;

/** A line for a screen: its beginning where it is long, and no character that a terminal obeys. */
export function shownLine(raw: string): string {
  const isLong = raw.length > SHOWN_CHARACTERS;
  // oxlint-disable-next-line no-control-regex
  const text = raw.slice(0, SHOWN_CHARACTERS).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
  return isLong ? `${text} … (${raw.length} characters)` : text;
}

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
