/** What the groups of a row of a comparison did, in words. */
import type { Comparison } from '../recording/comparison/model';
import type { RowGroup } from './compared-rows';
import { stepText } from './step-words';

/** What a group did, in the words of the ladder. */
export function groupText({ step, refused }: RowGroup): string {
  if (step) return stepText(step);
  return refused === undefined ? 'no such step' : `not possible: ${refused}`;
}

/**
 * What each group did; where that reads alike, followed by the first field that tells them apart, such as a variable of
 * the state that is different from here on.
 */
export function groupTexts(
  comparison: Comparison,
  row: number,
  groups: readonly RowGroup[],
): readonly string[] {
  const texts = groups.map(groupText);
  return texts.map((text, at) => {
    const alike = groups.filter((_, other) => other !== at && texts[other] === text);
    const [run = 0] = groups[at]?.runs ?? [];
    const telling =
      alike.length === 0
        ? undefined
        : comparison.rows[row]?.differences.find(({ values }) =>
            alike.some(({ runs: [other = 0] }) => values[other] !== values[run]),
          );
    return telling ? `${text} · ${telling.name} ${telling.values[run] ?? 'none'}` : text;
  });
}
