/** The timeline of a log as a picture: as the page draws it, for a file. */
import { FOLDED_LANE, laneTitle, shownLanes, UNKNOWN_LANE } from '../traces/timeline/lanes';
import { rowText, type TraceRow, type TraceTimeline } from '../traces/timeline/timeline';
import { layoutRow, planLadder, type GuestTitle, type LadderPlan, type LadderRow } from './ladder';
import { MAX_PICTURE_STEPS, stepsAround } from './ladder-picture';
import {
  arrowShapes,
  COLUMNS,
  HEAD,
  headShapes,
  HEIGHTS,
  laneShapes,
  MARGIN,
  numberShapes,
  titleShapes,
  UNIT,
} from './ladder-shapes';
import { groupAt, type Picture, type Shape } from './picture';

/** The guest lanes of a log that are drawn. */
export interface LogLanes {
  readonly lanes: readonly number[];
  /** Those that share the last one. */
  readonly folded: readonly number[];
  readonly titleOf: GuestTitle;
}

/** @param most lanes with a place of their own */
export function logLanes(
  timeline: Pick<TraceTimeline, 'rows' | 'lanes' | 'lanesAre'>,
  most: number,
): LogLanes {
  const { own, folded } = shownLanes(timeline, most);
  const shared = folded.length > 0 ? [FOLDED_LANE] : [];
  const lanes = [...own, ...shared];
  return {
    lanes: lanes.length > 0 ? lanes : [0],
    folded,
    titleOf: (lane, isLong) =>
      lane === FOLDED_LANE ? `+${folded.length}` : laneTitle(timeline.lanesAre, lane, isLong),
  };
}

/** Where a row of a log stands; words name the guest where its lane does not. */
export function logRow(
  plan: LadderPlan,
  row: TraceRow,
  { lanes, folded, lanesAre }: Pick<LogLanes, 'lanes' | 'folded'> & Pick<TraceTimeline, 'lanesAre'>,
): LadderRow {
  const isFolded = folded.includes(row.lane);
  const usesGuest = row.from === 'guest' || row.to === 'guest';
  const isUnknown = row.lane === UNKNOWN_LANE && lanes.length > 1 && usesGuest;
  const who = isFolded ? `${laneTitle(lanesAre, row.lane)} ` : isUnknown ? 'v? ' : '';
  return layoutRow(plan, {
    from: row.from,
    to: row.to,
    vcpu: isFolded ? FOLDED_LANE : row.lane,
    text: who + rowText(row),
    refused: row.refused,
  });
}

/** More guest lanes than this leave no room for words. */
export const MOST_LANES = 12;
/** The line of what no line of the log says. */
const INFERRED_DASH = '4 3';

export interface LogPictureOf {
  readonly timeline: TraceTimeline;
  /** Indexes of the rows that are drawn, in order: those that a filter means, or all. */
  readonly rows: readonly number[];
  /** Index of the row that is shown. */
  readonly at: number;
  readonly title: string;
}

export function logPicture({ timeline, rows, at, title }: LogPictureOf): Picture {
  const lanes = logLanes(timeline, MOST_LANES);
  const plan = planLadder({ vcpus: lanes.lanes, columns: COLUMNS, titleOf: lanes.titleOf });
  const shownAt = rows.findLastIndex((row) => row <= at) + 1;
  const { first, count } = stepsAround(shownAt, rows.length, MAX_PICTURE_STEPS);
  const width = (plan.textEnd + 1) * UNIT;
  const drawn = rows.slice(first, first + count).map((index, i): Shape => {
    const row = timeline.rows[index];
    const isNow = index === at;
    if (!row) return groupAt(0, 0, []);
    return groupAt(0, i * HEIGHTS.step, [
      ...numberShapes(plan, { number: row.inferred ? undefined : row.line.number, isNow, width }),
      ...arrowShapes(plan, logRow(plan, row, { ...lanes, lanesAre: timeline.lanesAre }), {
        paper: isNow ? 'now-paper' : 'paper',
        dash: row.inferred && INFERRED_DASH,
      }),
    ]);
  });
  const height = Math.max(1, count) * HEIGHTS.step;
  const part = count === timeline.rows.length ? `${count} rows` : `${count} of ${timeline.rows.length} rows`;
  return {
    name: 'timeline',
    title: `${title}: timeline`,
    description: `${part} of a log: what guest, KVM, VMM and firmware say to each other, from the top down. Numbers are those of the lines; dashed rows are in no line, they follow from lines.`,
    width: width + 2 * MARGIN,
    height: height + HEAD + 2 * MARGIN + 18,
    shapes: [
      ...titleShapes(title, `${part}; dashed: inferred`, width),
      groupAt(MARGIN, 18 + MARGIN, headShapes(plan)),
      groupAt(MARGIN, HEAD + 18 + MARGIN, [...laneShapes(plan, height), ...drawn]),
    ],
  };
}
