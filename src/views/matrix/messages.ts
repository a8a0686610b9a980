/** What page and worker say to each other. Cells are computed in the worker, so that the page never waits. */
import type { Cell } from '../../explorer/matrix/cell';
import type { Choice } from '../../explorer/matrix/chart';
import type { SmallCell } from '../../explorer/matrix/rows';
import type { FacetName } from '../../profiles/facets';

export type Question =
  /** All cells of a chart under a profile. */
  | { readonly kind: 'chart'; readonly chart: string; readonly profile: string }
  /** One cell with all that is known of it. */
  | {
      readonly kind: 'cell';
      /** Given back with the answer. */
      readonly id: number;
      readonly chart: string;
      readonly state: string;
      readonly event: string;
      readonly choice: Choice;
      readonly profiles: readonly string[];
    };

/** A cell with the facets that decided it. */
export interface FullCell {
  readonly cell: Cell;
  readonly decided: readonly FacetName[];
  /** Its scenario, for all profiles asked about. */
  readonly text: string;
}

export type Reply =
  | {
      readonly kind: 'row';
      readonly chart: string;
      readonly profile: string;
      readonly state: string;
      readonly cells: readonly SmallCell[];
    }
  | { readonly kind: 'cell'; readonly id: number; readonly cells: readonly FullCell[] }
  | { readonly kind: 'failed'; readonly what: string }
  /** All of a question was answered. */
  | { readonly kind: 'done' };
