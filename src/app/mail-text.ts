/** What is shown as text for a mail, in a chunk of its own. */
import type { Resumable } from '../base/resumable';
import { exportedOf } from '../exports/exported';
import { mailText } from '../exports/mail';
import { shortMail } from '../exports/short-mail';
import type { Course } from './course';

/** @param whole with all steps, sources and the scenario; else at most 25 lines */
export function mailOf(
  { runs, comparison }: Course,
  { link, whole }: { readonly link: string; readonly whole: boolean },
): { readonly parts: Resumable<string>; readonly format: 'mail' | 'mail-short' } {
  const exported = exportedOf(runs, { link, compared: comparison });
  return whole
    ? { parts: mailText(exported.comparison, exported), format: 'mail' }
    : { parts: shortMail(exported), format: 'mail-short' };
}
