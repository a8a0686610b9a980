/** Where a line of a scenario is broken: no line too long for mail, none that reads as another line, none that git cuts at. */
import { isScissorsLine, LONGEST_WORD, MAIL_COLUMNS, ScissorsWatch } from './mail';

/** A word, or a part of one that the reader glues to the part before it. */
export interface Piece {
  readonly text: string;
  readonly glued: boolean;
}

/** How a line begins, and how the lines do that continue it. */
export interface Margins {
  /** The keyword, without blanks behind it. */
  readonly keyword: string;
  /** Column at which the words begin. */
  readonly column: number;
  /** Blanks before a continuation. */
  readonly continuation: number;
}

/** Whether a word would begin a line of its own sense: an expectation, a comment, a quotation. */
const beginsLine = (word: string): boolean => word === '?' || /^[;>]/.test(word);

/** Pieces that stand on one line because none but the first may begin one. */
interface Atom {
  readonly text: string;
  readonly glued: boolean;
  readonly mayBegin: boolean;
}

function atomsOf(pieces: readonly Piece[]): Atom[] {
  const atoms: { text: string[]; glued: boolean; mayBegin: boolean }[] = [];
  for (const { text, glued } of pieces) {
    const last = atoms.at(-1);
    if (last && beginsLine(text)) last.text.push(glued ? text : ` ${text}`);
    else atoms.push({ text: [text], glued, mayBegin: !beginsLine(text) });
  }
  return atoms.map((atom) => ({ ...atom, text: atom.text.join('') }));
}

const indentFor = (length: number, indent: number): number =>
  length > LONGEST_WORD ? 1 : Math.min(indent, MAIL_COLUMNS - length);

/** Whether a line passes through mail as it is. */
export const survives = (line: string): boolean => line.length <= MAIL_COLUMNS && !isScissorsLine(line);

/**
 * Sets pieces behind a keyword, each line as full as it can be.
 * @returns lines of which each {@link survives} wherever there is a way to break them so
 */
export function brokenLines(margins: Margins, pieces: readonly Piece[]): string[] {
  const setter = new Setter(margins, atomsOf(pieces));
  const full = setter.lines(() => undefined);
  return full.every(survives) ? full : (setter.survivingLines() ?? full);
}

class Setter {
  constructor(
    private readonly margins: Margins,
    private readonly atoms: readonly Atom[],
  ) {}

  /** @param endOf where the line that begins with an atom ends; undefined where it is full */
  lines(endOf: (first: number) => number | undefined): string[] {
    const lines: string[] = [];
    const { atoms } = this;
    for (let at = 0; at < atoms.length || lines.length === 0;) {
      const isFirst = lines.length === 0;
      const wanted = isFirst && at === 0 ? endOf(-1) : endOf(at);
      const end = wanted ?? this.fullEnd(at, isFirst);
      lines.push(this.line(at, end, isFirst));
      at = end;
    }
    return lines;
  }

  /** The lines of which every one survives, or nothing where there are none. */
  survivingLines(): string[] | undefined {
    const { atoms } = this;
    // From the last atom to the first: where a line that begins there can end so that all that follows survives.
    const ends: (number | undefined)[] = new Array<number | undefined>(atoms.length + 1).fill(undefined);
    const good = (end: number): boolean => end === atoms.length || ends[end] !== undefined;
    const endFrom = (first: number, isFirst: boolean): number | undefined =>
      this.survivingEnds(first, isFirst).findLast(good);
    for (let at = atoms.length - 1; at >= 0; at--) ends[at] = endFrom(at, false);
    const start = endFrom(0, true);
    return start === undefined ? undefined : this.lines((first) => (first < 0 ? start : ends[first]));
  }

  /** Where the line that begins with an atom may end, in order, so that git does not cut at it and it fits. */
  private survivingEnds(first: number, isFirst: boolean): number[] {
    const { atoms } = this;
    const full = this.fullEnd(first, isFirst);
    const watch = new ScissorsWatch();
    const opening = this.opening(first, isFirst);
    watch.take(opening);
    let { length } = opening;
    const ends = isFirst && atoms[first]?.mayBegin === true ? [first] : [];
    for (let at = first; at < full; at++) {
      const { text, glued } = atoms[at] as Atom;
      const more = at === first || glued ? text : ` ${text}`;
      watch.take(more);
      length += more.length;
      if (length <= MAIL_COLUMNS && !watch.cuts) ends.push(at + 1);
    }
    return ends;
  }

  private opening(first: number, isFirst: boolean): string {
    const { keyword, column, continuation } = this.margins;
    if (isFirst) return keyword.padEnd(Math.max(column, keyword.length + 1));
    return ' '.repeat(indentFor(this.atoms[first]?.text.length ?? 0, continuation));
  }

  /** One behind the last atom that fits; a line that continues has at least one. */
  private fullEnd(first: number, isFirst: boolean): number {
    let length = this.opening(first, isFirst).length;
    let end = first;
    for (; end < this.atoms.length; end++) {
      const atom = this.atoms[end] as Atom;
      length += atom.text.length + (end === first || atom.glued ? 0 : 1);
      const forced = isFirst ? !atom.mayBegin : end === first;
      if (length > MAIL_COLUMNS && !forced) break;
    }
    return end;
  }

  private line(first: number, end: number, isFirst: boolean): string {
    const words = this.atoms
      .slice(first, end)
      .map(({ text, glued }, index) => (index === 0 || glued ? text : ` ${text}`));
    return (this.opening(first, isFirst) + words.join('')).trimEnd();
  }
}
