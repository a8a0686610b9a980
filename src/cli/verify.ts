/** `verify`: plays a recording and says where, if anywhere, this build comes to something else. */
import { version } from '../../package.json';
import { MAX_RECORDING_BYTES } from '../base/limits';
import { EXIT_FAILED, EXIT_USAGE, fine, fileChunks, readWords, UsageError, type Output } from './io';
import { differingFields, fieldsText } from '../recording/file/differing-fields';
import { placed, playFile } from './recording-file';

export function verify(words: readonly string[]): Output {
  const { plain } = readWords(words, {});
  const [file, ...extra] = plain;
  if (file === undefined || extra.length > 0)
    throw new UsageError('verify takes one FILE.ghcb.jsonl; - is standard input');
  const name = file === '-' ? 'standard input' : file;
  const { header, stepCount, difference, problem, timeline } = playFile(
    name,
    fileChunks(file, MAX_RECORDING_BYTES),
  );
  const made = `${header.profile}, ${stepCount} steps, made by engine ${header.engine}`;
  const complaint = problem ? `vmgexit: ${name}: ${placed(problem)}` : '';
  if (difference) {
    const { step, recorded, now } = difference;
    const fields = fieldsText(differingFields(recorded, now));
    const lines = [
      `${name}: ${made}`,
      `differs at step ${step + 1}${fields === '' ? '' : `: ${fields}`}`,
      `  recorded ${recorded}`,
      `  now      ${now}`,
      ...(header.engine === version
        ? ['the same version made it: this is another build of it, or the file was changed']
        : []),
    ];
    return { text: lines.join('\n'), status: EXIT_FAILED, complaint };
  }
  if (problem) return { text: `${name}: ${made}; what is sound replays`, status: EXIT_USAGE, complaint };
  return fine(`${name}: ${made}; replays to digest ${timeline.digest()}`);
}
