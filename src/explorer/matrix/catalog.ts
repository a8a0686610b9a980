/** The names of every cell, for search fields: nothing is computed here. */
import { matrixCharts } from './charts';

export interface CellName {
  readonly chart: string;
  readonly state: string;
  readonly event: string;
  /** The part after `#/m/` in a link. */
  readonly address: string;
  /** The event, then the state. */
  readonly title: string;
  /** The text in which a search looks for the cell, in lower case. */
  readonly words: readonly string[];
}

const wordsIn = (...texts: readonly string[]): string[] => [
  ...new Set(texts.flatMap((text) => text.toLowerCase().split(/[^a-z0-9_-]+/)).filter((word) => word !== '')),
];

export const cellAddress = (chart: string, state: string, event: string): string =>
  `${chart}/${state}/${event}`;

/** Chart by chart, row by row. */
export const catalog = (): readonly CellName[] =>
  matrixCharts.flatMap((chart) =>
    chart.states.flatMap((state) =>
      chart.events.map((event): CellName => ({
        chart: chart.id,
        state: state.id,
        event: event.id,
        address: cellAddress(chart.id, state.id, event.id),
        title: `${event.title} / ${state.title}`,
        words: wordsIn(
          chart.title,
          state.id,
          state.title,
          ...(state.words ?? []),
          event.id,
          event.title,
          ...(event.words ?? []),
        ),
      })),
    ),
  );
