/** Problems of a scenario text as they are found, and the checks that every kind of line shares. */
import { MAX_PROBLEM_CHARACTERS, MAX_PROBLEMS } from '../base/limits';
import { parseProfileSpec } from '../profiles/resolve';
import { generationsLike } from './expect';
import { placeIn, type ScenarioProblem, type Word } from './lines';
import { isScissorsLine, LONGEST_WORD, MAIL_COLUMNS } from './mail';
import type { Parsed } from './parsed';
import { printLine } from './print';
import type { Line } from './scenario';

/** A `name=value` word. */
export interface ParameterWord {
  readonly word: Word;
  readonly name: string;
  readonly text: string;
}

export class Checks {
  readonly problems: ScenarioProblem[] = [];

  /** More problems than anybody reads were found: what follows is not looked at. */
  get isFull(): boolean {
    return this.problems.length >= MAX_PROBLEMS;
  }

  protected wrong(
    word: Word,
    message: string,
    expected?: string,
    near?: string,
    at = 0,
    length = word.text.length,
  ): void {
    if (this.isFull) return;
    this.problems.push({
      ...placeIn(word, at),
      length,
      message:
        message.length > MAX_PROBLEM_CHARACTERS ? `${message.slice(0, MAX_PROBLEM_CHARACTERS)}...` : message,
      ...(expected === undefined ? {} : { expected }),
      ...(near === undefined ? {} : { nearest: near }),
    });
  }

  protected wrongValue(word: Word, shift: number, parsed: Parsed<unknown>): void {
    if (!('problems' in parsed)) return;
    for (const p of parsed.problems)
      this.wrong(word, p.message, p.expected, p.nearest, shift + p.at, p.length);
  }

  /** Words can be short and the line still not survive: where none of them may begin a line, or all look like scissors. */
  protected checkMail(line: Line, keyword: Word): void {
    const printed = printLine(line);
    if (printed.some(isScissorsLine))
      this.wrong(keyword, 'git am --scissors would cut the mail at this line', 'other text');
    const long = printed.find(({ length }) => length > MAIL_COLUMNS);
    if (long === undefined) return;
    const message = `${long.trim().length} characters that no line break may part do not survive mail`;
    this.wrong(keyword, message, `at most ${MAIL_COLUMNS} characters a line`);
  }

  protected checkLength(word: Word): void {
    if (word.text.length <= LONGEST_WORD || word.pieces.length > 1) return;
    this.wrong(
      word,
      `a word of ${word.text.length} characters does not survive mail`,
      `at most ${LONGEST_WORD} characters`,
    );
  }

  /** What stands behind `@`: a profile, or the beginning of some generations' names and `*`. */
  protected checkNarrow(word: Word, pattern: string): void {
    if (!pattern.endsWith('*')) this.checkProfile(word, pattern, 1);
    else if (generationsLike(pattern).length === 0)
      this.wrong(word, `no generation's name begins with '${pattern.slice(0, -1)}'`, 'such as @linux-*');
  }

  protected checkProfile(word: Word, spec: string, at: number): void {
    const parsed = parseProfileSpec(spec);
    if (parsed.ok) return;
    const shift = parsed.error.place ? Math.max(0, spec.lastIndexOf(parsed.error.place)) : 0;
    this.wrong(word, parsed.error.message, 'a profile, such as linux-7.2', undefined, at + shift);
  }

  /** Splits `name=value` words; reports what is none and what comes twice. */
  protected parameters(rest: readonly Word[]): ParameterWord[] {
    const names = new Set<string>();
    return rest.flatMap((word) => {
      const [, name, text] = /^([^=]+)=(.*)$/.exec(word.text) ?? [];
      if (name === undefined || text === undefined) {
        this.wrong(word, `'${word.text}' is no parameter`, 'name=value');
        return [];
      }
      if (names.has(name)) this.wrong(word, `'${name}' is given twice`);
      names.add(name);
      return [{ word, name, text }];
    });
  }
}
