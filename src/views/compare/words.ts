/** A row of a comparison in words. */
import { rowGroups, runLetter, type RowGroup } from '../../drawings/compared-rows';
import { groupText, groupTexts } from '../../drawings/compared-words';
import type { Comparison } from '../../recording/comparison/model';
import { stepSaying } from '../shared/words';

const names = (runs: readonly number[]): string => runs.map(runLetter).join(', ');

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
