/**
 * What the shell gives to every view on the timeline. A view draws what it is given and sends wishes up; it holds no
 * state of the run. The shell finds it as `views/<name>/<Name>View.svelte` and loads it when its tab is first opened.
 */
import type { Timeline } from '../../recording/timeline/timeline';
import type { Selection } from './selection';

/** Each view has two faces: the drawing, and a real table or grid with the same content. */
export type Face = 'drawing' | 'table';

export interface ViewProps {
  readonly timeline: Timeline;
  /**
   * Steps that have been taken, 0 to `timeline.stepCount`: the world stands after step `position - 1`. The timeline has
   * been sought there already; whoever reads `timeline.world` must read this too, so that Svelte knows when it moved.
   */
  readonly position: number;
  readonly face: Face;
  readonly selection: Selection | undefined;
  readonly onselect: (selection: Selection | undefined) => void;
  /** Goes to a position. */
  readonly onseek: (position: number) => void;
}
