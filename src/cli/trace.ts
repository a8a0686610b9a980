/** `trace`: a log or a trace, every line read or counted, and what happened in it. */
import { finish } from '../base/resumable';
import { printScenario } from '../scenarios/print';
import { annotatedLog } from '../traces/annotated';
import { scenarioOfLines } from '../traces/explain/scenario';
import { readTraceInParts, type Trace } from '../traces/read';
import { notesOf } from '../traces/notes';
import { traceJson } from '../traces/json';
import { scenarioOfLine } from '../traces/scenario';
import { columnsJson, columnsText } from '../traces/columns/text';
import { traceText } from '../traces/text';
import { UNKNOWN_LANE } from '../traces/timeline/lanes';
import {
  rowText,
  traceTimelineInParts,
  type TraceRow,
  type TraceTimeline,
} from '../traces/timeline/timeline';
import { shortLogMail } from '../exports/log-mail';
import { traceMail } from '../exports/trace-timeline';
import { profileIds } from '../profiles/profiles';
import { profile } from '../profiles/resolve';
import { columnsOfLog, wholeLog, windowOfLog } from './trace-file';
import { logAnswer, logOptions } from './log-answers';
import { fine, jsonPretty, readWords, terminalColumns, UsageError, type Output } from './io';

export function trace(words: readonly string[]): Output {
  const { plain, options } = readWords(words, {
    json: 'flag',
    count: 'flag',
    timeline: 'flag',
    mail: 'flag',
    ...logOptions,
    lines: 'value',
    scenario: 'value',
  });
  const [file, ...rest] = plain;
  if (file === undefined || rest.length > 0)
    throw new UsageError('trace takes one FILE, or - for standard input');
  if (options.has('count')) {
    const columns = columnsOfLog(file);
    return fine(options.has('json') ? jsonPretty(columnsJson(columns)) : columnsText(columns).join('\n'));
  }
  const window = options.get('lines');
  const { pieces, notes, first } = window === undefined ? wholeLog(file) : windowOfLog(file, window);
  const written = annotatedLog(pieces);
  const read = finish(readTraceInParts(written.pieces, Math.max(first, written.first)));
  if (read.lines.length === 0) throw new UsageError(`${file}: it is empty`);
  const complaint = [...notes, ...notesOf(read.lines)].join('\n');
  return { ...shown(read, written.notes, options), ...(complaint === '' ? {} : { complaint }) };
}

function shown(
  read: Trace,
  notes: ReadonlyMap<number, string>,
  options: ReadonlyMap<string, string>,
): Output {
  const line = options.get('scenario');
  if (line !== undefined) return scenarioText(read, line);
  if (options.has('mail')) return mailText(read, notes);
  if (options.has('timeline')) return timelineText(read, notes, options.has('json'));
  const answer = logAnswer(() => read, options);
  if (answer) return answer;
  const asJson = options.has('json');
  return fine(asJson ? jsonPretty(traceJson(read)) : traceText(read, terminalColumns()).join('\n'));
}

/** What failed in the log in at most 25 lines, as the page copies it. */
const mailText = (read: Trace, notes: ReadonlyMap<number, string>): Output =>
  fine(finish(shortLogMail({ trace: read, notes, profiles: profileIds.map((id) => profile(id)) })).trimEnd());

/** The log on the lanes of a ladder, with what follows from its lines. */
function timelineText(read: Trace, notes: ReadonlyMap<number, string>, asJson: boolean): Output {
  const timeline = finish(traceTimelineInParts(read));
  if (asJson)
    return fine(
      jsonPretty({ counts: read.counts, rows: timeline.rows.map((row) => rowJson(row, timeline)) }),
    );
  const rows = [...timeline.rows.keys()];
  const exported = { timeline, counts: read.counts, rows, notes };
  return fine(traceMail(exported, { columns: terminalColumns(), most: Infinity }).join('\n'));
}

const rowJson = (row: TraceRow, { lanesAre }: Pick<TraceTimeline, 'lanesAre'>) => ({
  line: row.line.number,
  ...(row.lane === UNKNOWN_LANE ? {} : { [lanesAre === 'vcpus' ? 'vcpu' : 'cpu']: row.lane }),
  from: row.from,
  to: row.to,
  refused: row.refused,
  ...(row.inferred ? { inferred: row.inferred } : { text: rowText(row) }),
});

/** The scenario of one line, or of the line that it continues. */
function scenarioText({ lines }: Trace, word: string): Output {
  if (word === 'all') return scenarioOfSome(lines);
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(word) ?? [];
  if (first !== undefined)
    return scenarioOfSome(lines.filter(({ number }) => number >= Number(first) && number <= Number(last)));
  const chosen = lines.find(({ number }) => String(number) === word);
  if (!chosen)
    throw new UsageError(
      `--scenario ${word}: the number of a line, 1 to ${lines.length}, FIRST-LAST, or all`,
    );
  const made = scenarioOfLine(lines.find(({ number }) => number === chosen.of) ?? chosen);
  if (!made.ok) throw new UsageError(`line ${word}: ${made.error.message}`);
  return fine(printScenario(made.value));
}

/** The requests of the whole log, or of some lines of it. */
function scenarioOfSome(lines: Trace['lines']): Output {
  const made = scenarioOfLines(lines);
  if (!made.ok) throw new UsageError(made.error.message);
  const { scenario, made: count, requests } = made.value;
  const complaint = count < requests ? `${count} of ${requests} requests are acts of it` : undefined;
  return { ...fine(printScenario(scenario)), ...(complaint === undefined ? {} : { complaint }) };
}
