/** A run with all its steps, as the page shows it. */
import type { Timeline } from '../recording/timeline/timeline';
import type { Run } from '../scenarios/run';

export type ShownRun = Run<Timeline>;
