/** `trace`: a log or a trace, every line read or counted, and what happened in it. */
import { MAX_LOG_BYTES } from '../base/limits';
import { finish } from '../base/resumable';
import { printScenario } from '../scenarios/print';
import { diagnose } from '../traces/diagnosis/diagnose';
import { diagnosisJson, diagnosisText } from '../traces/diagnosis/text';
import { explainInParts } from '../traces/explain/explain';
import { explanationsJson, explanationsText } from '../traces/explain/text';
import { parseProfileList } from '../profiles/resolve';
import { countsText, readTraceInParts, type Trace } from '../traces/read';
import { traceJson } from '../traces/json';
import { scenarioOfLine } from '../traces/scenario';
import { traceText } from '../traces/text';
import {
  EXIT_FAILED,
  EXIT_FINE,
  fine,
  jsonPretty,
  readBytes,
  readWords,
  terminalColumns,
  UsageError,
  type Output,
} from './io';

export function trace(words: readonly string[]): Output {
  const { plain, options } = readWords(words, {
    json: 'flag',
    diagnose: 'flag',
    explain: 'value',
    scenario: 'value',
  });
  const [file, ...rest] = plain;
  if (file === undefined || rest.length > 0)
    throw new UsageError('trace takes one FILE, or - for standard input');
  const read = finish(readTraceInParts(new TextDecoder().decode(readBytes(file, MAX_LOG_BYTES))));
  if (read.lines.length === 0) throw new UsageError(`${file}: it is empty`);
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
  const chosen = lines.find(({ number }) => String(number) === word);
  if (!chosen) throw new UsageError(`--scenario ${word}: the number of a line, 1 to ${lines.length}`);
  const made = scenarioOfLine(lines.find(({ number }) => number === chosen.of) ?? chosen);
  if (!made.ok) throw new UsageError(`line ${word}: ${made.error.message}`);
  return fine(printScenario(made.value));
}
