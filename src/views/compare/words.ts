/** A row of a comparison in words. */
import { rowGroups, runLetter, type RowGroup } from '../../drawings/compared-rows';
import type { Comparison } from '../../recording/comparison/model';
import { stepSaying, stepText } from '../shared/words';

const names = (runs: readonly number[]): string => runs.map(runLetter).join(', ');

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

/** One sentence for the live region: what all did, or who did what. */
export function rowSentence(comparison: Comparison, row: number): string {
  const of = comparison.rows[row];
  const where = `Step ${row + 1} of ${comparison.rows.length}`;
  if (!of) return `${where}.`;
  const groups = rowGroups(comparison, of);
  const texts = groupTexts(comparison, row, groups);
  const saying = (group: RowGroup, at: number): string => {
    const more = texts[at]?.slice(groupText(group).length) ?? '';
    return group.step ? `${stepSaying(group.step).replace(/\.$/, '')}${more}.` : `${groupText(group)}.`;
  };
  if (groups.length === 1 && groups[0]) return `${where}, ${saying(groups[0], 0)}`;
  const sayings = groups.map((group, at) => `${names(group.runs)}: ${saying(group, at).replace(/\.$/, '')}`);
  return `${where}, they differ. ${sayings.join('; ')}.`;
}
