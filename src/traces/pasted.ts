/** What pasted text or a file is: one value or dump, or a log whose lines are read one by one. */
import {
  recognise,
  recogniseExit,
  recogniseFile,
  partOf,
  type Part,
  type Recognition,
} from '../abi/recognise';
import { MAX_DECODED } from '../base/limits';
import { finish, type Resumable } from '../base/resumable';
import type { Result } from '../base/result';
import { isDump } from '../abi/dump';
import type { Meaning } from './form';
import { plainLines } from './lines';
import { readPrefix } from './prefix';
import { readLine, readTraceInParts, type Trace, type TraceLine } from './read';

export type Pasted =
  | { readonly kind: 'value'; readonly found: Result<Recognition> }
  | { readonly kind: 'log'; readonly trace: Trace };

/** The values of a placed line as the decoder shows them, best kind first; none where the line has none. */
export function partsOf(line: TraceLine): readonly Part[] {
  return line.meaning ? partsOfMeaning(line.form?.what ?? 'a line', line.meaning).parts : [];
}

/** Every sentence about a placed line: what its words mean together, and what is odd about its numbers. */
export function remarksOf(line: TraceLine): readonly string[] {
  if (!line.meaning) return line.why === undefined ? [] : [line.why];
  return [
    ...(line.meaning.remarks ?? []),
    ...partsOfMeaning(line.form?.what ?? 'a line', line.meaning).remarks,
  ];
}

function partsOfMeaning(
  what: string,
  { values = [], exit }: Meaning,
): Pick<Recognition, 'parts' | 'remarks'> {
  const own = values.map(partOf);
  if (!exit) return { parts: own, remarks: [] };
  const found = recogniseExit(what, exit);
  return found.ok
    ? { parts: [...found.value.parts, ...own], remarks: found.value.remarks }
    : { parts: own, remarks: [found.error.message] };
}

/** A placed line as a value that was recognised; nothing when it has no number of the protocol. */
export function recognitionOf(line: TraceLine): Recognition | undefined {
  const { form, meaning } = line;
  if (!form || !meaning) return undefined;
  const parts = partsOf(line);
  if (parts.length === 0) return undefined;
  return {
    form: form.what,
    source: form.source,
    ...(meaning.exit ? { exit: meaning.exit } : {}),
    parts,
    remarks: remarksOf(line),
  };
}

/** Dumps in a kernel log have its time stamps before each line: print_hex_dump writes them so. */
function withoutPrefixes(text: string): string {
  const lines = [...plainLines(text)].map(({ text: line }) => line.slice(readPrefix(line)?.end ?? 0));
  return lines.join('\n');
}

/** Tells values and dumps from logs, and reads either. */
export function* readPastedInParts(text: string): Resumable<Pasted> {
  const trimmed = text.trim();
  if (trimmed === '' || text.length > MAX_DECODED) return { kind: 'value', found: recognise(text) };
  const isOneLine = !trimmed.includes('\n');
  const first = readLine(trimmed.slice(0, trimmed.indexOf('\n') < 0 ? undefined : trimmed.indexOf('\n')));
  if (isOneLine && first.status !== 'placed' && first.prefix === undefined) {
    const found = recognise(trimmed);
    if (found.ok || !looksLikeLog(first.why)) return { kind: 'value', found };
  }
  if (!isOneLine) {
    const bare = withoutPrefixes(trimmed);
    if (isDump(bare.split('\n').slice(0, 1)) || (first.status !== 'placed' && first.prefix === undefined)) {
      const found = recognise(bare);
      if (found.ok) return { kind: 'value', found };
    }
  }
  const trace = yield* readTraceInParts(text);
  const known = trace.counts.placed + trace.counts.continued > 0 || trace.lines.some(({ prefix }) => prefix);
  return known || isProtocol(trace) ? { kind: 'log', trace } : { kind: 'value', found: recognise(text) };
}

const NO_LINE = 'It looks like no line of a log that is known here.';
const looksLikeLog = (why: string | undefined): boolean => why !== NO_LINE;
const isProtocol = ({ lines }: Trace): boolean =>
  lines.some(({ status, why }) => status === 'unknown' && why !== NO_LINE);

/** As {@link readPastedInParts}, at once. */
export const readPasted = (text: string): Pasted => finish(readPastedInParts(text));

/** What a file is: its text as pasted text, anything else as bytes. */
export function readPastedFile(bytes: Uint8Array): Pasted {
  const isText = bytes.every(
    (byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 9 && byte <= 13) || byte === 0x1b,
  );
  if (bytes.length === 0 || bytes.length > MAX_DECODED || !isText)
    return { kind: 'value', found: recogniseFile(bytes) };
  return readPasted(new TextDecoder().decode(bytes));
}
