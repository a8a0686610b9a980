/** What the columns of a trace say as a whole. */
import { alignColumns } from '../../base/text';
import type { TraceColumns } from './columns';
import { eventNames, OTHER_EVENT, OTHER_LINE } from './scan';

/** The name of a kind of line. */
export function kindName(kind: number): string {
  if (kind === OTHER_LINE) return 'lines without a trace event';
  return kind === OTHER_EVENT ? 'other trace events' : (eventNames[kind] ?? '');
}

/** Lines of each kind, the most first. */
export const kindCounts = (columns: TraceColumns): { readonly kind: string; readonly lines: number }[] =>
  [...columns.counts]
    .map((lines, kind) => ({ kind: kindName(kind), lines }))
    .filter(({ lines }) => lines > 0)
    .toSorted((a, b) => b.lines - a.lines);

export function columnsText(columns: TraceColumns): string[] {
  const back =
    columns.timesBack > 0
      ? [`The clock jumps back ${columns.timesBack} times; lines stay in the order of the file.`]
      : [];
  return [
    `${columns.lines} lines, ${columns.bytes} bytes`,
    ...alignColumns(kindCounts(columns).map(({ kind, lines }) => [`  ${kind}`, String(lines)])),
    ...back,
  ];
}

export const columnsJson = (columns: TraceColumns) => ({
  lines: columns.lines,
  bytes: columns.bytes,
  kinds: kindCounts(columns),
  timesBack: columns.timesBack,
});
