/** How a log goes elsewhere: as mails, as its timeline in text or a table, and as a picture of the timeline. */
import { logPicture } from '../../drawings/log-picture';
import type { Picture } from '../../drawings/picture';
import { shortLogMail, wholeLogMail, type MailedLog } from '../../exports/log-mail';
import { traceCsv, traceMail, type ExportedRows } from '../../exports/trace-timeline';
import type { Resumable } from '../../base/resumable';
import { profileIds } from '../../profiles/profiles';
import { profile } from '../../profiles/resolve';
import type { TraceLine } from '../../traces/read';
import { filteredRowsInParts, parseTraceFilter } from '../../traces/timeline/filter';
import { rowOfLine, traceTimelineInParts } from '../../traces/timeline/timeline';
import type { SharedView } from '../shared/view';
import type { ShownLog } from './shown-log.svelte';

/** @param line the one that is shown */
export function sharedLog(log: ShownLog, line: TraceLine | undefined): SharedView {
  const { trace, notes } = log;
  const mailed = (link: string): MailedLog => ({
    trace,
    line,
    notes,
    link,
    profiles: profileIds.map((id) => profile(id)),
  });
  return {
    title: 'Timeline of the log',
    says: log.filter.trim() === '' ? 'its rows around the line shown' : 'the rows that the filter means',
    picture: () => pictureOf(log, line),
    command: 'vmgexit trace FILE --mail',
    texts: [
      {
        id: 'log-mail',
        title: 'Mail of the log',
        extension: 'txt',
        mediaType: 'text/plain',
        says: 'at most 25 lines: what failed, who refused, which kernels explain it',
        textOf: (link) => shortLogMail(mailed(link)),
      },
      {
        id: 'log-mail-whole',
        title: 'Whole mail of the log',
        extension: 'txt',
        mediaType: 'text/plain',
        says: 'all causes with sources, what each kernel explains, and the timeline in 72 columns',
        textOf: (link) => wholeLogMail(mailed(link)),
      },
      {
        id: 'log-timeline',
        title: 'Timeline of the log as text',
        extension: 'txt',
        mediaType: 'text/plain',
        says: 'the ladder in 72 columns, with notes',
        *textOf() {
          return `${traceMail(yield* rowsOf(log)).join('\n')}\n`;
        },
      },
      {
        id: 'log-csv',
        title: 'CSV of the log',
        extension: 'csv',
        mediaType: 'text/csv',
        says: 'a row for each line that was placed and for what follows from lines',
        *textOf() {
          return traceCsv(yield* rowsOf(log));
        },
      },
    ],
  };
}

/** The rows that the filter of the log means; all where it is none. */
function* rowsOf({ trace, notes, filter: words }: ShownLog): Resumable<ExportedRows> {
  const timeline = yield* traceTimelineInParts(trace);
  const filter = words.trim() === '' ? undefined : parseTraceFilter(words);
  const rows = filter?.ok ? yield* filteredRowsInParts(timeline, filter.value) : [...timeline.rows.keys()];
  return { timeline, counts: trace.counts, rows, notes };
}

function* pictureOf(log: ShownLog, line: TraceLine | undefined): Resumable<Picture> {
  const { timeline, rows } = yield* rowsOf(log);
  const at = line ? rowOfLine(timeline.rows, line.number) : -1;
  return logPicture({ timeline, rows, at, title: `Log of ${log.trace.lines.length} lines` });
}
