/** A lesson on paper. Loaded when somebody prints one. */
import { mount, unmount } from 'svelte';
import { comparedPicture } from '../../drawings/compared-picture';
import { ladderPicture } from '../../drawings/ladder-picture';
import type { Picture } from '../../drawings/picture';
import type { Lesson } from '../../lessons/lesson';
import type { Sheet } from '../../lessons/sheets';
import LessonHandout from '../../views/lesson/LessonHandout.svelte';
import { pictureFiles, printed } from '../paper';

/** Steps of the picture of a screen, and how many of them come after its place: none where a question is asked about them. */
const [STEPS, AFTER] = [12, 6] as const;

function pictureOf({ run, comparison, position, screen: { title, blocks } }: Sheet): Picture | undefined {
  const count = comparison?.rows.length ?? run?.timeline.stepCount ?? 0;
  if (!run || count === 0) return undefined;
  const asks = blocks.some(({ kind }) => kind === 'predict');
  const end = Math.min(count, asks ? Math.max(1, position) : Math.max(STEPS, position + AFTER));
  const first = Math.max(0, end - STEPS);
  const of = { position, title, notes: undefined, part: { first, count: end - first } };
  return comparison
    ? comparedPicture({ ...of, comparison })
    : ladderPicture({ ...of, timeline: run.timeline });
}

/** Opens the browser's print dialog with the handout of a lesson. */
export async function printLesson(lesson: Lesson, sheets: readonly Sheet[], link: string): Promise<void> {
  const pictures = sheets.map(pictureOf);
  const drawn = pictures.filter((picture) => picture !== undefined);
  const files = pictureFiles(drawn, link.slice(link.indexOf('#')));
  await printed((paper) => {
    const props = {
      lesson,
      link,
      sheets: sheets.map((sheet, at) => {
        const picture = pictures[at];
        return { sheet, picture: picture && files[drawn.indexOf(picture)] };
      }),
    };
    const handout = mount(LessonHandout, { target: paper, props });
    return () => void unmount(handout);
  });
}
