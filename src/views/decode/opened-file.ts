/** What a file for the decoder is, and why it is not read. */
import { MAX_PAGE_DECODED, MAX_PAGE_FILE } from '../../base/limits';
import { sizeText } from '../../base/sizes';
import { TextPieces, type FileContent, type FileText } from '../../traces/file';

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

/** Whether a file is a text that is read slice by slice, by its beginning: one of two bytes a letter is read whole. */
export const isLongText = ({ isWide, looksBinary }: FileText, file: Blob): boolean =>
  !isWide && !looksBinary && file.size > MAX_PAGE_DECODED;

/** Bytes that are read and decoded in one task of the page. */
const SLICE = 1 << 17;

/**
 * The text of a file, slice by slice: the page draws between them, and no slice is joined to another.
 * @returns nothing where it cannot be read, or is no longer wanted
 */
export async function textOf(file: Blob, isWanted: () => boolean): Promise<FileText | undefined> {
  const text = new TextPieces('utf-8');
  for (let at = 0; at < file.size; at += SLICE) {
    const bytes = await bytesOf(file.slice(at, at + SLICE));
    if (!bytes || !isWanted()) return undefined;
    text.push(bytes, at + SLICE >= file.size);
  }
  return text.done();
}

/** @param what has so many characters */
export const tooLong = (what: string): string =>
  `${what}; ${MAX_PAGE_DECODED / 1024} kB of text is the most that is read here, and nothing of it was. The largest layout has 4096 bytes: paste one page. "vmgexit decode" reads up to 1 MB, "vmgexit trace" a whole log.`;
