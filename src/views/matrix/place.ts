/** Where in the matrix someone stands, and how a link writes it: `vcpu/created-on-init/ap-create/mp=RUNNABLE`. */
import { charts } from 'virtual:matrix';
import { eventById, stateById } from '../../explorer/matrix/chart';
import type { Choice, NamedChart, NamedEvent, NamedState } from '../../explorer/matrix/chart';

export interface Place {
  readonly chart: NamedChart;
  /** The cell whose card is open. */
  readonly cell: { readonly state: NamedState; readonly event: NamedEvent } | undefined;
  /** What was varied. */
  readonly choice: Choice;
}

const [vcpu] = charts;
if (!vcpu) throw new Error('the matrix has no charts');
/** The chart that opens by default. */
const first: NamedChart = vcpu;

/** @param parts as they stand behind `#/m/`; what is not known there is left out, and said */
export function readPlace(parts: readonly string[]): Place & { readonly unknown: string } {
  const [chartId, stateId, eventId, ...rest] = parts;
  const named = chartId === undefined ? first : charts.find(({ id }) => id === chartId);
  const chart = named ?? first;
  const state = stateId === undefined ? undefined : stateById(chart, stateId);
  const event = eventId === undefined ? undefined : eventById(chart, eventId);
  const choice = Object.fromEntries(
    rest.flatMap((part): [string, string][] => {
      const [, axis, value] = /^([a-z]+)=(.+)$/.exec(part) ?? [];
      return axis !== undefined && value !== undefined ? [[axis, value]] : [];
    }),
  );
  const missing = [
    named ? undefined : chartId,
    stateId !== undefined && !state ? stateId : undefined,
    eventId !== undefined && !event ? eventId : undefined,
  ].filter((word) => word !== undefined);
  return {
    chart,
    cell: state && event ? { state, event } : undefined,
    choice,
    unknown: missing.length === 0 ? '' : `The matrix has no "${missing.join('", no "')}".`,
  };
}

export const writePlace = ({ chart, cell, choice }: Place): readonly string[] =>
  cell
    ? [
        chart.id,
        cell.state.id,
        cell.event.id,
        ...Object.entries(choice).map(([axis, value]) => `${axis}=${value}`),
      ]
    : [chart.id];
