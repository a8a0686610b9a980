/**
 * A log with notes as one text: its lines, and behind them a comment for each note and for where its lines are counted
 * from. The lines keep their numbers, and whoever reads traces takes the comments for those of ftrace.
 */

export interface AnnotatedLog {
  /** Its text, in order. */
  readonly pieces: readonly string[];
  /** The number of its first line. */
  readonly first: number;
  /** By the number of their line. */
  readonly notes: ReadonlyMap<number, string>;
}

/** Lines that nobody has noted anything on. @param first the number of the first */
export const withoutNotes = (text: string, first = 1): AnnotatedLog => ({
  pieces: [text],
  first,
  notes: new Map(),
});

const NOTE = /^# vmgexit: note on line (\d{1,15}): (.{1,400})$/;
const FIRST = /^# vmgexit: the first line is line (\d{1,15})$/;
/** Characters of a comment, at most; a longer last line of a large log is not copied to find out. */
const COMMENT = 500;

/** The log with its notes, as a file or a link has it, in pieces. */
export function annotatedPieces({ pieces, first, notes }: AnnotatedLog): readonly string[] {
  const comments = [
    ...(first === 1 ? [] : [`# vmgexit: the first line is line ${first}`]),
    ...[...notes]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([line, note]) => {
        const words = note.replace(/\s+/g, ' ').trim();
        return words === '' ? [] : [`# vmgexit: note on line ${line}: ${words}`];
      }),
  ];
  if (comments.length === 0) return pieces;
  const isEnded = pieces.at(-1)?.endsWith('\n') ?? true;
  return [...pieces, `${isEnded ? '' : '\n'}${comments.join('\n')}\n`];
}

/** Takes the comments off the end of a text; of one in pieces, where they stand in the last two. */
export function annotatedLog(text: string | readonly string[]): AnnotatedLog {
  const pieces = typeof text === 'string' ? [text] : text;
  const tail = pieces.slice(-2).join('');
  const notes = new Map<number, string>();
  let first = 1;
  let end = tail.length;
  for (;;) {
    const stop = tail[end - 1] === '\n' ? end - 1 : end;
    const start = stop === 0 ? 0 : tail.lastIndexOf('\n', stop - 1) + 1;
    const line = stop - start > COMMENT ? '' : tail.slice(start, stop).replace(/\r$/, '');
    const [, number, note] = NOTE.exec(line) ?? [];
    const [, counted] = FIRST.exec(line) ?? [];
    if (note !== undefined) notes.set(Number(number), note);
    else if (counted !== undefined) first = Math.max(1, Number(counted));
    else break;
    end = start;
  }
  return {
    pieces: end === tail.length ? pieces : [...pieces.slice(0, -2), tail.slice(0, end)],
    first,
    notes,
  };
}
