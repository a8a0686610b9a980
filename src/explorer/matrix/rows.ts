/** Rows of the edge matrix as a grid needs them, and a compact form of whole charts that were computed before. */
import type { ChartRun } from './cell';
import type { MatrixChart, MatrixState } from './chart';
import type { Outcome } from './outcomes';
import type { ResolvedProfile } from '../../profiles/resolve';

/** A cell as the grid needs it. */
export interface SmallCell {
  readonly outcome: Outcome;
  readonly because: string;
  /** Answer and resulting state as one text: equal where two profiles differ in nothing. */
  readonly details: string;
}

/** The cells of a state, in the order of the chart's events. */
export const rowOf = (run: ChartRun, state: MatrixState): readonly SmallCell[] =>
  run.chart.events.map((event) => {
    const { outcome, because, answer, facts } = run.cell({ state, event });
    return { outcome, because, details: JSON.stringify([answer, facts.map(({ after }) => after)]) };
  });

/** Charts under some profiles. Equal cells are written once. Plain data. */
export interface PackedRows {
  readonly cells: readonly SmallCell[];
  /** By chart, profile and state: the indexes of its cells. */
  readonly charts: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>>
  >;
}

/** @param startRun called once for each chart and profile */
export function packRows(
  charts: readonly MatrixChart[],
  profiles: readonly ResolvedProfile[],
  startRun: (chart: MatrixChart, profile: ResolvedProfile) => ChartRun,
): PackedRows {
  const cells: SmallCell[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (cell: SmallCell): number => {
    const key = JSON.stringify([cell.outcome, cell.because, cell.details]);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, cells.length);
    return cells.push(cell) - 1;
  };
  const rowsOf = (run: ChartRun) =>
    Object.fromEntries(run.chart.states.map((state) => [state.id, rowOf(run, state).map(numberOf)]));
  return {
    charts: Object.fromEntries(
      charts.map((chart) => [
        chart.id,
        Object.fromEntries(profiles.map((profile) => [profile.spec, rowsOf(startRun(chart, profile))])),
      ]),
    ),
    cells,
  };
}

/** The row of a state, where it was computed before. */
export function packedRow(
  { cells, charts }: PackedRows,
  { chart, profile, state }: { readonly chart: string; readonly profile: string; readonly state: string },
): readonly SmallCell[] | undefined {
  return charts[chart]?.[profile]?.[state]?.flatMap((number) => cells[number] ?? []);
}

/** Whether a chart under a profile was computed before. */
export const isPacked = ({ charts }: PackedRows, chart: string, profile: string): boolean =>
  charts[chart]?.[profile] !== undefined;
