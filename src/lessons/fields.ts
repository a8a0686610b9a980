/** The lines of a block, `keyword rest of the line`; a line that is indented continues the one above. */
import { MAX_PROBLEMS } from '../base/limits';
import { didYouMean, nearest } from '../base/text';
import type { LessonProblem, Written } from './lesson';

/** Where a block says what is wrong with it. */
export class Problems {
  readonly list: LessonProblem[] = [];

  report(line: number, message: string, near?: string): void {
    if (this.list.length >= MAX_PROBLEMS) return;
    this.list.push(near === undefined ? { line, message } : { line, message, nearest: near });
  }

  /** A word that is none of those that may stand there. */
  unknown(line: number, word: string, what: string, known: readonly string[]): void {
    const short = word.slice(0, 80);
    const list = known.length <= 24 ? ` (${known.join(', ')})` : '';
    this.report(line, `unknown ${what} '${short}'${didYouMean(word, known)}${list}`, nearest(word, known));
  }
}

export interface Field extends Written {
  readonly keyword: string;
}

/** How often a keyword may stand in a block. */
export type Times = 'once' | 'maybe' | 'often';

/**
 * @param firstLine of the text, from 1
 * @returns the fields of known keywords, in order
 */
export function fieldsOf(
  block: string,
  text: string,
  firstLine: number,
  keywords: Readonly<Record<string, Times>>,
  problems: Problems,
): readonly Field[] {
  const fields: Field[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = firstLine + index;
    const content = raw.trim();
    if (content === '') continue;
    const above = fields.at(-1);
    if (/^\s/.test(raw) && above) {
      fields[fields.length - 1] = { ...above, text: `${above.text} ${content}`.trim() };
      continue;
    }
    const [keyword = ''] = content.split(/\s/, 1);
    fields.push({ keyword, text: content.slice(keyword.length).trim(), line });
  }
  const names = Object.keys(keywords);
  const sound = fields.filter(({ keyword, line }) => {
    if (Object.hasOwn(keywords, keyword)) return true;
    problems.unknown(line, keyword, `word in '${block}':`, names);
    return false;
  });
  for (const name of names)
    checkTimes(block, name, keywords[name] ?? 'often', { sound, firstLine, problems });
  return sound;
}

function checkTimes(
  block: string,
  name: string,
  times: Times,
  at: { readonly sound: readonly Field[]; readonly firstLine: number; readonly problems: Problems },
): void {
  const found = at.sound.filter(({ keyword }) => keyword === name);
  if (times === 'once' && found.length === 0)
    at.problems.report(at.firstLine - 1, `'${block}' needs a line '${name} ...'`);
  const second = found[1];
  if (times !== 'often' && second) at.problems.report(second.line, `'${name}' stands twice in '${block}'`);
}
