/**
 * From a mail, a file or a paste to the lines of the scenario in it: quote marks stripped at any depth, prose around it
 * left out, continuation lines joined, and for every word the place where it stood.
 */

import { MAX_PROBLEMS } from '../base/limits';
import { mapped, type Resumable } from '../base/resumable';

/** A place in the text as it came in; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Word {
  readonly text: string;
  /** Where each part of the word stood: a long word may be broken after a comma or colon. */
  readonly pieces: readonly { readonly at: number; readonly place: Place }[];
}

export interface LogicalLine {
  /** Empty for a blank line. */
  readonly words: readonly Word[];
  readonly place: Place;
}

/** Something wrong with the text, and where. */
export interface ScenarioProblem extends Place {
  /** Characters concerned. */
  readonly length: number;
  readonly message: string;
  /** What could have stood there. */
  readonly expected?: string;
  /** The known word most like the one found. */
  readonly nearest?: string;
}

export interface ScenarioText {
  readonly version: string;
  readonly versionPlace: Place;
  readonly lines: readonly LogicalLine[];
  readonly problems: readonly ScenarioProblem[];
  /** What was left out and why; the scenario is still sound. */
  readonly warnings: readonly ScenarioProblem[];
}

const FIRST = /^([\s>\u00a0]*)ghcb-scenario(?:\s+(\S+))?\s*$/;
const END = /^end\s+ghcb-scenario$/;
const TAB = 8;
/** A `>` behind fewer blanks is a quote mark, behind more it is a word of a line that goes on. */
const LEAST_CONTINUATION = 2;

/** Keywords whose rest is prose: words of it are never glued together. */
const proseKeywords = new Set(['title', 'ref', 'note', ';', '?', 'explore']);

/** The place of a character of a word. */
export function placeIn(word: Word, at = 0): Place {
  const piece = word.pieces.findLast((candidate) => candidate.at <= at) ?? word.pieces[0];
  if (!piece) return { line: 1, column: 1 };
  return { line: piece.place.line, column: piece.place.column + at - piece.at };
}

/** Lines that are read in one part of the work. */
const LINES_IN_PART = 64;

/** @returns the scenario's lines, or the one problem that there is none */
export function* findScenario(text: string): Resumable<ScenarioText | ScenarioProblem> {
  const raw = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  const firstIndex = raw.findIndex((line) => FIRST.test(line));
  if (firstIndex < 0) return noScenario(raw);
  const [, prefix = '', version = ''] = FIRST.exec(raw[firstIndex] ?? '') ?? [];
  const quote = quoteOf(prefix);
  const start = unquote(raw[firstIndex] ?? '', quote);
  const reader = new Reader(quote, indentOf(start.rest));
  for (let i = firstIndex + 1; i < raw.length && !reader.ended; i++) {
    reader.take(raw[i] ?? '', i + 1);
    if (i % LINES_IN_PART === 0) yield;
  }
  if (!reader.ended) reader.missEnd(raw.length);
  const rest = raw.slice(reader.endLine);
  const another = rest.findIndex((line) => FIRST.test(line));
  if (reader.ended && another >= 0) reader.warnSecond(reader.endLine + another + 1);
  return {
    version,
    versionPlace: { line: firstIndex + 1, column: (raw[firstIndex] ?? '').indexOf('ghcb-scenario') + 1 },
    lines: trimBlank(yield* reader.lines()),
    problems: reader.problems,
    warnings: reader.warnings,
  };
}

function noScenario(raw: readonly string[]): ScenarioProblem {
  const at = raw.findIndex((line) => /ghcb.?scen/i.test(line));
  const message = raw.every((line) => line.trim() === '')
    ? 'the text is empty'
    : 'there is no line that says `ghcb-scenario 1`';
  const line = Math.max(at, 0) + 1;
  return { line, column: 1, length: (raw[line - 1] ?? '').length, message, expected: 'ghcb-scenario 1' };
}

/** How the lines of a scenario are quoted, as the first one shows. */
interface Quote {
  readonly depth: number;
  /** Whether a blank stands behind the last mark; where none does, every blank is the scenario's own. */
  readonly blank: boolean;
}

const quoteOf = (prefix: string): Quote => ({
  depth: prefix.split('>').length - 1,
  blank: /[ \u00a0]$/.test(prefix),
});

/** Strips up to `depth` quote marks. @returns the rest, the column where it starts, and how many marks there were */
function unquote(line: string, { depth, blank }: Quote): { rest: string; column: number; marks: number } {
  let at = 0;
  let marks = 0;
  while (marks < depth) {
    const mark = /^\s*>/.exec(line.slice(at));
    if (!mark) break;
    at += mark[0].length;
    marks++;
  }
  if (marks > 0 && blank && /^[ \u00a0]/.test(line.slice(at))) at++;
  return { rest: line.slice(at), column: at + 1, marks };
}

/** Columns of white space at the start, tabs counted to the next multiple of eight. */
function indentOf(text: string): number {
  let column = 0;
  for (const character of text) {
    if (character === '\t') column += TAB - (column % TAB);
    else if (/\s/.test(character)) column++;
    else break;
  }
  return column;
}

function wordsOf(text: string, line: number, column: number): Word[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    pieces: [{ at: 0, place: { line, column: column + match.index } }],
  }));
}

/** No blank lines at either end, and no two in a row. */
function trimBlank(lines: readonly LogicalLine[]): LogicalLine[] {
  const kept = lines.filter((line, i) => line.words.length > 0 || (lines[i - 1]?.words.length ?? 0) > 0);
  if (kept.at(-1)?.words.length === 0) kept.pop();
  return kept;
}

/** A word as it grows: its parts, joined when all of them are there. */
interface GrowingWord {
  readonly parts: string[];
  readonly pieces: { readonly at: number; readonly place: Place }[];
  length: number;
}

interface GrowingLine {
  readonly words: GrowingWord[];
  readonly place: Place;
}

const grown = ({ words, place }: GrowingLine): LogicalLine => ({
  words: words.map(({ parts, pieces }) => ({ text: parts.join(''), pieces })),
  place,
});

class Reader {
  private readonly growing: GrowingLine[] = [];
  readonly problems: ScenarioProblem[] = [];
  readonly warnings: ScenarioProblem[] = [];
  ended = false;
  endLine = 0;

  constructor(
    private readonly quote: Quote,
    private readonly indent: number,
  ) {}

  take(raw: string, line: number): void {
    const { rest, column, marks } = unquote(raw, this.quote);
    const text = rest.trim();
    const indented = indentOf(rest) > this.indent;
    if (END.test(text) && marks === this.quote.depth && !indented) {
      this.ended = true;
      this.endLine = line;
      return;
    }
    if (text === '') this.growing.push({ words: [], place: { line, column } });
    else if (marks < this.quote.depth) this.takeReply(raw, line);
    else if (text.startsWith('>') && indentOf(rest) < this.indent + LEAST_CONTINUATION)
      this.report(this.problems, raw, line, 'the line is quoted deeper than the first one');
    else if (FIRST.test(rest) && !indented)
      this.report(this.problems, raw, line, 'a second scenario starts before the first one ends');
    else this.takeWords(wordsOf(rest, line, column), indented);
  }

  private takeWords(words: readonly Word[], indented: boolean): void {
    const [first] = words;
    if (!first) return;
    const continues = indented && first.text !== '?' && !first.text.startsWith(';');
    const previous = this.growing.at(-1);
    if (!continues) this.growing.push({ words: words.map(growing), place: placeIn(first) });
    else if (previous && previous.words.length > 0) join(previous, words);
    else {
      const message = 'an indented line continues the line above, but there is none';
      this.tell(this.problems, { ...placeIn(first), length: first.text.length, message });
    }
  }

  /** A line quoted less deep than the scenario: somebody's reply, unless it is the tail of a wrapped line. */
  private takeReply(raw: string, line: number): void {
    const last = this.growing.at(-1)?.words.at(-1)?.parts.at(-1) ?? '';
    const wrapped = last.endsWith(',') || /^\s*(0x[0-9a-fA-F]+|[\w-]+=\S*)\s*$/.test(raw);
    if (wrapped)
      this.report(this.problems, raw, line, 'this looks like the tail of a line that a mail program wrapped');
    else
      this.report(this.warnings, raw, line, 'a line of a reply stands inside the scenario and was left out');
  }

  private report(to: ScenarioProblem[], raw: string, line: number, message: string): void {
    const column = raw.length - raw.trimStart().length + 1;
    this.tell(to, { line, column, length: raw.trim().length, message });
  }

  private tell(to: ScenarioProblem[], problem: ScenarioProblem): void {
    if (to.length < MAX_PROBLEMS) to.push(problem);
  }

  lines(): Resumable<LogicalLine[]> {
    return mapped(this.growing, grown, LINES_IN_PART);
  }

  missEnd(line: number): void {
    this.endLine = line;
    this.problems.push({
      line,
      column: 1,
      length: 0,
      message: 'the scenario has no last line',
      expected: 'end ghcb-scenario',
    });
  }

  warnSecond(line: number): void {
    this.warnings.push({ line, column: 1, length: 0, message: 'another scenario follows and was left out' });
  }
}

const growing = ({ text, pieces }: Word): GrowingWord => ({
  parts: [text],
  pieces: [...pieces],
  length: text.length,
});

/** Adds the words of a continuation; the first one to the word before it where a comma or colon says so. */
function join({ words }: GrowingLine, more: readonly Word[]): void {
  const keyword = words[0]?.parts[0] ?? '';
  const prose = proseKeywords.has(keyword) || keyword.startsWith(';');
  const last = words.at(-1);
  const [next] = more;
  const glues = last !== undefined && !prose && /[,:]$/.test(last.parts.at(-1) ?? '');
  if (glues && next) {
    for (const piece of next.pieces) last.pieces.push({ ...piece, at: piece.at + last.length });
    last.parts.push(next.text);
    last.length += next.text.length;
  }
  for (const word of glues ? more.slice(1) : more) words.push(growing(word));
}
