/** What is odd about a log as a whole. */
import type { TraceLine } from './read';

/** Times of one recorder on one processor. */
interface Clock {
  seconds: number;
  cpu: number | undefined;
}

/** One sentence for each: clocks that jump back, processors that are not in the order of time, events that were lost. */
export function notesOf(lines: readonly TraceLine[]): string[] {
  const clocks = new Map<string, Clock>();
  const back: number[] = [];
  const interleaved: number[] = [];
  for (const { prefix, number } of lines) {
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

function sentence(lines: readonly number[], what: string): string[] {
  const [first] = lines;
  if (first === undefined) return [];
  const more =
    lines.length > 1 ? ` and ${lines.length - 1} ${lines.length === 2 ? 'time' : 'times'} more` : '';
  return [`${what} at line ${first}${more}; lines stay in the order of the file.`];
}
