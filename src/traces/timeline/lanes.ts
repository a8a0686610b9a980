/** The guest lanes of a log: what they are called, and which have room. */

/** Of a line that names neither vCPU nor processor, where none is known from others. */
export const UNKNOWN_LANE = -1;

/** What guest lanes stand for. */
export type LanesAre = 'vcpus' | 'processors';

/** The name of a lane. @param isLong where there is room */
export function laneTitle(lanesAre: LanesAre, lane: number, isLong = false): string {
  if (lanesAre === 'processors') return isLong ? `CPU ${lane}` : `c${lane}`;
  return isLong ? `vCPU ${lane}` : `v${lane}`;
}

/** What the one in a guest lane is called within a sentence. */
export function guestName(lanesAre: LanesAre, lane: number): string {
  if (lane === UNKNOWN_LANE) return 'the vCPU';
  return lanesAre === 'vcpus' ? laneTitle(lanesAre, lane) : `the vCPU on CPU ${lane}`;
}

/** Stands for all lanes that have no room of their own; no vCPU and no processor has this number. */
export const FOLDED_LANE = -2;

/** Lanes with a place of their own, and those that share one; both in order. */
export interface ShownLanes {
  readonly own: readonly number[];
  readonly folded: readonly number[];
}

interface LanesOfRows {
  readonly rows: readonly { readonly lane: number }[];
  readonly lanes: readonly number[];
}

/** Where there are more lanes than `most`, those with the most rows keep their own, and all others share the last. */
export function shownLanes({ rows, lanes }: LanesOfRows, most: number): ShownLanes {
  if (lanes.length <= most) return { own: lanes, folded: [] };
  const counts = new Map<number, number>();
  for (const { lane } of rows) counts.set(lane, (counts.get(lane) ?? 0) + 1);
  const byRows = lanes.toSorted((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || a - b);
  const own = new Set(byRows.slice(0, most - 1));
  return { own: lanes.filter((lane) => own.has(lane)), folded: lanes.filter((lane) => !own.has(lane)) };
}
