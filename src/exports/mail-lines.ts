/** Lines of a mail around a scenario: none longer than a mail allows, none that a mail program or a reader takes for its own. */
import { wrapWithin } from '../base/text';
import { isScissorsLine, lineTraps, MAIL_COLUMNS } from '../scenarios/mail';

/** What a line that goes on is set in; a first line leaves as much free, so that {@link safeLine} may set it in. */
const CONTINUATION = 2;

/** `text` in lines of the mail, the first at `indent`, what does not fit two further in. */
export function fitted(text: string, indent: number): string[] {
  const [first = '', ...rest] = wrapWithin(text, MAIL_COLUMNS - indent - CONTINUATION);
  const continued = ' '.repeat(indent + CONTINUATION);
  return [' '.repeat(indent) + first, ...rest.map((line) => continued + line)];
}

/**
 * A line that nobody interprets. It gets longer only where it begins with a word of mail programs, and then by two blanks;
 * {@link fitted} leaves room for them.
 */
export function safeLine(line: string): string {
  const plain = withoutScissors(line).replace(/^(\s*)ghcb-scenario/, '$1ghcb scenario');
  return lineTraps.test(plain) ? ' '.repeat(CONTINUATION) + plain : plain;
}

/** Scissors need blades, `>8` or `%<`, as well as dashes or blanks between them. */
function withoutScissors(line: string): string {
  if (!isScissorsLine(line)) return line;
  const doubled = line.replaceAll('-', '=');
  return isScissorsLine(doubled) ? doubled.replace(/[<>]/g, '|') : doubled;
}
