/** What the shell gives to views of several runs. Every run has been sought to its own position. */
import type { Comparison } from '../../recording/comparison/model';
import type { Selection } from '../shared/selection';
import type { Face } from '../shared/view';

export interface ComparedProps {
  readonly comparison: Comparison;
  /** Rows that are over. */
  readonly position: number;
  readonly face: Face;
  readonly selection: Selection | undefined;
  readonly onselect: (selection: Selection | undefined) => void;
  /** Goes to a row. */
  readonly onseek: (position: number) => void;
  /** Goes where a run has made so many steps. */
  readonly onseekin: (run: number, position: number) => void;
}
