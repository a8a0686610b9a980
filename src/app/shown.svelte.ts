import type { Comparison } from '../recording/comparison/model';
import type { Timeline } from '../recording/timeline/timeline';

/** What is shown of the runs, all of one moment: a position belongs to its run. */
export interface Shown {
  readonly comparison: Comparison | undefined;
  readonly timeline: Timeline | undefined;
  readonly position: number;
  readonly ofFirst: number;
}

/**
 * Each part by itself. A step changes the position alone: what a view has made of the whole comparison, such as where each
 * row stands, is kept. To be called while a component is set up.
 */
export function inParts(whole: () => Shown): Shown {
  const comparison = $derived(whole().comparison);
  const timeline = $derived(whole().timeline);
  const position = $derived(whole().position);
  const ofFirst = $derived(whole().ofFirst);
  return {
    get comparison() {
      return comparison;
    },
    get timeline() {
      return timeline;
    },
    get position() {
      return position;
    },
    get ofFirst() {
      return ofFirst;
    },
  };
}
