/** What searches of this page found. */
import type { ShownMap, ShownSearch } from './messages';

export interface Found {
  readonly searches: readonly ShownSearch[];
  readonly stopped: boolean;
  /** Comes after the rest. */
  readonly map: ShownMap | undefined;
}

/** By scenario and profiles; what an engine finds once it finds each time. */
export const known = new Map<string, Found>();
