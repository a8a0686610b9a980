/** `trace`: a log or a trace, every line read or counted. */
import { MAX_LOG_BYTES } from '../base/limits';
import { finish } from '../base/resumable';
import { readTraceInParts } from '../traces/read';
import { traceJson } from '../traces/json';
import { traceText } from '../traces/text';
import { fine, jsonPretty, readBytes, readWords, terminalColumns, UsageError, type Output } from './io';

export function trace(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { json: 'flag' });
  const [file, ...rest] = plain;
  if (file === undefined || rest.length > 0)
    throw new UsageError('trace takes one FILE, or - for standard input');
  const read = finish(readTraceInParts(new TextDecoder().decode(readBytes(file, MAX_LOG_BYTES))));
  if (read.lines.length === 0) throw new UsageError(`${file}: it is empty`);
  return fine(
    options.has('json') ? jsonPretty(traceJson(read)) : traceText(read, terminalColumns()).join('\n'),
  );
}
