/** What a frame of the machines view lights. */
import type { ChartArrow, ChartLine } from '../../drawings/chart-model';
import type { Decision } from '../../drawings/chart-step';

export interface Lit {
  /** State the region is in. */
  readonly now: string | undefined;
  /** State before the step, when it differs. */
  readonly before: string | undefined;
  /** Arrows that were taken, with the lines beside them that say why. */
  readonly taken: ReadonlyMap<string, readonly ChartLine[]>;
  /** Arrows whose guard failed, with the lines that failed. */
  readonly refused: ReadonlyMap<string, readonly ChartLine[]>;
  /** The state took an event and stayed. */
  readonly stayed: boolean;
}

export const nothingLit: Lit = {
  now: undefined,
  before: undefined,
  taken: new Map(),
  refused: new Map(),
  stayed: false,
};

/** What a step lights in one region. */
export function litBy(
  region: string,
  now: string | undefined,
  before: string | undefined,
  decisions: readonly Decision[],
): Lit {
  const taken = new Map<string, ChartLine[]>();
  const refused = new Map<string, ChartLine[]>();
  const add = (to: Map<string, ChartLine[]>, arrow: string, line: ChartLine): void => {
    to.set(arrow, [...(to.get(arrow) ?? []), line]);
  };
  let stayed = false;
  for (const { regions } of decisions) {
    const ways = regions.find((one) => one.region === region)?.ways ?? [];
    for (const { way, outcome, arrow } of ways) {
      if (outcome === 'taken' && arrow === undefined) stayed = true;
      if (arrow === undefined) continue;
      if (outcome === 'taken') add(taken, arrow, way);
      if (outcome === 'guardFailed') add(refused, arrow, way);
    }
  }
  for (const arrow of taken.keys()) refused.delete(arrow);
  return { now, before: before === now ? undefined : before, taken, refused, stayed };
}

export type ArrowLook = 'taken' | 'refused' | 'idle';
/** Whether a line beside an arrow is one of these. */
export const isAmong = (lines: readonly ChartLine[] | undefined, { event, guard }: ChartLine): boolean =>
  lines?.some((line) => line.event === event && line.guard === guard) ?? false;

export const lookOf = (lit: Lit, { id }: ChartArrow): ArrowLook =>
  lit.taken.has(id) ? 'taken' : lit.refused.has(id) ? 'refused' : 'idle';
