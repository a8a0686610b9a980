/** `decode` and `encode`: fields to bytes and back for every wire layout. */
import { existsSync } from 'node:fs';
import {
  decodeFile,
  decodeText,
  encodeArguments,
  encodedText,
  rowLines,
  rowsJson,
  sourceOfValue,
  type Decoded,
} from '../abi/kind-text';
import { compareValues } from '../abi/compare-values';
import { kindNamed, kinds } from '../abi/kinds';
import { tooLarge, type Part, type Recognition } from '../abi/recognise';
import { sourceText } from '../abi/source';
import { littleEndian } from '../base/bytes';
import { bytesToHex, hex } from '../base/hex';
import { MAX_DECODED } from '../base/limits';
import { alignColumns } from '../base/text';
import type { Result } from '../base/result';
import { printScenario } from '../scenarios/print';
import { scenarioFromRecognition, scenarioFromValue } from '../scenarios/from-value';
import { traceJson } from '../traces/json';
import { readPasted, readPastedFile, recognitionOf, remarksOf, type Pasted } from '../traces/pasted';
import type { Trace } from '../traces/read';
import { scenarioOfLine } from '../traces/scenario';
import { traceText } from '../traces/text';
import { logAnswer, logOptions } from './log-answers';
import {
  EXIT_FAILED,
  EXIT_FINE,
  fine,
  jsonPretty,
  readAtMost,
  readWords,
  terminalColumns,
  UsageError,
  type Output,
} from './io';

function good<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new UsageError(result.error.message);
}

function list(asJson: boolean): Output {
  const all = Object.entries(kinds);
  if (asJson) {
    return fine(
      jsonPretty(
        all.map(([kind, { title, shape, size, keys }]) => ({ kind, title, shape, sizeBytes: size, keys })),
      ),
    );
  }
  return fine(alignColumns(all.map(([kind, { title, size }]) => [kind, `${size} bytes`, title])).join('\n'));
}

const USAGE =
  'decode [KIND] VALUE|FILE|-, or decode --list for the kinds; without a kind it says what the value may be';

export function decode(words: readonly string[]): Output {
  const { plain, options } = readWords(words, {
    json: 'flag',
    list: 'flag',
    scenario: 'flag',
    against: 'value',
    ...logOptions,
  });
  if (options.has('list')) return list(options.has('json'));
  const [first, ...rest] = plain;
  if (first === undefined) throw new UsageError(USAGE);
  if (options.has('json') && options.has('scenario'))
    throw new UsageError('--json and --scenario exclude each other');
  const asked = logAnswer(() => logOf(plain.join(' ')), options);
  if (asked && (options.has('scenario') || options.has('against')))
    throw new UsageError('--explain and --diagnose exclude --scenario and --against');
  if (asked) return asked;
  const other = options.get('against');
  if (other !== undefined) return comparison(plain, other, options.has('json'));
  const how: How = { json: options.has('json'), scenario: options.has('scenario') };
  if (Object.hasOwn(kinds, first)) {
    if (rest.length === 0) throw new UsageError(`decode ${first} needs a value, a file or -`);
    return decodeAs(first, rest.join(' '), how);
  }
  const pasted = pastedAs(plain.join(' '));
  const isRead = pasted.kind === 'value' ? pasted.found.ok : pasted.trace.counts.placed > 0;
  if (!isRead && rest.length > 0 && /^[a-z]+(-[a-z0-9]+)+$/.test(first)) good(kindNamed(first)); // a slip in the kind
  if (pasted.kind === 'log') return logText(pasted.trace, how);
  return recognisedText(good(pasted.found), how);
}

/** The lines of a pasted block, for what is asked of logs alone. */
function logOf(value: string): Trace {
  const pasted = pastedAs(value);
  if (pasted.kind === 'log') return pasted.trace;
  good(pasted.found);
  throw new UsageError('--explain and --diagnose are asked of lines of a log; this is a value');
}

/** Two values or dumps of one kind, field by field; the status says whether they differ, as `diff` does. */
function comparison([first = '', ...rest]: readonly string[], other: string, asJson: boolean): Output {
  const named = Object.hasOwn(kinds, first);
  const value = (named ? rest : [first, ...rest]).join(' ');
  const kind = named ? first : kindOf(value);
  const found = good(compareValues(kind, good(decoded(kind, value)).bytes, good(decoded(kind, other)).bytes));
  const status = found.differing.length > 0 ? EXIT_FAILED : EXIT_FINE;
  if (asJson) return { text: jsonPretty(found), status };
  const rows = found.differing.map(({ name, first: one, second }) => [
    `  ${name}`,
    one ?? 'no such field',
    second ?? 'no such field',
  ]);
  const head = `${found.kind}: ${found.differing.length} of ${found.fields} fields differ`;
  return { text: [head, ...alignColumns(rows)].join('\n'), status };
}

/** What a value or dump most likely is. */
function kindOf(value: string): string {
  const pasted = pastedAs(value);
  const [part] = pasted.kind === 'value' ? good(pasted.found).parts : [];
  const kind = part?.candidates[0]?.kind;
  if (kind === undefined) throw new UsageError('the kind of the first is not clear; name it (decode --list)');
  return kind;
}

/** A log of one line is shown as the values in it, a longer one line by line. */
function logText(trace: Trace, how: How): Output {
  const [line] = trace.lines;
  const placed = trace.lines.filter(({ status }) => status === 'placed');
  const [first] = placed;
  if (how.scenario) {
    if (first === undefined || placed.length > 1)
      throw new UsageError(`${placed.length} lines were read; --scenario makes a scenario of one line`);
    return fine(printScenario(good(scenarioOfLine(first))));
  }
  const isOne =
    first !== undefined &&
    trace.lines.every(
      ({ status, of }) => status !== 'unknown' && (status !== 'continued' || of === first.number),
    ) &&
    placed.length === 1 &&
    trace.counts.plain === 0;
  const found = isOne ? recognitionOf(first) : undefined;
  if (found) return recognisedText(found, how);
  if (how.json) return fine(jsonPretty(traceJson(trace)));
  if (trace.lines.length === 1 && line && line.status !== 'placed')
    throw new UsageError(`no value was read. ${remarksOf(line).join(' ')}`);
  return fine(traceText(trace, terminalColumns()).join('\n'));
}

interface How {
  readonly json: boolean;
  readonly scenario: boolean;
}

/** A value of a kind that was named. */
function decodeAs(kind: string, value: string, { json, scenario }: How): Output {
  const found = good(decoded(kind, value));
  if (scenario) return fine(printScenario(good(scenarioFromValue(kind, found.bytes))));
  if (json) return fine(jsonPretty({ kind, title: found.title, fields: rowsJson(found.rows) }));
  return fine(fieldLines(found).join('\n'));
}

function fieldLines({ kind, title, rows }: Decoded): string[] {
  const source = sourceOfValue(kind, rows);
  const from = source ? [`  source: ${sourceText(source)}`] : [];
  return [title, ...rowLines(rows).map((line) => `  ${line}`), ...from];
}

const isFile = (value: string): boolean =>
  value === '-' || (!/^(0[xX])?[0-9a-fA-F_]+$/.test(value) && existsSync(value));

/** The bytes of a file that may be a core dump by mistake: a large one is refused before it is read. */
function valueBytes(file: string): Uint8Array {
  const read = readAtMost(file, MAX_DECODED);
  if (read instanceof Uint8Array) return read;
  throw new UsageError(tooLarge(file === '-' ? 'standard input' : file, read.size));
}

/** A value on the command line, or else the name of a file that holds it; `-` is standard input. */
function decoded(kind: string, value: string): Result<Decoded> {
  if (!isFile(value)) return decodeText(kind, value);
  const bytes = valueBytes(value);
  const text = new TextDecoder().decode(bytes);
  const isText = /^[\s\w.:|*!-~]*$/.test(text) && !text.includes('\ufffd');
  const fromText = isText && text.trim() !== '' ? decodeText(kind, text) : undefined;
  return fromText?.ok ? fromText : preferred(fromText, decodeFile(kind, bytes));
}

/** A text that is no value may still be the raw bytes of one; otherwise what is wrong with the text is of more use. */
function preferred(text: Result<Decoded> | undefined, bytes: Result<Decoded>): Result<Decoded> {
  return bytes.ok || !text ? bytes : text;
}

const pastedAs = (value: string): Pasted =>
  isFile(value) ? readPastedFile(valueBytes(value)) : readPasted(value);

function recognisedText(found: Recognition, { json, scenario }: How): Output {
  if (scenario) return fine(printScenario(good(scenarioFromRecognition(found))));
  const parts = found.parts.map((part) => ({ part, decoded: decodedPart(part) }));
  const printer = found.source === undefined ? {} : { source: found.source };
  if (json) {
    const { form, remarks } = found;
    return fine(jsonPretty({ form, ...printer, remarks, parts: parts.map(partJson) }));
  }
  const from = found.source ? [`printed by: ${sourceText(found.source)}`] : [];
  return fine([`Read as ${found.form}.`, ...from, ...found.remarks, ...parts.flatMap(partLines)].join('\n'));
}

interface DecodedPart {
  readonly part: Part;
  readonly decoded: Decoded;
}

function decodedPart({ candidates, bytes }: Part): Decoded {
  const [best] = candidates;
  if (!best) throw new UsageError('nothing claims these bytes; name a kind (decode --list)');
  return good(decodeFile(best.kind, bytes));
}

const valueText = ({ bytes }: Part): string =>
  bytes.length <= 8
    ? hex(littleEndian(bytes))
    : bytes.length <= 16
      ? bytesToHex(bytes)
      : `${bytes.length} bytes`;

function partLines({ part, decoded: own }: DecodedPart): string[] {
  const [best, ...others] = part.candidates;
  return [
    '',
    `${part.label} ${valueText(part)}: ${own.kind}. ${best?.why ?? ''}`,
    ...fieldLines(own),
    ...others.map(({ kind, why }) => `  or ${kind}: ${why}`),
  ];
}

const partJson = ({ part, decoded: own }: DecodedPart) => ({
  label: part.label,
  value: part.bytes.length <= 8 ? hex(littleEndian(part.bytes)) : bytesToHex(part.bytes),
  kind: own.kind,
  title: own.title,
  candidates: part.candidates,
  fields: rowsJson(own.rows),
});

export function encode(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { json: 'flag' });
  const [kind, ...parts] = plain;
  if (kind === undefined) throw new UsageError('encode KIND key=value...');
  const names = parts.map((part) => part.replace(/=.*$/s, ''));
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) throw new UsageError(`'${twice}' is given twice`);
  const value = good(encodeArguments(kind, parts));
  const text = encodedText(kind, value);
  return fine(options.has('json') ? jsonPretty({ kind, value: text }) : text);
}
