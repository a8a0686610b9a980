/** Writes a scenario in its one canonical form: at most 72 columns, nothing a mail program would spoil. */
import { LONGEST_WORD, MAIL_COLUMNS } from './mail';
import type { ActLine, ExpectLine, Line, Scenario, Until } from './scenario';

/** Width of the keyword column. */
const KEYWORD = 8;
const CONTINUATION = KEYWORD + 2;
const COMMENT_CONTINUATION = 2;

export function printScenario(scenario: Scenario): string {
  return ['ghcb-scenario 1', ...scenario.lines.flatMap(printLine), 'end ghcb-scenario', ''].join('\n');
}

/** One line of a scenario as the lines of text it takes. */
export function printLine(line: Line): string[] {
  switch (line.kind) {
    case 'blank':
      return [''];
    case 'comment':
      return laidOut(';', 2, wordsOf(line), COMMENT_CONTINUATION);
    case 'expect':
      return laidOut(' '.repeat(KEYWORD) + '?', KEYWORD + 2, expectWords(line), CONTINUATION);
    default:
      return laidOut(keywordOf(line), KEYWORD, wordsOf(line), CONTINUATION);
  }
}

/** The same as one line, however long; nothing for no line. */
export const lineText = (line: Line | undefined): string =>
  (line ? printLine(line) : [])
    .map((part) => part.trim())
    .join(' ')
    .replace(/\s+/g, ' ')
    .replace(/, /g, ',');

type KeywordLine = Exclude<Line, { kind: 'blank' | 'expect' }>;

function keywordOf(line: KeywordLine): string {
  if (line.kind === 'runUntil') return 'run';
  return line.kind === 'act' ? actorWord(line) : line.kind;
}

function actorWord({ act }: ActLine): string {
  return act.actor === 'guest' ? `v${act.vcpu}` : act.actor;
}

function wordsOf(line: KeywordLine): string[] {
  switch (line.kind) {
    case 'title':
    case 'ref':
    case 'note':
    case 'comment':
      return line.text.split(' ');
    case 'profile':
      return line.specs.flatMap((spec) => breakable(spec, ':'));
    case 'vm':
      return parameterWords(line.written);
    case 'guest':
      return [line.program];
    case 'host':
      return [line.personality];
    case 'launch':
      return ['standard'];
    case 'runUntil':
      return [`until=${untilText(line.until)}`];
    case 'act':
      return [line.act.verb, ...parameterWords(line.written)];
  }
}

const parameterWords = (written: ActLine['written']): string[] =>
  written.flatMap(({ name, text }) => breakable(`${name}=${text}`, ','));

const untilText = (until: Until): string => (until.what === 'steps' ? `steps:${until.text}` : until.what);

function expectWords({ profiles, path, operator, value }: ExpectLine): string[] {
  return [...profiles.map((profile) => `@${profile}`), path, operator, ...value.split(' ')];
}

/** Marks where a long word may be broken: the reader glues what follows a comma or colon at the end of a line. */
const GLUE = '\u0000';

/** Breaks `word` behind its separators when it does not fit a line; the pieces carry a mark to be set without blank. */
function breakable(word: string, separator: ',' | ':'): string[] {
  if (word.length <= MAIL_COLUMNS - CONTINUATION) return [word];
  const parts = word.split(separator);
  return parts.map((part, i) => (i === 0 ? '' : GLUE) + part + (i < parts.length - 1 ? separator : ''));
}

/** Sets words behind a keyword; a line that grows too long goes on below, indented by `continuation`. */
function laidOut(keyword: string, column: number, words: readonly string[], continuation: number): string[] {
  const lines: string[] = [];
  let line = words.join('') === '' ? keyword : keyword.padEnd(Math.max(column, keyword.length + 1));
  let empty = true;
  for (const word of words) {
    const glued = word.startsWith(GLUE);
    const text = glued ? word.slice(1) : word;
    const gap = empty || glued ? '' : ' ';
    const fits = line.length + gap.length + text.length <= MAIL_COLUMNS;
    if (fits || startsLine(text)) line += gap + text;
    else {
      lines.push(line.trimEnd());
      line = ' '.repeat(indentFor(text, continuation)) + text;
    }
    empty = false;
  }
  return [...lines, line];
}

/** A word that would read as the start of another line stays behind its neighbour, however long that gets. */
const startsLine = (word: string): boolean => word === '?' || word.startsWith(';');

const indentFor = (word: string, indent: number): number =>
  word.length > LONGEST_WORD ? 1 : Math.min(indent, MAIL_COLUMNS - word.length);
