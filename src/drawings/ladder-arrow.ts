/** The pixels of one row of the ladder: where the arrow of a step begins and ends, and on which line its words stand. */
import type { LadderPlan, LadderRow } from './ladder';

export interface RowArrow {
  /** Line of the arrow. */
  readonly y: number;
  readonly direction: 1 | -1;
  /** Arrows start a little after their lane and end before the other one. */
  readonly start: number;
  readonly end: number;
  /** Where the line ends, before its head. */
  readonly lineEnd: number;
  /** The head as path data. */
  readonly head: string;
  readonly rule: number;
  readonly stopsAtRule: boolean;
}

/** @param unit width of one column in pixels @param height of the row */
export function arrowOf(plan: LadderPlan, row: LadderRow, unit: number, height: number): RowArrow {
  const y = plan.style === 'wide' && row.labelAt === 'above' ? height - 9 : height / 2;
  const direction = row.to >= row.from ? 1 : -1;
  const rule = plan.rule * unit;
  const stopsAtRule = row.to === plan.rule;
  const start = row.from * unit + direction * (row.from === plan.rule ? 10 : 6);
  const end = stopsAtRule
    ? rule - direction * (row.shape === 'refused' ? 11 : 10)
    : row.to * unit - direction * 2;
  return {
    y,
    direction,
    start,
    end,
    lineEnd: row.shape === 'refused' ? end : end - direction * 6,
    head: `M${end},${y}l${-direction * 8},-4v8z`,
    rule,
    stopsAtRule,
  };
}

/** Line on which a piece of the label stands. */
export function labelLine(
  plan: LadderPlan,
  row: LadderRow,
  line: 0 | 1,
  { y, height }: { readonly y: number; readonly height: number },
): number {
  if (plan.style !== 'wide') return row.label.length === 1 ? height / 2 + 4 : height / 2 - 3 + line * 14;
  return row.labelAt === 'above' ? y - 6 : y + 4;
}
