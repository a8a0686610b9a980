/** `verify`: replays a recording and says where, if anywhere, this build comes to something else. */
import { MAX_RECORDING_BYTES, MAX_SCENARIO_BYTES } from '../base/limits';
import { readRecording } from '../recording/file/file';
import { replay } from '../recording/file/replay';
import { scenarioText } from '../scenarios/read';
import { EXIT_FAILED, EXIT_USAGE, fine, readBytes, readWords, UsageError, type Output } from './io';

export function verify(words: readonly string[]): Output {
  const { plain } = readWords(words, {});
  const [file, ...extra] = plain;
  if (file === undefined || extra.length > 0)
    throw new UsageError('verify takes one FILE.ghcb.jsonl; - is standard input');
  const name = file === '-' ? 'standard input' : file;
  const text = textOf(name, readBytes(file, MAX_RECORDING_BYTES));
  const read = readRecording(text);
  if (!read.ok) throw new UsageError(`${name}: ${place(read.error.place)}${read.error.message}`);
  const { recording, problem } = read.value;
  const replayed = replay(recording);
  if (!replayed.ok) throw new UsageError(`${name}: ${place(replayed.error.place)}${replayed.error.message}`);
  const { timeline, difference } = replayed.value;
  const made = `${recording.header.profile}, ${recording.steps.length} steps, made by engine ${recording.header.engine}`;
  if (difference) {
    const { step, recorded, now } = difference;
    const lines = [
      `${name}: ${made}`,
      `differs at step ${step + 1}`,
      `  recorded ${recorded}`,
      `  now      ${now}`,
    ];
    return { text: lines.join('\n'), status: EXIT_FAILED };
  }
  if (problem) {
    const complaint = `vmgexit: ${name}: ${place(problem.place)}${problem.message}`;
    return { text: `${name}: ${made}; what is sound replays`, status: EXIT_USAGE, complaint };
  }
  return fine(`${name}: ${made}; replays to digest ${timeline.digest()}`);
}

const place = (where: string | undefined): string => (where === undefined ? '' : `${where}: `);

function textOf(name: string, bytes: Uint8Array): string {
  if (bytes.length === 0) throw new UsageError(`${name}: the file is empty`);
  if (bytes.length <= MAX_SCENARIO_BYTES) {
    const text = scenarioText(bytes);
    if (!text.ok) throw new UsageError(`${name}: ${text.error.message}`);
    return text.value;
  }
  return new TextDecoder().decode(bytes);
}
