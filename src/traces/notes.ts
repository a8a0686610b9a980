/** What is odd about a log as a whole. */
import { finish, type Resumable } from '../base/resumable';
import type { TraceLine } from './read';

/** Times of one recorder on one processor. */
interface Clock {
  seconds: number;
  cpu: number | undefined;
}

const LINES_IN_PART = 1000;

/** One sentence for each: clocks that jump back, processors that are not in the order of time. */
export function* notesInParts(lines: readonly TraceLine[]): Resumable<string[]> {
  const clocks = new Map<string, Clock>();
  const back: number[] = [];
  const interleaved: number[] = [];
  for (const [at, { prefix, number }] of lines.entries()) {
    if (at % LINES_IN_PART === LINES_IN_PART - 1) yield;
    if (prefix?.seconds === undefined) continue;
    const last = clocks.get(prefix.recorder);
    if (last && prefix.seconds < last.seconds) (last.cpu === prefix.cpu ? back : interleaved).push(number);
    clocks.set(prefix.recorder, { seconds: prefix.seconds, cpu: prefix.cpu });
  }
  return [
    ...sentence(back, 'The clock jumps back'),
    ...sentence(interleaved, 'Lines of several processors are not in the order of their time'),
  ];
}

/** As {@link notesInParts}, at once. */
export const notesOf = (lines: readonly TraceLine[]): string[] => finish(notesInParts(lines));

function sentence(lines: readonly number[], what: string): string[] {
  const [first] = lines;
  if (first === undefined) return [];
  const more =
    lines.length > 1 ? ` and ${lines.length - 1} ${lines.length === 2 ? 'time' : 'times'} more` : '';
  return [`${what} at line ${first}${more}; lines stay in the order of the file.`];
}
