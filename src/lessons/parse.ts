/**
 * Reads the text of a lesson: front matter between `---` lines, then Markdown. Each heading of the first or second level
 * begins a screen; fenced blocks with a known word are what a screen does. Every mistake is listed, and what is sound is
 * read.
 */
import { Lexer, type Token } from 'marked';
import {
  MAX_LESSON_BYTES,
  MAX_PARAGRAPH_CHARACTERS,
  MAX_PARAGRAPH_MARKS,
  MAX_PROSE_DEPTH,
  MAX_SCREENS,
} from '../base/limits';
import { nearest } from '../base/text';
import {
  readCheck,
  readCompare,
  readGoto,
  readPredict,
  readShow,
  readTry,
  words,
  type Chosen,
  type Fenced,
} from './blocks';
import { fieldsOf, Problems } from './fields';
import type { Block, ReadLesson, RoleBlock, Screen, Setting, Where } from './lesson';
import { proseOf } from './prose';

export const blockWords = [
  'goto',
  'show',
  'predict',
  'try',
  'check',
  'compare',
  'aside',
  'note',
  'source',
] as const;
type BlockWord = (typeof blockWords)[number];

export function parseLesson(text: string): ReadLesson {
  const problems = new Problems();
  const whole = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const cut = whole.slice(0, MAX_LESSON_BYTES);
  if (cut.length < whole.length)
    problems.report(
      cut.split('\n').length,
      `a lesson has at most ${MAX_LESSON_BYTES} characters; this one has ${whole.length}`,
    );
  const front = readFront(cut, problems);
  const screens = readScreens(cut, front, problems);
  if (screens.length === 0)
    problems.report(front.firstLine, `there is no screen: a line '## Title' begins one`);
  return {
    lesson: { title: front.title, minutes: front.minutes, screens },
    problems: problems.list.toSorted((a, b) => a.line - b.line),
  };
}

interface Front {
  readonly title: string;
  readonly minutes: number;
  readonly setting: Setting;
  /** Of what is behind it, from 1. */
  readonly firstLine: number;
}

function readFront(text: string, problems: Problems): Front {
  const match = /^---[ \t]*\n([\s\S]*?)\n---[ \t]*(?=\n|$)/.exec(text);
  if (!match)
    problems.report(1, `a lesson begins with a line '---', lines such as 'title: ...', and a line '---'`);
  const lines = (match?.[1] ?? '').replace(/^(\w+):/gm, '$1 ');
  const fields = match
    ? fieldsOf(
        'the front matter',
        lines,
        2,
        { title: 'once', profile: 'once', scenario: 'once', minutes: 'once' },
        problems,
      )
    : [];
  const one = (keyword: string) => fields.find((field) => field.keyword === keyword);
  const [title, profile, scenario, minutes] = [one('title'), one('profile'), one('scenario'), one('minutes')];
  if (minutes && !/^[1-9]\d{0,2}$/.test(minutes.text))
    problems.report(minutes.line, `'${minutes.text.slice(0, 40)}' is no number of minutes`);
  return {
    title: unquoted(title?.text ?? 'Untitled lesson').slice(0, 200),
    minutes: Number(/^[1-9]\d{0,2}$/.exec(minutes?.text ?? '')?.[0] ?? 10),
    setting: {
      scenario: { text: scenario?.text ?? '', line: scenario?.line ?? 1 },
      profiles: profile ? words(profile) : [],
    },
    firstLine: match ? match[0].split('\n').length + 1 : 1,
  };
}

/** A value that stands in quotes, as front matter with a colon in it may. */
const unquoted = (text: string): string => /^(['"])(.*)\1$/.exec(text)?.[2] ?? text;

/** A screen that is being read. */
interface Growing {
  readonly title: string;
  readonly line: number;
  chosen: Chosen;
  readonly blocks: Block[];
}

function readScreens(text: string, front: Front, problems: Problems): readonly Screen[] {
  const growing: Growing[] = [];
  let line = front.firstLine;
  for (const token of tokensOf(text, front.firstLine, problems)) {
    const at = line;
    line += token.raw.split('\n').length - 1;
    if (token.type === 'heading' && (token as { depth: number }).depth < 3) {
      const title = (token as { text: string }).text.slice(0, 200);
      if (growing.length === MAX_SCREENS) problems.report(at, `a lesson has at most ${MAX_SCREENS} screens`);
      if (growing.length >= MAX_SCREENS) break;
      growing.push({ title: title === '' ? 'Untitled' : title, line: at, chosen: {}, blocks: [] });
      continue;
    }
    const screen = growing.at(-1);
    if (screen) takeToken(screen, token, at, problems);
    else if (token.type !== 'space')
      problems.report(at, `this stands before the first screen, which begins with '## Title'`);
  }
  return settled(growing, front.setting);
}

/** What a screen does not choose it takes from the one above. */
function settled(growing: readonly Growing[], first: Setting): readonly Screen[] {
  let setting = first;
  let where: Where = { at: 'start', line: 1 };
  return growing.map(({ title, line, chosen, blocks }) => {
    const isOther = chosen.scenario !== undefined || chosen.profiles !== undefined;
    if (isOther) where = { at: 'start', line };
    setting = {
      scenario: chosen.scenario ?? setting.scenario,
      profiles: chosen.profiles ?? setting.profiles,
    };
    const predict = blocks.find((block) => block.kind === 'predict');
    where = chosen.where ?? (predict?.act ? { at: 'before', act: predict.act } : where);
    return { title, line, setting, where, blocks };
  });
}

function takeToken(screen: Growing, token: Token, line: number, problems: Problems): void {
  if (token.type === 'code') {
    const { text, lang = '' } = token as { text: string; lang?: string };
    const [word = ''] = lang.trim().split(/\s/, 1);
    const known = blockWords.find((one) => one === word);
    if (known) return takeBlock(screen, known, { text, firstLine: line + 1 }, problems);
    const near = word === '' ? undefined : nearest(word, blockWords);
    if (near !== undefined)
      problems.report(line, `unknown block '${word.slice(0, 40)}'; did you mean '${near}'?`, near);
  }
  for (const prose of proseOf([token], (message) => problems.report(line, message)))
    screen.blocks.push({ kind: 'prose', line, prose });
}

function takeBlock(screen: Growing, word: BlockWord, fenced: Fenced, problems: Problems): void {
  const line = fenced.firstLine - 1;
  const push = (block: Block | undefined): void => {
    if (block) screen.blocks.push(block);
  };
  switch (word) {
    case 'goto': {
      if (screen.chosen.where && screen.blocks.every(({ kind }) => kind !== 'compare'))
        problems.report(line, `the screen has a 'goto' already`);
      screen.chosen = { ...screen.chosen, ...readGoto(fenced, problems) };
      return;
    }
    case 'compare': {
      const { profiles, where, ...block } = readCompare(fenced, problems);
      screen.chosen = { ...(where && { where }), ...screen.chosen, ...(profiles && { profiles }) };
      return push(block);
    }
    case 'predict':
      return push(readPredict(fenced, problems));
    case 'try':
      return push(readTry(fenced, problems));
    case 'check':
      return push(readCheck(fenced, problems));
    case 'show':
      return push(readShow(fenced, problems));
    case 'aside':
    case 'note':
    case 'source':
      return push(roleBlock(word, fenced, problems));
  }
}

function roleBlock(kind: RoleBlock['kind'], { text, firstLine }: Fenced, problems: Problems): RoleBlock {
  const prose = proseOf(lex(text, firstLine, problems), (message) => problems.report(firstLine, message));
  return { kind, line: firstLine - 1, prose };
}

const tokensOf = (text: string, firstLine: number, problems: Problems): readonly Token[] =>
  lex(
    text
      .split('\n')
      .slice(firstLine - 1)
      .join('\n'),
    firstLine,
    problems,
  );

/** The library's reading of a text whose paragraphs have a size that it reads in no time. */
function lex(text: string, firstLine: number, problems: Problems): readonly Token[] {
  return new Lexer({ gfm: true }).lex(bounded(text.split('\n'), firstLine, problems).join('\n'));
}

/** More marks of quotes and lists at the start of one line than prose may be deep. */
const deepLine = new RegExp(`^(?:[ \\t]*(?:[>*+-]|\\d{1,9}[.)])){${MAX_PROSE_DEPTH + 1},}`);

/** What begins or ends emphasis, code and links. */
const marks = /[*_~`[\]<]/g;

/** Lines that are too much are left out, their places kept. */
function bounded(lines: readonly string[], firstLine: number, problems: Problems): readonly string[] {
  let [length, count] = [0, 0];
  let isTold = false;
  return lines.map((line, index) => {
    if (line.trim() === '') {
      [length, count] = [0, 0];
      isTold = false;
      return line;
    }
    length += line.length + 1;
    count += line.match(marks)?.length ?? 0;
    const why = tooMuch(line, length, count);
    if (why === undefined) return line;
    if (!isTold) problems.report(firstLine + index, why);
    isTold = true;
    return '';
  });
}

function tooMuch(line: string, length: number, count: number): string | undefined {
  if (deepLine.test(line) && !/^[ \t]*(?:-[ \t]*)+$/.test(line))
    return `lists and quotes are at most ${MAX_PROSE_DEPTH} deep; the line is left out`;
  if (length > MAX_PARAGRAPH_CHARACTERS)
    return `a paragraph or block has at most ${MAX_PARAGRAPH_CHARACTERS} characters; the rest of it is left out`;
  if (count > MAX_PARAGRAPH_MARKS)
    return `a paragraph has at most ${MAX_PARAGRAPH_MARKS} marks of emphasis, code and links; the rest of it is left out`;
  return undefined;
}
