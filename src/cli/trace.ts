/** `trace`: a log or a trace, every line read or counted, and what happened in it. */
import { finish } from '../base/resumable';
import { printScenario } from '../scenarios/print';
import { diagnose } from '../traces/diagnosis/diagnose';
import { diagnosisJson, diagnosisText } from '../traces/diagnosis/text';
import { explainInParts } from '../traces/explain/explain';
import { scenarioOfLines } from '../traces/explain/scenario';
import { explanationsJson, explanationsText } from '../traces/explain/text';
import { parseProfileList } from '../profiles/resolve';
import { countsText, readTraceInParts, type Trace } from '../traces/read';
import { notesOf } from '../traces/notes';
import { traceJson } from '../traces/json';
import { scenarioOfLine } from '../traces/scenario';
import { columnsJson, columnsText } from '../traces/columns/text';
import { traceText } from '../traces/text';
import { columnsOfLog, wholeLog, windowOfLog } from './trace-file';
import {
  EXIT_FAILED,
  EXIT_FINE,
  fine,
  jsonPretty,
  readWords,
  terminalColumns,
  UsageError,
  type Output,
} from './io';

export function trace(words: readonly string[]): Output {
  const { plain, options } = readWords(words, {
    json: 'flag',
    diagnose: 'flag',
    count: 'flag',
    explain: 'value',
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
  const { text, notes, first } = window === undefined ? wholeLog(file) : windowOfLog(file, window);
  const read = finish(readTraceInParts(text, first));
  if (read.lines.length === 0) throw new UsageError(`${file}: it is empty`);
  const complaint = [...notes, ...notesOf(read.lines)].join('\n');
  return { ...shown(read, options), ...(complaint === '' ? {} : { complaint }) };
}

function shown(read: Trace, options: ReadonlyMap<string, string>): Output {
  const line = options.get('scenario');
  if (line !== undefined) return scenarioText(read, line);
  const asJson = options.has('json');
  const profiles = options.get('explain');
  if (profiles !== undefined && options.has('diagnose'))
    throw new UsageError('--explain and --diagnose exclude each other');
  if (profiles !== undefined) return explanations(read, profiles, asJson);
  if (options.has('diagnose')) return diagnoses(read, asJson);
  return fine(asJson ? jsonPretty(traceJson(read)) : traceText(read, terminalColumns()).join('\n'));
}

function diagnoses(read: Trace, asJson: boolean): Output {
  const found = diagnose(read);
  if (asJson) return fine(jsonPretty({ counts: read.counts, diagnoses: found.map(diagnosisJson) }));
  return fine([`${countsText(read.counts)}.`, '', ...diagnosisText(found, terminalColumns())].join('\n'));
}

/** How far each of some kernels explains the log; the status says whether all do. */
function explanations(read: Trace, specs: string, asJson: boolean): Output {
  const profiles = parseProfileList(specs);
  if (!profiles.ok) throw new UsageError(profiles.error.message);
  const found = finish(explainInParts(read, profiles.value));
  const status = found.profiles.some(({ first }) => first) ? EXIT_FAILED : EXIT_FINE;
  const text = asJson
    ? jsonPretty({ counts: read.counts, ...explanationsJson(found) })
    : [`${countsText(read.counts)}.`, '', ...explanationsText(found, terminalColumns())].join('\n');
  return { text, status };
}

/** The scenario of one line, or of the line that it continues. */
function scenarioText({ lines }: Trace, word: string): Output {
  if (word === 'all') return scenarioOfAll(lines);
  const chosen = lines.find(({ number }) => String(number) === word);
  if (!chosen) throw new UsageError(`--scenario ${word}: the number of a line, 1 to ${lines.length}, or all`);
  const made = scenarioOfLine(lines.find(({ number }) => number === chosen.of) ?? chosen);
  if (!made.ok) throw new UsageError(`line ${word}: ${made.error.message}`);
  return fine(printScenario(made.value));
}

/** The requests of the whole log. */
function scenarioOfAll(lines: Trace['lines']): Output {
  const made = scenarioOfLines(lines);
  if (!made.ok) throw new UsageError(made.error.message);
  const { scenario, made: count, requests } = made.value;
  const complaint = count < requests ? `${count} of ${requests} requests are acts of it` : undefined;
  return { ...fine(printScenario(scenario)), ...(complaint === undefined ? {} : { complaint }) };
}
