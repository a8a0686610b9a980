/** Sizes and counts as people write them. */

/** `1.4 GB`, `16 MB`, `12 kB`, `40 bytes`; of 1024 each, as file managers count. */
export function sizeText(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(bytes >= 10 * 2 ** 30 ? 0 : 1)} GB`;
  if (bytes >= 2 ** 20) return `${Math.round(bytes / 2 ** 20)} MB`;
  return bytes >= 1024 ? `${Math.round(bytes / 1024)} kB` : `${bytes} bytes`;
}

/** `7 340 032`: blanks between groups of three digits. */
export const countText = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
