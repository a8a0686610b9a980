/** The page palette as 32-bit pixels, read from the page's own colours. */
import { rgb } from 'd3';
import { pageClasses } from '../../engine/page-class';
import { pageLooks, SEAM_CODE } from '../../drawings/page-look';

/** How much paper is mixed into what much of memory is, so that the rest draws the eye. */
const MUTED = 0.5;
/** Share of memory from which a state is nothing special. */
const MUCH = 1 / 32;

const pixel = (color: string, paper: string, mix: number): number => {
  const [front, back] = [rgb(color), rgb(paper)];
  const part = (a: number, b: number): number => Math.round(a * (1 - mix) + b * mix);
  return (
    ((255 << 24) | (part(front.b, back.b) << 16) | (part(front.g, back.g) << 8) | part(front.r, back.r)) >>> 0
  );
};

/** The summary codes that much of memory has. */
export function commonCodes(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.flatMap((count, code) => (count >= total * MUCH && code !== SEAM_CODE ? [code] : []));
}

/** A colour for each summary code; what much of memory is stays quiet. */
export function overviewPalette(element: Element, common: readonly number[]): Uint32Array {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const paper = token('paper');
  const palette = new Uint32Array(SEAM_CODE + 1);
  pageClasses.forEach((name, code) => {
    const quiet = name === 'none' ? 0.85 : common.includes(code) ? MUTED : 0;
    palette[code] = pixel(token(`page-${pageLooks[name].token}`), paper, quiet);
  });
  palette[SEAM_CODE] = pixel(token('ink'), paper, 0);
  return palette;
}
