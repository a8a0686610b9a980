/** All works of a person as one file, and what of such a file can be taken over. */
import { ok, problem, type Result } from '../../base/result';
import { newWorkId, readWork, sameTexts, type Work } from './work';

const FORMAT = 'vmgexit-work';
const VERSION = 1;

/** The name under which the file is offered. */
export const WORK_FILE_NAME = 'vmgexit-work.json';

export const printWorkFile = (works: readonly Work[]): string =>
  `${JSON.stringify({ format: FORMAT, version: VERSION, works }, undefined, 1)}\n`;

export interface Import {
  /** To be added; none has the id of a work that is there. */
  readonly added: readonly Work[];
  /** Works of the file that are there already, text for text. */
  readonly known: number;
  readonly newer: number;
  readonly damaged: number;
}

/** Whether a text says that it is such a file; it may still be damaged. */
export const looksLikeWorkFile = (text: string): boolean =>
  text.slice(0, 200).includes(`"${FORMAT}"`) && text.trimStart().startsWith('{');

/** Takes over what is sound. A work whose id is taken by other texts gets an id of its own. */
export function readWorkFile(text: string, present: readonly Work[]): Result<Import> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return problem('The file of works is cut off or damaged; nothing was taken from it.');
  }
  const file = value as { readonly format?: unknown; readonly version?: unknown; readonly works?: unknown };
  if (typeof value !== 'object' || value === null || file.format !== FORMAT)
    return problem('This is no file of works.');
  if (typeof file.version !== 'number' || file.version > VERSION)
    return problem(
      'The file of works was written by a newer version of this page; nothing was taken from it.',
    );
  if (!Array.isArray(file.works)) return problem('The file of works lists no works.');
  const added: Work[] = [];
  const count = { known: 0, newer: 0, damaged: 0 };
  for (const one of file.works as readonly unknown[]) {
    const read = readWork(one);
    if (read.kind !== 'work') count[read.kind]++;
    else {
      const { work } = read;
      const all = [...present, ...added];
      if (all.some((other) => sameTexts(other, work))) count.known++;
      else added.push(all.some(({ id }) => id === work.id) ? { ...work, id: newWorkId() } : work);
    }
  }
  return ok({ added, ...count });
}

/** What was taken over, in words. */
export function importText({ added, known, newer, damaged }: Import): string {
  const parts = [
    `${added.length} of your works added`,
    ...(known > 0 ? [`${known} were there already`] : []),
    ...(newer > 0 ? [`${newer} of a newer version left out`] : []),
    ...(damaged > 0 ? [`${damaged} damaged and left out`] : []),
  ];
  return `${parts.join('; ')}.`;
}
