/** What is shown, as pictures for files. Loaded with the first export. */
import { comparedPicture } from '../drawings/compared-picture';
import type { Picture } from '../drawings/picture';
import { svgText, type PictureSource } from '../exports/picture/svg';
import { ladderPicture, MAX_PICTURE_STEPS, stepsAround } from '../drawings/ladder-picture';
import { machinePicture } from '../views/machines/picture';
import { pagesPicture } from '../views/pages/picture';
import { pageStyle } from './page-style';
import type { SharedView } from '../views/shared/view';
import type { Session } from './session.svelte';

export interface PictureForm {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  /** Nothing where other work took its place. */
  readonly picture: () => Picture | Promise<Picture | undefined>;
}

/** The pictures of what is shown now: of the first run, and what the view itself draws. */
export function pictureForms(session: Session): readonly PictureForm[] {
  const { timeline, title, notes, selection, shared } = session;
  const position = session.positions[0] ?? 0;
  const own: readonly PictureForm[] = shared
    ? [{ ...shared, id: 'view', picture: () => drawn(shared, session) }]
    : [];
  if (!timeline) return own;
  const of = { timeline, position, title, notes };
  const comparison = session.course?.comparison;
  const compared = comparison && {
    id: 'compared',
    title: 'Compared ladder',
    says: 'the steps of all runs, where they differ one line for each',
    picture: () => {
      const part = stepsAround(session.position, comparison.rows.length, MAX_PICTURE_STEPS);
      return comparedPicture({ comparison, position: session.position, title, notes, part });
    },
  };
  const selected = selection?.kind === 'page' ? selection.gfn : undefined;
  return [
    ...own,
    ...(compared ? [compared] : []),
    { id: 'ladder', title: 'Ladder', says: 'the steps of the first run', picture: () => ladderPicture(of) },
    {
      id: 'pages',
      title: 'Pages',
      says: 'the page map at the step shown',
      picture: () => pagesPicture({ ...of, selected }),
    },
    {
      id: 'machine',
      title: 'Machine',
      says: 'the statechart that the step shown moved',
      picture: () => machinePicture(of),
    },
  ];
}

function drawn({ picture }: SharedView, session: Session): Picture | Promise<Picture | undefined> {
  const made = picture();
  return 'next' in made ? session.telling.do({ parts: made, says: () => 'Drawing the picture' }) : made;
}

/** The picture as SVG, in the colours of the page. */
export async function svgOf(form: PictureForm, picture: Picture, session: Session): Promise<string> {
  const link = await session.links.link();
  const isOfRun = form.id !== 'view';
  const source: PictureSource = {
    ...(isOfRun && session.branch ? { scenario: session.branch.text } : {}),
    address: link.slice(link.indexOf('#')),
  };
  return svgText(picture, pageStyle(), source);
}

/** Pixels of a PNG for one of the drawing, and how many it may have on a side: browsers refuse larger ones. */
const SCALE = 2;
const MOST_PIXELS = 16_000;

/** The same as PNG. @returns nothing where the browser draws none of that size */
export async function pngOf(svg: string): Promise<Blob | undefined> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(SCALE, MOST_PIXELS / image.width, MOST_PIXELS / image.height);
    const canvas = document.createElement('canvas');
    canvas.width = Math.ceil(image.width * scale);
    canvas.height = Math.ceil(image.height * scale);
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return (await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'))) ?? undefined;
  } finally {
    URL.revokeObjectURL(url);
  }
}
