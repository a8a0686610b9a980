/** What a frame of the machines view lights. */
import type { ChartArrow } from '../../drawings/chart-model';
import type { Decision } from '../../drawings/chart-step';

export interface Lit {
  /** State the region is in. */
  readonly now: string | undefined;
  /** State before the step, when it differs. */
  readonly before: string | undefined;
  /** Arrows that were taken. */
  readonly taken: ReadonlySet<string>;
  /** Arrows whose guard failed, with the guards that failed. */
  readonly refused: ReadonlyMap<string, readonly string[]>;
  /** The state took an event and stayed. */
  readonly stayed: boolean;
}

export const nothingLit: Lit = {
  now: undefined,
  before: undefined,
  taken: new Set(),
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
  const taken = new Set<string>();
  const refused = new Map<string, string[]>();
  let stayed = false;
  for (const { regions } of decisions) {
    const ways = regions.find((one) => one.region === region)?.ways ?? [];
    for (const { way, outcome, arrow } of ways) {
      if (outcome === 'taken' && arrow === undefined) stayed = true;
      if (arrow === undefined) continue;
      if (outcome === 'taken') taken.add(arrow);
      if (outcome === 'guardFailed') refused.set(arrow, [...(refused.get(arrow) ?? []), way.guard]);
    }
  }
  for (const arrow of taken) refused.delete(arrow);
  return { now, before: before === now ? undefined : before, taken, refused, stayed };
}

export type ArrowLook = 'taken' | 'refused' | 'idle';
export const lookOf = (lit: Lit, { id }: ChartArrow): ArrowLook =>
  lit.taken.has(id) ? 'taken' : lit.refused.has(id) ? 'refused' : 'idle';
