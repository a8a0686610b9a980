/** The timeline of a log as text: a mail of 72 columns, and a table. */
import { wrap } from '../base/text';
import { laneTitle, UNKNOWN_LANE } from '../traces/timeline/lanes';
import { rowText, type TraceRow, type TraceTimeline } from '../traces/timeline/timeline';
import { countsText, type LineCounts } from '../traces/read';
import { csvText } from './csv';
import { TextLadder } from './ladder-text';

/** A mail with more lines is read by nobody. */
export const MOST_MAILED_ROWS = 500;

export interface ExportedRows {
  readonly timeline: TraceTimeline;
  readonly counts: LineCounts;
  /** Indexes of the rows, in order: those that a filter means, or all. */
  readonly rows: readonly number[];
  /** Notes by the number of their line. */
  readonly notes: ReadonlyMap<number, string>;
}

/** @param size columns of a line and rows; a terminal has more of both than a mail */
export function traceMail(
  { timeline, counts, rows, notes }: ExportedRows,
  { columns, most }: { readonly columns: number; readonly most: number } = {
    columns: 72,
    most: MOST_MAILED_ROWS,
  },
): string[] {
  const ladder = new TextLadder({
    vcpus: timeline.lanes.length > 0 ? timeline.lanes : [0],
    letters: 0,
    columns,
    titleOf: (lane, isLong) => laneTitle(timeline.lanesAre, lane, isLong),
  });
  const shown = rows.slice(0, most).flatMap((at) => timeline.rows[at] ?? []);
  const lines = shown.flatMap((row) => [
    ...ladder.lines({
      mark: row.inferred ? '~' : '',
      number: row.inferred ? undefined : row.line.number,
      letters: '',
      move: { ...row, vcpu: row.lane, inferred: row.inferred !== undefined },
      text: rowText(row),
    }),
    ...noteOf(row, notes).flatMap((note) => ladder.beside(`note: ${note}`)),
  ]);
  const left = rows.length - shown.length;
  return [
    ...wrap(
      `${countsText(counts)}. Numbers are those of the lines; rows with ~ are in no line, they follow from lines.`,
      columns,
    ),
    '',
    ladder.heads(),
    ...lines,
    ...(left > 0 ? ['', `${left} more rows are not shown.`] : []),
  ];
}

const noteOf = ({ line, inferred }: TraceRow, notes: ReadonlyMap<number, string>): string[] => {
  const note = inferred ? undefined : notes.get(line.number);
  return note === undefined || note === '' ? [] : [note];
};

/** One row of the table for each row, with the line as it stands in the log. */
export function traceCsv({ timeline, rows, notes }: ExportedRows): string {
  const head = [
    'line',
    'seconds',
    'cpu',
    'vcpu',
    'from',
    'to',
    'refused',
    'inferred from',
    'text',
    'raw',
    'note',
  ];
  const lines = rows.flatMap((at) => {
    const row = timeline.rows[at];
    if (!row) return [];
    const { line, lane, from, to, refused, inferred } = row;
    return [
      [
        String(line.number),
        String(line.prefix?.seconds ?? ''),
        String(line.prefix?.cpu ?? ''),
        timeline.lanesAre === 'vcpus' && lane !== UNKNOWN_LANE ? String(lane) : '',
        from,
        to,
        refused ? 'yes' : 'no',
        inferred ? inferred.lines.join(' ') : '',
        inferred ? inferred.text : rowText(row),
        inferred ? '' : line.raw,
        noteOf(row, notes).join(''),
      ],
    ];
  });
  return csvText([head, ...lines]);
}
