/** `diff`: two scenarios or recordings, in any mix, and the first step in which they differ. */
import { MAX_RECORDING_BYTES } from '../base/limits';
import { alignColumns } from '../base/text';
import { parseProfileList, parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { firstStepDifference, linesOf, type StepLines } from '../recording/comparison/step-lines';
import { readRecording, RECORDING_FORMAT, type Recording } from '../recording/file/file';
import { replay } from '../recording/file/replay';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario, problemText } from '../scenarios/parse';
import { scenarioText } from '../scenarios/read';
import { runScenario } from '../scenarios/run';
import { headOf } from '../scenarios/scenario';
import { EXIT_FAILED, fine, readBytes, readWords, UsageError, type Output } from './io';

/** Fields of a step that are printed. */
const MOST_FIELDS = 40;

/** One of the two. */
interface Side {
  readonly name: string;
  readonly profile: string;
  readonly lines: StepLines;
}

export function diff(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { profile: 'value' });
  const [first, second, ...extra] = plain;
  if (first === undefined || second === undefined || extra.length > 0)
    throw new UsageError('diff takes two files, scenarios or recordings; - is standard input');
  if (first === '-' && second === '-') throw new UsageError('standard input can be read once only');
  const [profileA, profileB] = profilesOf(options.get('profile'));
  const a = sideOf(first, profileA);
  const b = sideOf(second, profileB);
  const difference = firstStepDifference(a.lines, b.lines);
  const heads = [a, b].map(
    ({ name, profile, lines }, at) => `${'AB'.charAt(at)}  ${name}: ${profile}, ${lines.count} steps`,
  );
  if (!difference) return fine([...heads, `the same steps, digest ${a.lines.digest}`].join('\n'));
  const { step, fields } = difference;
  const shown = fields
    .slice(0, MOST_FIELDS)
    .map(({ name, values, frames = 1 }) => [
      frames > 1 ? `  ${name} (${frames} pages)` : `  ${name}`,
      `A ${values[0] ?? '-'}`,
      `B ${values[1] ?? '-'}`,
    ]);
  const rest = fields.length > MOST_FIELDS ? [`  and ${fields.length - MOST_FIELDS} more`] : [];
  const where = step < 0 ? 'before step 1' : `at step ${step + 1}`;
  const text = [...heads, `they differ ${where}`, ...alignColumns(shown), ...rest].join('\n');
  return { text, status: EXIT_FAILED };
}

/** One profile for both, or one for each. */
function profilesOf(
  wanted: string | undefined,
): readonly [ResolvedProfile | undefined, ResolvedProfile | undefined] {
  if (wanted === undefined) return [undefined, undefined];
  const parsed = parseProfileList(wanted);
  if (!parsed.ok) throw new UsageError(parsed.error.message);
  const [first, second = first, ...more] = parsed.value;
  if (more.length > 0) throw new UsageError('diff takes one profile for both files, or one for each');
  return [first, second];
}

/** @param profile of a scenario; the first that it names when missing */
function sideOf(file: string, profile: ResolvedProfile | undefined): Side {
  const name = file === '-' ? 'standard input' : file;
  const bytes = readBytes(file, MAX_RECORDING_BYTES);
  const begin = new TextDecoder().decode(bytes.subarray(0, 200));
  return begin.trimStart().startsWith(`{"format":"${RECORDING_FORMAT}"`)
    ? recordingSide(name, new TextDecoder().decode(bytes))
    : scenarioSide(name, bytes, profile);
}

function scenarioSide(name: string, bytes: Uint8Array, wanted: ResolvedProfile | undefined): Side {
  const text = scenarioText(bytes);
  if (!text.ok) throw new UsageError(`${name}: ${text.error.message}`);
  const parsed = parseScenario(text.value);
  if (!parsed.ok) throw new UsageError(parsed.problems.map((p) => `${name}: ${problemText(p)}`).join('\n'));
  const profile = wanted ?? namedFirst(name, headOf(parsed.scenario).profiles[0] ?? '');
  const { timeline } = runScenario(parsed.scenario, profile, (world) => new Timeline(world));
  return { name, profile: profile.spec, lines: linesOf(timeline) };
}

function namedFirst(name: string, spec: string): ResolvedProfile {
  const parsed = parseProfileSpec(spec);
  if (!parsed.ok) throw new UsageError(`${name}: ${parsed.error.message}`);
  return parsed.value;
}

/** As it was recorded, also where this build comes to something else. */
function recordingSide(name: string, text: string): Side {
  const read = readRecording(text);
  const problem = read.ok ? read.value.problem : read.error;
  if (!read.ok || problem)
    throw new UsageError(`${name}: ${problem?.place ?? ''}: ${problem?.message ?? ''}`);
  const { recording } = read.value;
  return { name, profile: recording.header.profile, lines: recordedLines(recording) };
}

function recordedLines(recording: Recording): StepLines {
  const { steps, digest = '' } = recording;
  const again = replay(recording);
  const timeline = again.ok && !again.value.difference ? again.value.timeline : undefined;
  return {
    count: steps.length,
    line: (step) => steps[step] ?? '',
    digest,
    ...(timeline === undefined ? {} : { timeline }),
  };
}
