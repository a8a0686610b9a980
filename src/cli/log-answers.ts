/** What is asked of a log that was read, the same of a file and of a pasted block: what failed in it, and who explains it. */
import { finish } from '../base/resumable';
import { parseProfileList } from '../profiles/resolve';
import { diagnose } from '../traces/diagnosis/diagnose';
import { diagnosisJson, diagnosisText } from '../traces/diagnosis/text';
import { explainInParts } from '../traces/explain/explain';
import { explanationsJson, explanationsText } from '../traces/explain/text';
import { countsText, type Trace } from '../traces/read';
import { EXIT_FAILED, EXIT_FINE, fine, jsonPretty, terminalColumns, UsageError, type Output } from './io';

/** The options with which a log is asked, for {@link readWords}. */
export const logOptions = { diagnose: 'flag', explain: 'value' } as const;

/** The answer to `--diagnose` or `--explain`; nothing when neither stands there. */
export function logAnswer(read: () => Trace, options: ReadonlyMap<string, string>): Output | undefined {
  const profiles = options.get('explain');
  const asJson = options.has('json');
  if (profiles !== undefined && options.has('diagnose'))
    throw new UsageError('--explain and --diagnose exclude each other');
  if (profiles !== undefined) return explanations(read(), profiles, asJson);
  return options.has('diagnose') ? diagnoses(read(), asJson) : undefined;
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
