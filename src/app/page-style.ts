/** What pictures for files take from the page. */
import type { PictureStyle } from '../exports/picture/svg';

/** Colours and faces of the page as it is shown. */
export function pageStyle(): PictureStyle {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { colourOf: value, mono: value('mono'), sans: value('sans') };
}
