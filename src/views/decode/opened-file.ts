/** What a file for the decoder is, and why it is not read. */
import { MAX_PAGE_FILE } from '../../base/limits';
import { sizeText } from '../../base/sizes';
import type { FileContent } from '../../traces/file';

export const UNPACKED_TOO_LARGE = `It begins as a gzip and cannot be unpacked, or has more than ${MAX_PAGE_FILE >> 20} MB then.`;
export const UNREADABLE = 'It could not be read; a folder cannot be opened, and a file may have moved.';
/** Bytes of a large file that say what it is. */
export const LOOKED_AT = 1 << 16;

export const bytesOf = async (file: Blob): Promise<Uint8Array<ArrayBuffer> | undefined> =>
  file.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    () => undefined,
  );

/** Why a large file is no log whose lines are counted, by its beginning. */
export function whyNotCounted(content: FileContent): string | undefined {
  const most = `at most ${sizeText(MAX_PAGE_FILE)}`;
  if (content.kind === 'gzip')
    return `At most ${sizeText(MAX_PAGE_FILE)} of a packed file are read; unpack it first, text of any size is read.`;
  if (content.kind === 'other') return content.why;
  if (content.looksBinary) return `It is no text, of which ${most} are read.`;
  return content.isWide
    ? `Text of two bytes a letter is read up to ${sizeText(MAX_PAGE_FILE)}; "iconv -t UTF-8" turns it.`
    : undefined;
}
