/** `diff`: two scenarios or recordings, in any mix, and the first step in which they differ. */
import { MAX_RECORDING_BYTES, MAX_SCENARIO_BYTES } from '../base/limits';
import { alignColumns } from '../base/text';
import { parseProfileList, parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { firstStepDifference, linesOf, type StepLines } from '../recording/comparison/step-lines';
import { RECORDING_FORMAT } from '../recording/file/file';
import { Timeline } from '../recording/timeline/timeline';
import { parseScenario, problemText } from '../scenarios/parse';
import { scenarioText } from '../scenarios/read';
import { runScenario } from '../scenarios/run';
import { headOf } from '../scenarios/scenario';
import { EXIT_FAILED, fileChunks, fine, readWords, UsageError, type Output } from './io';
import { placed, playFile } from './recording-file';

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
  const chunks = fileChunks(file, MAX_RECORDING_BYTES);
  const first = chunks.next();
  const begin = first.done ? new Uint8Array() : first.value.slice();
  const all = function* (): Generator<Uint8Array> {
    yield begin;
    yield* chunks;
  };
  return new TextDecoder().decode(begin.subarray(0, 200)).trimStart().startsWith(RECORDING_BEGINS)
    ? recordingSide(name, all())
    : scenarioSide(name, joined(name, all()), profile);
}

const RECORDING_BEGINS = `{"format":"${RECORDING_FORMAT}"`;

function joined(name: string, chunks: Iterable<Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const chunk of chunks) {
    parts.push(chunk.slice());
    length += chunk.length;
    if (length > MAX_SCENARIO_BYTES)
      throw new UsageError(`${name}: a scenario has at most ${MAX_SCENARIO_BYTES} bytes`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
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
function recordingSide(name: string, chunks: Iterable<Uint8Array>): Side {
  const { header, timeline, digest, difference, problem } = playFile(name, chunks);
  if (problem || digest === undefined) throw new UsageError(`${name}: ${placed(problem)}`);
  const lines = { ...linesOf(timeline), digest };
  // State is this build's: it tells nothing where this build does something else.
  const { timeline: _, ...alone } = lines;
  return { name, profile: header.profile, lines: difference ? alone : lines };
}
