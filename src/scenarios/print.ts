/** Writes a scenario in its one canonical form: at most 72 columns, nothing a mail program would spoil. */
import { brokenLines, survives, type Margins, type Piece } from './line-breaks';
import { MAIL_COLUMNS } from './mail';
import type { ActLine, ExpectLine, Line, Scenario, Until } from './scenario';
import type { Clause } from './scope';

/** Width of the keyword column. */
const KEYWORD = 8;
const CONTINUATION = KEYWORD + 2;
const COMMENT_CONTINUATION = 2;

export function printScenario(scenario: Scenario): string {
  return ['ghcb-scenario 1', ...scenario.lines.flatMap(printLine), 'end ghcb-scenario', ''].join('\n');
}

/** One line of a scenario as the lines of text it takes. */
export function printLine(line: Line): string[] {
  return line.kind === 'blank' ? [''] : brokenLines(marginsOf(line), piecesOf(line));
}

/** Whether a mail carries a line as it is printed: some words are too long, or make git cut the mail. */
export const survivesMail = (line: Line): boolean => printLine(line).every(survives);

/** The same as one line, however long; nothing for no line. */
export function lineText(line: Line | undefined): string {
  if (!line || line.kind === 'blank') return '';
  const words = piecesOf(line).map(({ text, glued }) => (glued ? text : ` ${text}`));
  return `${marginsOf(line).keyword.trim()}${words.join('')}`.trimEnd();
}

function marginsOf(line: PrintedLine): Margins {
  if (line.kind === 'comment') return { keyword: ';', column: 2, continuation: COMMENT_CONTINUATION };
  if (line.kind === 'expect')
    return { keyword: `${' '.repeat(KEYWORD)}?`, column: KEYWORD + 2, continuation: CONTINUATION };
  return { keyword: keywordOf(line), column: KEYWORD, continuation: CONTINUATION };
}

const piecesOf = (line: PrintedLine): Piece[] =>
  line.kind === 'expect' ? expectWords(line).map(word) : wordsOf(line);

type PrintedLine = Exclude<Line, { kind: 'blank' }>;
type KeywordLine = Exclude<Line, { kind: 'blank' | 'expect' }>;

function keywordOf(line: KeywordLine): string {
  if (line.kind === 'runUntil') return 'run';
  return line.kind === 'act' ? actorWord(line) : line.kind;
}

function actorWord({ act }: ActLine): string {
  return act.actor === 'guest' ? `v${act.vcpu}` : act.actor;
}

function wordsOf(line: KeywordLine): Piece[] {
  switch (line.kind) {
    case 'title':
    case 'ref':
    case 'note':
    case 'comment':
      return proseWords(line.text).map(word);
    case 'profile':
      return line.specs.flatMap((spec) => breakable(spec, ':'));
    case 'vm':
      return parameterWords(line.written);
    case 'guest':
      return [word(line.program)];
    case 'host':
      return [word(line.personality)];
    case 'launch':
      return [word(line.by === 'host' ? 'by=host' : 'standard')];
    case 'runUntil':
      return [word(`until=${untilText(line.until)}`)];
    case 'explore':
      return clauseWords(line.clause).map(word);
    case 'act':
      return [word(line.act.verb), ...parameterWords(line.written)];
  }
}

const parameterWords = (written: ActLine['written']): Piece[] =>
  written.flatMap(({ name, text }) => breakable(`${name}=${text}`, ','));

const writtenWords = (written: ActLine['written']): string[] =>
  written.map(({ name, text }) => `${name}=${text}`);

function clauseWords(clause: Clause): string[] {
  switch (clause.what) {
    case 'threads':
      return [clause.what];
    case 'acts': {
      const times = clause.times ? [`${clause.times.text}x`] : [];
      return [...times, clause.who, clause.verb, ...writtenWords(clause.written)];
    }
    case 'invariants':
      return [clause.what, ...clause.names];
    case 'never':
      return [clause.what, ...proseWords(clause.text)];
    case 'some': {
      const then = clause.then ? ['then', ...proseWords(clause.then.text)] : [];
      return [clause.what, ...proseWords(clause.text), ...then];
    }
    case 'alike':
      return [clause.what, ...clause.specs];
    case 'limit':
      return [clause.what, ...writtenWords(clause.written)];
  }
}

const untilText = (until: Until): string => (until.what === 'steps' ? `steps:${until.text}` : until.what);

const expectWords = ({ profiles, text }: ExpectLine): string[] => [
  ...profiles.map((profile) => `@${profile}`),
  ...proseWords(text),
];

/** The words of prose, however many blanks part them. */
const proseWords = (text: string): string[] => text.split(/\s+/).filter((part) => part !== '');

const word = (text: string): Piece => ({ text, glued: false });

/** Breaks a word behind its separators when it does not fit a line: the reader glues what follows a comma or colon at its end. */
function breakable(whole: string, separator: ',' | ':'): Piece[] {
  if (whole.length <= MAIL_COLUMNS - CONTINUATION) return [word(whole)];
  const parts = whole.split(separator);
  return parts.map((part, i) => ({ text: part + (i < parts.length - 1 ? separator : ''), glued: i > 0 }));
}
