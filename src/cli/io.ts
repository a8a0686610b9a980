/** Files, standard input and what a command says when something is wrong. */
import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hex } from '../base/hex';
import { own } from '../base/table';
import { didYouMean } from '../base/text';

/** Bad input or usage: one message on stderr, exit status 2, nothing half-printed. */
export class UsageError extends Error {}

export const EXIT_FINE = 0;
/** An expectation or a property failed, or profiles differ under --fail-on-diff. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** A bound was reached before a search had looked at everything. */
export const EXIT_BOUND = 3;
/** A mistake of this program, as sysexits.h numbers it: never mistaken for a failed expectation. */
export const EXIT_OURS = 70;

/** The bytes of a file that has at most `most` of them; `-` is standard input. A larger one is refused, most of it unread. */
export function readBytes(file: string, most: number): Uint8Array {
  const read = readAtMost(file, most);
  if (read instanceof Uint8Array) return read;
  const name = file === '-' ? 'standard input' : file;
  throw new UsageError(`${name}: it has ${read.size} bytes; at most ${most} are read`);
}

/** As {@link readBytes}; of a larger file how large it is, in words. */
export function readAtMost(file: string, most: number): Uint8Array | { readonly size: string } {
  return orUsageError(file, () => {
    const handle = file === '-' ? 0 : openSync(file, 'r');
    try {
      const { size } = fstatSync(handle);
      return size > most ? { size: String(size) } : readChunks(handle, most);
    } finally {
      if (handle !== 0) closeSync(handle);
    }
  });
}

/**
 * The bytes of a file in chunks, each valid until the next is asked for; `-` is standard input. A file that says that it
 * has more than `most` bytes is refused before it is read.
 */
export function* fileChunks(file: string, most: number): Generator<Uint8Array> {
  const handle = file === '-' ? 0 : orUsageError(file, () => openSync(file, 'r'));
  try {
    const { size } = orUsageError(file, () => fstatSync(handle));
    if (size > most) throw new UsageError(`${file}: it has ${size} bytes; at most ${most} are read`);
    const chunk = Buffer.alloc(CHUNK);
    for (;;) {
      const count = orUsageError(file, () => readSync(handle, chunk, 0, CHUNK, null));
      if (count === 0) return;
      yield chunk.subarray(0, count);
    }
  } finally {
    if (handle !== 0) closeSync(handle);
  }
}

const CHUNK = 1 << 16;

/** Reads to the end, or to the first byte that is too many: a pipe or a device does not say how long it is. */
function readChunks(handle: number, most: number): Uint8Array | { readonly size: string } {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.alloc(CHUNK);
    const count = readSync(handle, chunk, 0, CHUNK, null);
    if (count === 0) return new Uint8Array(Buffer.concat(chunks, length));
    chunks.push(chunk.subarray(0, count));
    length += count;
    if (length > most) return { size: `more than ${most}` };
  }
}

function orUsageError<T>(file: string, act: () => T, done: 'read' | 'written' = 'read'): T {
  try {
    return act();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? own(reasons, String(error.code)) : undefined;
    throw new UsageError(`${file === '-' ? 'standard input' : file}: ${reason ?? `cannot be ${done}`}`);
  }
}

/** Puts a text in the place of a file's, whole or not at all: where there is no room the file stays as it was. */
export function replaceFile(file: string, text: string): void {
  orUsageError(
    file,
    () => {
      const place = realpathSync(file);
      const beside = `${place}.${process.pid}.new`;
      try {
        writeFileSync(beside, text, { mode: statSync(place).mode, flag: 'wx' });
        renameSync(beside, place);
      } catch (error) {
        rmSync(beside, { force: true });
        throw error;
      }
    },
    'written',
  );
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory',
  EACCES: 'no permission',
  ENOSPC: 'no room on the device',
  EROFS: 'on a read-only file system',
  EAGAIN: 'nothing to read',
  ERR_FS_FILE_TOO_LARGE: 'too large',
};

/** Words of a command line: plain ones in order, and `--name value` or `--name`. */
export interface Words {
  readonly plain: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

/** @param declared options by name; `value` ones take the next word or `=...` */
export function readWords(
  words: readonly string[],
  declared: Readonly<Record<string, 'value' | 'flag'>>,
): Words {
  const plain: string[] = [];
  const options = new Map<string, string>();
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('--') || word === '--') {
      plain.push(word);
      continue;
    }
    const [name = '', given] = splitOnce(word.slice(2));
    const kind = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (!kind) throw new UsageError(`unknown option --${name}${optionHint(name, Object.keys(declared))}`);
    if (options.has(name)) throw new UsageError(`--${name} is given twice`);
    if (kind === 'flag' && given !== undefined) throw new UsageError(`--${name} takes no value`);
    const value = kind === 'flag' ? '' : (given ?? rest.shift());
    if (value === undefined) throw new UsageError(`--${name} needs a value`);
    options.set(name, value);
  }
  return { plain, options };
}

function splitOnce(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function optionHint(name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  if (near !== '') return near;
  return known.length === 0 ? '; there are none' : `; there are ${known.map((k) => `--${k}`).join(', ')}`;
}

/** What a command gives back: text for standard output and an exit status. */
export interface Output {
  readonly text: string;
  readonly status: number;
  /** What goes to standard error beside the text. */
  readonly complaint?: string;
}

/** Columns of the terminal; of a pipe what COLUMNS says, else 80. */
export function terminalColumns(): number {
  const said = Number(process.env['COLUMNS']);
  return process.stdout.columns || (said > 0 ? said : 80);
}

export const fine = (text: string): Output => ({ text, status: EXIT_FINE });
/** JSON on one line, 64-bit words as "0x...". */
export const json = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? hex(part) : part));
export const jsonPretty = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? hex(part) : part), 2);

/** Writes what a command says and ends with its status once everything is written, however slowly the reader takes it. */
export function finish({ text, status, complaint = '' }: Output): void {
  process.exitCode = status;
  put(process.stderr, 'standard error', complaint, status);
  put(process.stdout, 'standard output', text, status);
}

function put(stream: NodeJS.WriteStream, name: string, text: string, status: number): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(status); // the reader went away, as `head` does
    const reason = own(reasons, String(error.code)) ?? error.message;
    if (stream !== process.stderr)
      process.stderr.write(`vmgexit: ${name}: ${reason}; the output is not complete\n`);
    process.exit(EXIT_USAGE);
  });
  if (text !== '') stream.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Ends a run that failed: bad input is one message, a mistake of ours asks for a report. */
export function finishFailed(error: unknown): void {
  if (error instanceof UsageError)
    finish({ text: '', status: EXIT_USAGE, complaint: `vmgexit: ${error.message}` });
  else {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const complaint = `vmgexit: this is a mistake of the program; please report it with the command and its input.\n${told}`;
    finish({ text: '', status: EXIT_OURS, complaint });
  }
}
