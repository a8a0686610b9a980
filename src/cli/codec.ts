/** `decode` and `encode`: fields to bytes and back for every wire layout. */
import { existsSync } from 'node:fs';
import {
  decodeFile,
  decodeText,
  encodeArguments,
  encodedText,
  rowLines,
  rowsJson,
  type Decoded,
} from '../abi/kind-text';
import { kinds } from '../abi/kinds';
import { sourceText } from '../abi/source';
import { alignColumns } from '../base/text';
import type { Result } from '../base/result';
import { fine, jsonPretty, readBytes, readWords, UsageError, type Output } from './io';

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

/** A value on the command line, or else the name of a file that holds it; `-` is standard input. */
function decoded(kind: string, value: string): Result<Decoded> {
  const isFile = value === '-' || (!/^(0[xX])?[0-9a-fA-F_]+$/.test(value) && existsSync(value));
  if (!isFile) return decodeText(kind, value);
  const bytes = readBytes(value);
  const text = new TextDecoder().decode(bytes);
  const isText = /^[\s\w.:|*!-~]*$/.test(text) && !text.includes('\ufffd');
  const fromText = isText && text.trim() !== '' ? decodeText(kind, text) : undefined;
  return fromText?.ok ? fromText : preferred(fromText, decodeFile(kind, bytes));
}

/** A text that is no value may still be the raw bytes of one; otherwise what is wrong with the text is of more use. */
function preferred(text: Result<Decoded> | undefined, bytes: Result<Decoded>): Result<Decoded> {
  return bytes.ok || !text ? bytes : text;
}

export function decode(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { json: 'flag', list: 'flag' });
  if (options.has('list')) return list(options.has('json'));
  const [kind, ...values] = plain;
  if (kind === undefined) throw new UsageError('decode KIND VALUE|FILE, or decode --list for the kinds');
  if (values.length === 0) throw new UsageError(`decode ${kind} needs a value, a file or -`);
  const value = values.join(' ');
  const found = good(decoded(kind, value));
  if (options.has('json'))
    return fine(jsonPretty({ kind, title: found.title, fields: rowsJson(found.rows) }));
  return fine(
    [found.title, ...rowLines(found.rows).map((line) => `  ${line}`), ...sourceLine(kind)].join('\n'),
  );
}

function sourceLine(kind: string): string[] {
  const declared = kinds[kind];
  return declared ? [`  source: ${sourceText(declared.source)}`] : [];
}

export function encode(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { json: 'flag' });
  const [kind, ...parts] = plain;
  if (kind === undefined) throw new UsageError('encode KIND key=value...');
  const names = parts.map((part) => part.replace(/=.*$/s, ''));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`'${twice}' is given twice`);
  const value = good(encodeArguments(kind, parts));
  const text = encodedText(kind, value);
  return fine(options.has('json') ? jsonPretty({ kind, value: text }) : text);
}
