/** What mail programs and git do to lines, and the one thing a scenario's own text could still trigger. */

/** Longest line that survives every mail program. */
export const MAIL_COLUMNS = 72;
/** Longest word that fits a line of its own behind one blank. */
export const LONGEST_WORD = MAIL_COLUMNS - 1;

const BLADES: ReadonlySet<string> = new Set(['>8', '8<', '>%', '%<']);

/**
 * A line as `git am --scissors` looks at it, character by character: it cuts where scissors and dashes make up most of
 * the line. Follows git's mailinfo.c, is_scissors_line().
 */
export class ScissorsWatch {
  private scissors = 0;
  private gap = 0;
  private perforation = 0;
  private inPerforation = false;
  /** Places of the first and behind the last character that is no blank. */
  private first = -1;
  private end = 0;
  private length = 0;

  /** Goes on with more of the line; no blade may be parted between two calls. */
  take(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const character = text.charAt(at);
      if (character.trim() === '') {
        if (this.inPerforation) [this.perforation, this.gap] = [this.perforation + 1, this.gap + 1];
        continue;
      }
      if (this.first < 0) this.first = this.length + at;
      if (character === '-') [this.inPerforation, this.perforation] = [true, this.perforation + 1];
      else if (BLADES.has(text.slice(at, at + 2))) {
        [this.inPerforation, this.perforation] = [true, this.perforation + 2];
        this.scissors += 2;
        at++;
      } else this.inPerforation = false;
      this.end = this.length + at + 1;
    }
    this.length += text.length;
  }

  /** Whether git would cut here if the line ended now. */
  get cuts(): boolean {
    const visible = this.end - this.first;
    return (
      this.scissors > 0 && visible >= 8 && visible < this.perforation * 3 && this.gap * 2 < this.perforation
    );
  }
}

/** Whether `git am --scissors` would cut the mail at this line. */
export function isScissorsLine(line: string): boolean {
  const watch = new ScissorsWatch();
  watch.take(line);
  return watch.cuts;
}

/** Beginnings of a line that mail programs, git am or git commit take for their own. */
export const lineTraps = /^(>|#|---|-- |From |diff |Index:|[A-Za-z][A-Za-z0-9-]*: |begin )/;
