/** Which titles fit what was typed: every word must occur; titles in which a word starts a word come first. */
export function narrow<T extends { readonly title: string }>(
  items: readonly T[],
  text: string,
): readonly T[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return items;
  const score = ({ title }: T): number => {
    const lower = title.toLowerCase();
    if (!words.every((word) => lower.includes(word))) return 0;
    return words.every((word) => new RegExp(`(^|[^a-z0-9])${escape(word)}`).test(lower)) ? 2 : 1;
  };
  return items
    .map((item) => ({ item, points: score(item) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .map(({ item }) => item);
}

const escape = (word: string): string => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
