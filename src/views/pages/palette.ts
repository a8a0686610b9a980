/** The page palette as 32-bit pixels, read from the page's own colours. */
import { rgb } from 'd3';
import { pageClasses } from '../../engine/page-class';
import { pageLooks, SEAM_CODE } from '../../drawings/page-look';

/** How much paper is mixed into what most of memory is, so that the rest draws the eye. */
const MUTED = 0.68;

const pixel = (color: string, paper: string, mix: number): number => {
  const [front, back] = [rgb(color), rgb(paper)];
  const part = (a: number, b: number): number => Math.round(a * (1 - mix) + b * mix);
  return (
    ((255 << 24) | (part(front.b, back.b) << 16) | (part(front.g, back.g) << 8) | part(front.r, back.r)) >>> 0
  );
};

/** A colour for each summary code; the commonest state is muted. */
export function overviewPalette(element: Element, counts: readonly number[]): Uint32Array {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const paper = token('paper');
  const commonest = counts.indexOf(Math.max(...counts));
  const palette = new Uint32Array(SEAM_CODE + 1);
  pageClasses.forEach((name, code) => {
    const quiet = name === 'none' ? 0.85 : code === commonest ? MUTED : 0;
    palette[code] = pixel(token(`page-${pageLooks[name].token}`), paper, quiet);
  });
  palette[SEAM_CODE] = pixel(token('ink'), paper, 0);
  return palette;
}
