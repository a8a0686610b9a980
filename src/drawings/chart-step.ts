/**
 * What a step did to a chart, worked out twice: by the table the engine runs, and by XState's own `transition`. The
 * drawing lights what they say and reports when they differ.
 */
import { transition, type AnyStateMachine, type StateValue } from 'xstate';
import type { Chart, Region } from '../machines/compile';
import type { AnyEffect } from '../machines/effects';
import type { AnyEvent } from '../machines/events';
import { arrowFinder, waysOf, type Way } from './chart-model';

/** State of every region, by its name. */
export type RegionStates = Readonly<Record<string, string>>;

/** `notAsked`: an earlier candidate was taken already. */
export type WayOutcome = 'taken' | 'guardFailed' | 'notAsked';

export interface DecidedWay {
  readonly way: Way;
  readonly outcome: WayOutcome;
  /** The arrow it is drawn as; undefined when the state stays. */
  readonly arrow: string | undefined;
}

export interface DecidedRegion {
  readonly region: string;
  readonly before: string;
  readonly after: string;
  readonly ways: readonly DecidedWay[];
}

export interface Decision {
  readonly event: AnyEvent;
  /** Regions that accept the event in their present state. */
  readonly regions: readonly DecidedRegion[];
  readonly effects: readonly AnyEffect[];
  readonly states: RegionStates;
  /** What XState says instead, when it does not say the same. */
  readonly disagreement: string | undefined;
}

function decideRegion(chart: Chart, region: Region, state: string, event: AnyEvent): DecidedRegion {
  const find = arrowFinder(chart, region);
  let taken: Way | undefined;
  const ways = waysOf(chart, region, region.states.indexOf(state), event.type).map((way): DecidedWay => {
    const arrow = find(state, way);
    if (taken) return { way, outcome: 'notAsked', arrow };
    if (!way.candidate.test(event)) return { way, outcome: 'guardFailed', arrow };
    taken = way;
    return { way, outcome: 'taken', arrow };
  });
  return { region: region.name, before: state, after: taken?.target ?? state, ways };
}

const stateValue = (chart: Chart, states: RegionStates): StateValue => {
  const [only] = chart.regions;
  if (chart.machine.root.type === 'parallel') return { ...states };
  return states[only?.name ?? ''] ?? '';
};

/** What XState itself does with the event. */
function askXState(
  machine: AnyStateMachine,
  value: StateValue,
  event: AnyEvent,
): { value: StateValue; effects: string[] } {
  const snapshot = machine.resolveState({ value, context: {} });
  const [next, actions] = transition(machine, snapshot, event) as [
    { value: StateValue },
    readonly { type: string; params?: unknown }[],
  ];
  return { value: next.value, effects: actions.map(({ type, params }) => effectText({ type, params })) };
}

const effectText = ({ type, params }: { type: string; params?: unknown }): string =>
  params === undefined || Object.keys(params as object).length === 0
    ? type
    : `${type} ${JSON.stringify(params)}`;

const valueText = (value: StateValue): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value)
        .map(([region, state]) => `${region} ${JSON.stringify(state)}`)
        .sort()
        .join(', ');

/** One event in the state before it. */
export function decide(chart: Chart, before: RegionStates, event: AnyEvent): Decision {
  const all = chart.regions.map((region) => decideRegion(chart, region, before[region.name] ?? '', event));
  const states = Object.fromEntries(all.map(({ region, after }) => [region, after]));
  const effects = all.flatMap(({ ways }) =>
    ways.filter(({ outcome }) => outcome === 'taken').flatMap(({ way }) => way.effects),
  );
  const ours = `${valueText(stateValue(chart, states))}; ${effects.map(effectText).join(', ')}`;
  const answer = askXState(chart.machine, stateValue(chart, before), event);
  const theirs = `${valueText(answer.value)}; ${answer.effects.join(', ')}`;
  return {
    event,
    regions: all.filter(({ ways }) => ways.length > 0),
    effects,
    states,
    disagreement: ours === theirs ? undefined : theirs,
  };
}

/** The events of a step, one after the other. */
export function decideAll(chart: Chart, before: RegionStates, events: readonly AnyEvent[]): Decision[] {
  const decisions: Decision[] = [];
  let states = before;
  for (const event of events) {
    const decision = decide(chart, states, event);
    decisions.push(decision);
    states = decision.states;
  }
  return decisions;
}
