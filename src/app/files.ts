/** A file that a person drops or opens, as text, or one sentence why not. */
import { ok, problem, type Result } from '../base/result';

const MAX_BYTES = 2 << 20;

const size = (bytes: number): string =>
  bytes >= 1 << 20 ? `${Math.round(bytes / (1 << 20))} MB` : `${Math.round(bytes / 1024)} kB`;

export interface OpenedFile {
  readonly name: string;
  readonly text: string;
}

/** What a file must have for its bytes to be read. */
export interface FileLike {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export async function readScenarioFile(file: FileLike): Promise<Result<OpenedFile>> {
  const { name } = file;
  if (file.size === 0) return problem(`${name} is empty.`);
  if (file.size > MAX_BYTES) {
    return problem(`${name} has ${size(file.size)}; a scenario has at most ${size(MAX_BYTES)}.`);
  }
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    return problem(`${name} could not be read; a folder cannot be opened, and a file may have moved.`);
  }
  return textOf(name, new Uint8Array(bytes));
}

function textOf(name: string, bytes: Uint8Array): Result<OpenedFile> {
  if (bytes.includes(0)) return problem(`${name} is a binary file; a scenario is text.`);
  try {
    return ok({ name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) });
  } catch {
    return problem(`${name} is not UTF-8 text; save it as UTF-8 and open it again.`);
  }
}
