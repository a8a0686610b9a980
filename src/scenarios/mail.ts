/** What mail programs and git do to lines, and the one thing a scenario's own text could still trigger. */

/** Longest line that survives every mail program. */
export const MAIL_COLUMNS = 72;
/** Longest word that fits a line of its own behind one blank. */
export const LONGEST_WORD = MAIL_COLUMNS - 1;

/**
 * Whether `git am --scissors` would cut the mail at this line: scissors and dashes make up most of it.
 * Follows git's mailinfo.c, is_scissors_line().
 */
export function isScissorsLine(line: string): boolean {
  let scissors = 0;
  let gap = 0;
  let perforation = 0;
  let inPerforation = false;
  const visible = line.trim().length;
  for (let at = 0; at < line.length; at++) {
    if (/\s/.test(line.charAt(at))) {
      if (inPerforation) [perforation, gap] = [perforation + 1, gap + 1];
    } else if (line.charAt(at) === '-') [inPerforation, perforation] = [true, perforation + 1];
    else if (['>8', '8<', '>%', '%<'].includes(line.slice(at, at + 2))) {
      [inPerforation, perforation, scissors] = [true, perforation + 2, scissors + 2];
      at++;
    } else inPerforation = false;
  }
  return scissors > 0 && visible >= 8 && visible < perforation * 3 && gap * 2 < perforation;
}

/** Beginnings of a line that mail programs, git am or git commit take for their own. */
export const lineTraps = /^(>|#|---|-- |From |diff |Index:|[A-Za-z][A-Za-z0-9-]*: |begin )/;
