/** Files of logs for the command line: of any size as columns, a window of one as text, or the whole. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { MAX_LOG_BYTES, MAX_LOG_LINE_CHARACTERS } from '../base/limits';
import { TraceColumns } from '../traces/columns/columns';
import { finish } from '../base/resumable';
import { fileContent, type FileText } from '../traces/file';
import { gunzipInParts } from '../traces/gunzip';
import { fileChunks, readBytes, UsageError } from './io';

/** The text of a file and the number of its first line. */
export interface LogText extends Pick<FileText, 'pieces' | 'notes'> {
  readonly first: number;
}

const GIB = 2 ** 30;
/** Bytes of memory that a byte of a log takes when every line of it is read: lines are objects. Measured with Node 20. */
const READ_WHOLE = 12;

/** A whole file, unpacked where it is packed. A larger one is refused with what it would take, and what else there is. */
export function wholeLog(file: string): LogText {
  const size = file === '-' ? 0 : sizeOf(file);
  if (size > MAX_LOG_BYTES) {
    const need = ((size * READ_WHOLE) / GIB).toFixed(0);
    throw new UsageError(
      `${file}: it has ${(size / GIB).toFixed(2)} GiB; to read all of its lines would take some ${need} GiB of memory. --lines FIRST-LAST reads a window, --count counts every line in a fraction of its size`,
    );
  }
  return { ...textOf(file, readBytes(file, MAX_LOG_BYTES)), first: 1 };
}

function sizeOf(file: string): number {
  try {
    const handle = openSync(file, 'r');
    try {
      return fstatSync(handle).size;
    } finally {
      closeSync(handle);
    }
  } catch {
    return 0; // Whoever reads it says what is wrong.
  }
}

function textOf(file: string, bytes: Uint8Array): FileText {
  const content = fileContent(bytes);
  if (content.kind === 'text') return withBinaryNote(content);
  if (content.kind === 'other') throw new UsageError(`${file}: ${content.why}`);
  const gzip = finish(gunzipInParts(bytes, MAX_LOG_BYTES));
  if (!gzip.ok) throw new UsageError(`${file}: ${gzip.error.message}`);
  const unpacked = fileContent(gzip.value.bytes);
  if (unpacked.kind === 'text') {
    const text = withBinaryNote(unpacked);
    return { ...text, notes: [...gzip.value.notes, ...text.notes] };
  }
  throw new UsageError(`${file}: ${unpacked.kind === 'other' ? unpacked.why : 'It is packed twice.'}`);
}

const withBinaryNote = (content: FileText): FileText =>
  content.looksBinary
    ? {
        ...content,
        notes: [...content.notes, 'It is most likely no log: more than one byte in ten stands in no text.'],
      }
    : content;

/** The chunks of a file whose lines are counted as they stand. What is no text of one byte a letter is refused. */
function* textChunks(file: string): Generator<Uint8Array> {
  let isFirst = true;
  for (const chunk of fileChunks(file, Number.MAX_SAFE_INTEGER)) {
    const content = isFirst ? fileContent(chunk) : undefined;
    if (content?.kind === 'gzip')
      throw new UsageError(`${file}: it is packed; zcat unpacks it, and - reads what it writes`);
    if (content?.kind === 'other') throw new UsageError(`${file}: ${content.why}`);
    if (content?.isWide)
      throw new UsageError(`${file}: it has two bytes for each letter; "iconv -t UTF-8" turns it`);
    isFirst = false;
    yield chunk;
  }
}

const NEW_LINE = 0x0a;

/** A window of a file of any size. @param word `FIRST-LAST`, counted from 1 */
export function windowOfLog(file: string, word: string): LogText {
  const range = /^(\d{1,15})-(\d{1,15})$/.exec(word);
  const [first, last] = [Number(range?.[1]), Number(range?.[2])];
  if (!range || first < 1 || last < first)
    throw new UsageError(`--lines ${word}: two numbers from 1 on, FIRST-LAST`);
  const parts: Buffer[] = [];
  let number = 1;
  let size = 0;
  for (const chunk of textChunks(file)) {
    let from = number >= first ? 0 : -1;
    let at = 0;
    while (number <= last) {
      const end = chunk.indexOf(NEW_LINE, at);
      if (end < 0) break;
      number++;
      at = end + 1;
      if (number === first) from = at;
    }
    const to = number > last ? at : chunk.length;
    if (from >= 0 && to > from) {
      parts.push(Buffer.from(chunk.subarray(from, to)));
      size += to - from;
      if (size > MAX_LOG_BYTES)
        throw new UsageError(`--lines ${word}: the window has more than ${MAX_LOG_BYTES} bytes`);
    }
    if (number > last) break;
  }
  return { ...textOf(file, Buffer.concat(parts, size)), first };
}

/** Every line of a file of any size as columns. */
export function columnsOfLog(file: string): TraceColumns {
  const columns = new TraceColumns(MAX_LOG_LINE_CHARACTERS);
  for (const chunk of textChunks(file)) columns.push(chunk);
  columns.end();
  return columns;
}
