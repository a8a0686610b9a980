/** What only paper shows: an element beside the page, the browser's dialog, and its end. */
import { svgText, type PictureStyle } from '../exports/picture/svg';
import type { Picture } from '../drawings/picture';
import './handout.css';
import { pageStyle } from './page-style';

/** Paper is light, whatever the page is. Nothing is painted in between. */
function inLight<T>(draw: (style: PictureStyle) => T): T {
  const { dataset } = document.documentElement;
  const shown = dataset['theme'] ?? 'light';
  dataset['theme'] = 'light';
  try {
    return draw(pageStyle());
  } finally {
    dataset['theme'] = shown;
  }
}

/** Addresses of pictures as files, in the colours of paper; `printed` takes them back. */
export const pictureFiles = (pictures: readonly Picture[], address: string): readonly string[] =>
  inLight((style) => pictures.map((picture) => svgText(picture, style, { address }))).map((svg) =>
    URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' })),
  );

/** Opens the browser's print dialog with what `fill` puts on the paper, and takes it away afterwards. */
export async function printed(fill: (paper: HTMLElement) => () => void): Promise<void> {
  const paper = document.createElement('section');
  paper.id = 'handout';
  const clear = fill(paper);
  document.body.append(paper);
  const images = [...paper.querySelectorAll('img')];
  // A picture that cannot be drawn is left out; the rest is printed.
  await Promise.all(images.map((image) => image.decode().catch(() => image.remove())));
  window.addEventListener(
    'afterprint',
    () => {
      for (const { src } of images) URL.revokeObjectURL(src);
      clear();
      paper.remove();
    },
    { once: true },
  );
  window.print();
}
