/** Small text tools: the nearest known word, and lines of a given width, which is counted in UTF-16 units everywhere. */

/** Single-character edits (insert, delete, replace) that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * The candidate most like `word`, or `undefined` when none is near enough to be a slip of the pen (a third of the
 * letters, at least one, may differ; case does not count). The first of equals wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    // Lengths that differ by so much cannot be nearer: a megabyte is no slip of the pen.
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `; did you mean X?` for an error message, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

/** `text` broken at blanks into lines of at most `columns` characters; a longer word gets a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line === '') line = word;
    else if (line.length + 1 + word.length <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/**
 * A name in the words that it is written together of, for places where a line may break: `v0.`, `run.`, `hw.`, `hardware`,
 * `Exit`, `Reason`. Joined they are the name.
 */
export const wordsOfName = (name: string): string[] =>
  name.split(/(?<=[a-z\d])(?=[A-Z][a-z])|(?<=[._:/×,])(?=[^\s._:/×,])/u);

/** As {@link wrap}, and no line longer than `columns`: a longer word is broken, behind a comma or colon where it has one. */
export function wrapWithin(text: string, columns: number): string[] {
  const words = text.split(/\s+/).flatMap((word) => pieces(word, columns));
  return wrap(words.join(' '), columns);
}

function pieces(word: string, columns: number): string[] {
  const out: string[] = [];
  let rest = word;
  while (rest.length > columns) {
    const start = rest.slice(0, columns);
    const at = Math.max(start.lastIndexOf(','), start.lastIndexOf(':')) + 1 || wholeLength(start);
    out.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...out, rest];
}

/** The length of a text without half a character at its end; at least one character, however little fits. */
function wholeLength(text: string): number {
  const isParted = /[\ud800-\udbff]$/.test(text);
  return isParted ? Math.max(text.length - 1, 1) : text.length;
}

/** Rows of cells as lines, each column as wide as its widest cell, two blanks between columns, none at the end. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
