/**
 * A picture that is taller than browsers scroll: their elements end at some ten million pixels. The scroller is as tall as
 * it may be, and each of its pixels stands for several of the picture.
 */

/** Firefox ends at 17.9 million pixels, Chromium at 33.5. */
export const MAX_SCROLLED_PIXELS = 15_000_000;

export interface ScrollScale {
  /** Height of the scrolled element. */
  readonly height: number;
  /** Where the picture stands at a place of the scroller. */
  readonly pictureTop: (scrollTop: number) => number;
  readonly scrollTop: (pictureTop: number) => number;
}

/** @param total height of the picture @param room height of the scroller */
export function scrollScale(total: number, room: number): ScrollScale {
  const height = Math.min(total, MAX_SCROLLED_PIXELS);
  const by = total > height && height > room ? (total - room) / (height - room) : 1;
  return { height, pictureTop: (top) => top * by, scrollTop: (top) => top / by };
}
