/**
 * A log with notes as one text: its lines, and behind them a comment for each note and for where its lines are counted
 * from. The lines keep their numbers, and whoever reads traces takes the comments for those of ftrace.
 */

export interface AnnotatedLog {
  readonly text: string;
  /** The number of its first line. */
  readonly first: number;
  /** By the number of their line. */
  readonly notes: ReadonlyMap<number, string>;
}

/** Lines that nobody has noted anything on. @param first the number of the first */
export const withoutNotes = (text: string, first = 1): AnnotatedLog => ({ text, first, notes: new Map() });

const NOTE = /^# vmgexit: note on line (\d{1,15}): (.{1,400})$/;
const FIRST = /^# vmgexit: the first line is line (\d{1,15})$/;

/** The log with its notes, as a file or a link has it. */
export function annotatedText({ text, first, notes }: AnnotatedLog): string {
  const comments = [
    ...(first === 1 ? [] : [`# vmgexit: the first line is line ${first}`]),
    ...[...notes]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([line, note]) => {
        const words = note.replace(/\s+/g, ' ').trim();
        return words === '' ? [] : [`# vmgexit: note on line ${line}: ${words}`];
      }),
  ];
  if (comments.length === 0) return text;
  return `${text}${text.endsWith('\n') ? '' : '\n'}${comments.join('\n')}\n`;
}

/** Takes the comments off the end of a text. */
export function annotatedLog(text: string): AnnotatedLog {
  const notes = new Map<number, string>();
  let first = 1;
  let end = text.length;
  for (;;) {
    const stop = text[end - 1] === '\n' ? end - 1 : end;
    const start = stop === 0 ? 0 : text.lastIndexOf('\n', stop - 1) + 1;
    // A comment is short; a longer last line of a large log is not copied to find out.
    const line = stop - start > 500 ? '' : text.slice(start, stop).replace(/\r$/, '');
    const [, number, note] = NOTE.exec(line) ?? [];
    const [, counted] = FIRST.exec(line) ?? [];
    if (note !== undefined) notes.set(Number(number), note);
    else if (counted !== undefined) first = Math.max(1, Number(counted));
    else break;
    end = start;
  }
  return { text: end === text.length ? text : text.slice(0, end), first, notes };
}
