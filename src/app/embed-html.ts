/** What is shown, as HTML for another page, and the picture that stands in for the frame. Loaded with the first export. */
import type { Resumable } from '../base/resumable';
import { embedHtml } from '../exports/embed';
import { exportedOf } from '../exports/exported';
import { shortMail } from '../exports/short-mail';
import type { Course } from './course';
import type { Picture } from '../drawings/picture';
import { parseAddress, printAddress } from './url';

interface EmbedOf {
  readonly course: Course;
  readonly title: string;
  /** Of what is shown. */
  readonly link: string;
  readonly picture: Picture;
  /** Name of the picture's file. */
  readonly file: string;
}

/** @returns the parts of making the HTML */
export function* embedOf({ course, title, link, picture, file }: EmbedOf): Resumable<string> {
  const at = link.indexOf('#');
  const { target, showing } = parseAddress(link.slice(at));
  const frame = link.slice(0, at) + printAddress(target, { ...showing, chrome: false, edit: false });
  const text = yield* shortMail(exportedOf(course.runs, { compared: course.comparison }));
  const { width, description } = picture;
  return embedHtml({ title, frame, link, picture: { file, width, description }, text });
}
