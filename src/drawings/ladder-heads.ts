/** What stands under the names of the vCPUs: the mp_state that KVM has for each, one line for runs that have the same. */
import { letterRanges, type SharedValue } from './compared-rows';
import type { LadderPlan } from './ladder';

/** Where lanes stand too close for words. */
const shortState: Readonly<Record<string, string>> = {
  UNINITIALIZED: 'UNI',
  INIT_RECEIVED: 'INIT',
  SIPI_RECEIVED: 'SIPI',
  RUNNABLE: 'RUN',
  HALTED: 'HLT',
  AP_RESET_HOLD: 'HOLD',
  STOPPED: 'STOP',
};
/** More values than this are counted, not named. */
const MOST_LINES = 3;
/** The small face of the states is so much narrower than that of the labels. */
const SMALL_CHARACTERS_PER_COLUMN = 1.2;

/** Small characters that fit under a guest lane without touching those of the next one. */
export function stateRoom({ lanes, rule }: LadderPlan): number {
  const columns = lanes.filter(({ lane }) => lane === 'guest').map(({ column }) => column);
  const gaps = [...columns.slice(1), rule].map((column, at) => column - (columns[at] ?? 0));
  return Math.floor(Math.min(...gaps) * SMALL_CHARACTERS_PER_COLUMN) - 1;
}

/**
 * The lines under one vCPU, whole names where they fit, then short ones, then only how many there are: `×2` in the narrowest.
 * @param values of all runs, equal ones together; an empty one where the vCPU does not exist
 * @param room small characters
 */
export function stateLines(values: readonly SharedValue[], room: number): readonly string[] {
  const lines = (nameOf: (state: string) => string): string[] =>
    values.map(({ runs, value = '' }) => {
      const name = value === '' ? '' : nameOf(value);
      return values.length === 1 ? name : `${letterRanges(runs)} ${name === '' ? '–' : name}`;
    });
  const fits = (texts: readonly string[]): boolean =>
    texts.length <= MOST_LINES && texts.every((text) => text.length <= room);
  const candidates = [lines((state) => state), lines((state) => shortState[state] ?? state)];
  if (values.length === 1) return candidates.find(fits) ?? candidates[1] ?? [];
  const counted = `${values.length} states`;
  return candidates.find(fits) ?? [counted.length <= room ? counted : `×${values.length}`];
}
