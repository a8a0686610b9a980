/**
 * The compiled tables against XState itself: reachable states and every event with every combination of facts.
 * What should happen comes from XState's `transition` alone; nothing here knows a chart.
 */
import { expect, test } from 'vitest';
import { initialTransition, transition, type AnyMachineSnapshot, type ExecutableActionObject } from 'xstate';
import { take, type Chart } from './compile';
import type { AnyEffect } from './effects';
import { allEvents, type AnyEvent } from './events';
import { exchangeChart } from './exchange';
import { launchChart } from './launch';
import { pageChart } from './page';
import { vcpuChart } from './vcpu';

/** What an event leads to, as text: the state of every region, then the effects in order. */
const outcome = (states: readonly string[], effects: readonly AnyEffect[]): string =>
  [states.join(' '), ...effects.map(({ type, params }) => `${type}${JSON.stringify(params)}`)].join(' / ');

function statesOf(chart: Chart, snapshot: AnyMachineSnapshot): string[] {
  const value: unknown = snapshot.value;
  if (typeof value === 'string') return [value];
  const byRegion = value as Readonly<Record<string, string>>;
  return chart.regions.map(({ name }) => byRegion[name] as string);
}

function effectsOf(actions: readonly ExecutableActionObject[]): AnyEffect[] {
  return actions.map(({ type, params }) => ({ type, params: params ?? {} }));
}

function expected(chart: Chart, snapshot: AnyMachineSnapshot, event: AnyEvent) {
  const [next, actions] = transition(chart.machine, snapshot, event);
  return { next, text: outcome(statesOf(chart, next), effectsOf(actions)) };
}

function compiled(chart: Chart, snapshot: AnyMachineSnapshot, event: AnyEvent): string {
  const code = chart.eventCodes.get(event.type) as number;
  const effects: AnyEffect[] = [];
  const states = statesOf(chart, snapshot).map((name, i) => {
    const region = chart.regions[i] as Chart['regions'][number];
    const taken = take(region, region.states.indexOf(name), code, chart.eventTypes.length, event);
    effects.push(...(taken?.effects ?? []));
    return taken && taken.target >= 0 ? (region.states[taken.target] as string) : name;
  });
  return outcome(states, effects);
}

/** The states of the regions, two by two; the one of a chart with one region. */
const pairsOf = (states: readonly string[]): string[] =>
  states.length === 1
    ? [...states]
    : states.flatMap((a, i) => states.slice(i + 1).map((b, more) => `${i} ${a}, ${i + 1 + more} ${b}`));

/**
 * Walks every reachable pair of states of two regions under every event: no guard may see another region, and one that
 * does shows in a pair. @returns how many states were compared, and where the tables are wrong
 */
function compareAll(chart: Chart): { states: number; events: number; differences: string[] } {
  const events = [...allEvents(chart.declarations)];
  const [initial] = initialTransition(chart.machine);
  const seen = new Set(pairsOf(statesOf(chart, initial)));
  let states = 1;
  const queue: AnyMachineSnapshot[] = [initial];
  const differences: string[] = [];
  for (let snapshot = queue.pop(); snapshot; snapshot = queue.pop()) {
    const here = statesOf(chart, snapshot).join(' ');
    for (const event of events) {
      const { next, text } = expected(chart, snapshot, event);
      const ours = compiled(chart, snapshot, event);
      if (ours !== text)
        differences.push(`${here}: ${JSON.stringify(event)} gives ${ours}, XState says ${text}`);
      const news = pairsOf(statesOf(chart, next)).filter((pair) => !seen.has(pair));
      if (news.length === 0) continue;
      news.forEach((pair) => seen.add(pair));
      states += 1;
      queue.push(next);
    }
  }
  return { states, events: events.length, differences };
}

const charts = [vcpuChart, exchangeChart, launchChart, pageChart];

test.each(charts.map((chart) => [chart.id, chart] as const))(
  'the tables of %s say what XState says, in every reachable pair of states for every event',
  (_, chart) => {
    const { states, events, differences } = compareAll(chart);
    expect(differences).toEqual([]);
    expect(states).toBeGreaterThan(1);
    expect(events).toBeGreaterThan(chart.eventTypes.length - 1);
  },
  60_000,
);

test.each(charts.map((chart) => [chart.id, chart] as const))(
  'the tables of %s start where XState starts',
  (_, chart) => {
    const [initial] = initialTransition(chart.machine);
    expect(chart.regions.map((region) => region.states[region.initial])).toEqual(statesOf(chart, initial));
  },
);

test('a wrong entry in a table is found', () => {
  const region = exchangeChart.regions[0] as Chart['regions'][number];
  const event = exchangeChart.eventCodes.get('MSR_REQUEST') as number;
  const at = region.states.indexOf('idle') * exchangeChart.eventTypes.length + event;
  const table = region.table.map((entry, i) =>
    i === at
      ? entry.map((candidate) => ({ ...candidate, target: region.states.indexOf('answered') }))
      : entry,
  );
  const { differences } = compareAll({ ...exchangeChart, regions: [{ ...region, table }] });
  expect(differences).toEqual(['idle: {"type":"MSR_REQUEST"} gives answered, XState says received']);
});
