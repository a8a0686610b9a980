/** How few events lead to each state of a chart alone: a search over the compiled tables against XState's own. */
import { expect, test } from 'vitest';
import { getShortestPaths } from 'xstate/graph';
import { isLong } from '../testing/effort';
import { take, type Chart } from './compile';
import { allEvents, type AnyEvent } from './events';
import { exchangeChart } from './exchange';
import { launchChart } from './launch';
import { pageChart } from './page';
import { vcpuChart } from './vcpu';

/** The state codes of all regions after an event. */
function after(chart: Chart, codes: readonly number[], event: AnyEvent): readonly number[] {
  const code = chart.eventCodes.get(event.type) as number;
  return chart.regions.map((region, i) => {
    const from = codes[i] as number;
    const taken = take(region, from, code, chart.eventTypes.length, event);
    return taken && taken.target >= 0 ? taken.target : from;
  });
}

/** One event of each kind that leads somewhere else from some state of some region: what else happens is equal. */
function distinct(chart: Chart): AnyEvent[] {
  const byMoves = new Map<string, AnyEvent>();
  for (const event of allEvents(chart.declarations)) {
    const code = chart.eventCodes.get(event.type) as number;
    const moves = chart.regions.map((region) =>
      region.states.map((_, from) => take(region, from, code, chart.eventTypes.length, event)?.target ?? -1),
    );
    byMoves.set(JSON.stringify(moves), event);
  }
  return [...byMoves.values()];
}

/** States by name with the length of the shortest way, breadth first over the tables. */
function ours(chart: Chart, events: readonly AnyEvent[]): Map<string, number> {
  const nameOf = (codes: readonly number[]): string =>
    codes.map((code, i) => chart.regions[i]?.states[code]).join(' ');
  let level: (readonly number[])[] = [chart.regions.map(({ initial }) => initial)];
  const lengths = new Map(level.map((codes) => [nameOf(codes), 0]));
  for (let length = 1; level.length > 0; length++) {
    const next: (readonly number[])[] = [];
    for (const codes of level)
      for (const event of events) {
        const reached = after(chart, codes, event);
        if (lengths.has(nameOf(reached))) continue;
        lengths.set(nameOf(reached), length);
        next.push(reached);
      }
    level = next;
  }
  return lengths;
}

/** The same, as XState's graph tools find it. */
function theirs({ machine, regions }: Chart, events: readonly AnyEvent[]): Map<string, number> {
  const nameOf = (value: unknown): string =>
    typeof value === 'string'
      ? value
      : regions.map(({ name }) => (value as Readonly<Record<string, string>>)[name]).join(' ');
  const paths = getShortestPaths(machine, {
    events: [...events],
    serializeState: (snapshot) => nameOf((snapshot as { value: unknown }).value),
    limit: Infinity,
  });
  return new Map(
    paths.map(({ state, steps }) => [
      nameOf((state as { value: unknown }).value),
      steps.filter(({ event }) => (event as { type: string }).type !== 'xstate.init').length,
    ]),
  );
}

/** The vCPU has 1,120 states, which take XState some seconds. */
const charts = [launchChart, exchangeChart, pageChart, ...(isLong ? [vcpuChart] : [])];

test.each(charts.map((chart) => [chart.id, chart] as const))(
  'every state of %s is as far away as XState says',
  (_, chart) => {
    const events = distinct(chart);
    const found = ours(chart, events);
    expect(found.size).toBeGreaterThan(1);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(theirs(chart, events)));
  },
);
