/** A file that a person drops or opens, as text, or one sentence why not. */
import { MAX_OPENED_BYTES } from '../base/limits';
import { ok, problem, type Result } from '../base/result';

const size = (bytes: number): string =>
  bytes >= 1 << 20 ? `${Math.round(bytes / (1 << 20))} MB` : `${Math.round(bytes / 1024)} kB`;

export interface OpenedFile {
  readonly name: string;
  readonly text: string;
}

/** A file that is no scenario: bytes for the decoder. */
export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a file must have for its bytes to be read. */
export interface FileLike {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** @returns the text of a file, or the bytes of one that is no UTF-8 */
export async function readFile(file: FileLike): Promise<Result<OpenedFile | DroppedFile>> {
  const { name } = file;
  if (file.size === 0) return problem(`${name} is empty.`);
  if (file.size > MAX_OPENED_BYTES) {
    return problem(
      `${name} has ${size(file.size)}; a scenario has at most ${size(MAX_OPENED_BYTES)}, and the decoder reads 1 MB. Nothing of it was read.`,
    );
  }
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    return problem(`${name} could not be read; a folder cannot be opened, and a file may have moved.`);
  }
  return contentOf(name, new Uint8Array(bytes));
}

function contentOf(name: string, bytes: Uint8Array<ArrayBuffer>): Result<OpenedFile | DroppedFile> {
  const text = textOf(bytes);
  if (text === undefined && name.endsWith('.ghcb'))
    return problem(`${name} is not UTF-8 text; save it as UTF-8 and open it again.`);
  return ok(text === undefined ? { name, bytes } : { name, text });
}

/** The text of bytes that are UTF-8 without zeros. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
