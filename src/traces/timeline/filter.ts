/** Filters on the rows of a log: the language of filters on steps, of which a log knows the words of its rows alone. */
import type { Resumable } from '../../base/resumable';
import { problem, ok, type Result } from '../../base/result';
import { namesIn, matches, type Filtered } from '../../scenarios/filter/matches';
import { parseFilter } from '../../scenarios/filter/parse';
import type { Filter } from '../../scenarios/filter/filter';
import { laneTitle, UNKNOWN_LANE, type LanesAre } from './lanes';
import { rowText, type TraceRow, type TraceTimeline } from './timeline';

/** More vCPUs than KVM makes: no name is refused for its number before the log is asked. */
const MACHINE = { vcpus: 4096 };

/** Reads a filter; words without an operator are looked for as they stand. */
export function parseTraceFilter(text: string): Result<Filter> {
  const words = text.trim();
  const parsed = parseFilter(words, MACHINE);
  if (!parsed.ok) {
    const isPlain = !/[=~<>()"]/.test(words);
    return isPlain
      ? ok({ kind: 'text', name: 'text', operator: '~', value: words })
      : problem(parsed.problem.message);
  }
  const other = namesIn(parsed.filter).find((name) => name !== 'text');
  if (other === undefined) return ok(parsed.filter);
  return /^[\w.:-]+$/.test(words)
    ? ok({ kind: 'text', name: 'text', operator: '~', value: words })
    : problem(`A log has no ${other}: it knows the text of its lines, as in: text ~ PSC and not text ~ v1`);
}

/** A row as a filter sees it: its words, the line as it stands, and its vCPU or processor. */
function filtered(row: TraceRow, lanesAre: LanesAre): Filtered {
  const nothing = (path: string) => ({ message: '', part: path });
  return {
    before: nothing,
    after: nothing,
    texts: () => [
      rowText(row),
      row.inferred ? '' : row.line.raw,
      row.lane === UNKNOWN_LANE ? '' : laneTitle(lanesAre, row.lane),
    ],
    differs: () => false,
  };
}

const ROWS_IN_PART = 50;

/** The rows that a filter means. */
export function* filteredRowsInParts(
  { rows, lanesAre }: Pick<TraceTimeline, 'rows' | 'lanesAre'>,
  filter: Filter,
): Resumable<number[]> {
  const hits: number[] = [];
  for (const [at, row] of rows.entries()) {
    if (matches(filter, filtered(row, lanesAre))) hits.push(at);
    if (at % ROWS_IN_PART === ROWS_IN_PART - 1) yield;
  }
  return hits;
}
