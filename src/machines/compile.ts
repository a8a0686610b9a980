/**
 * Turns an XState machine definition into tables. The engine runs the tables; a test holds them to XState's own
 * `transition` over every reachable state and event. A chart here has no context: guards read the event alone.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { assert } from '../base/assert';
import type { AnyEffect } from './effects';
import type { AnyEvent, EventDeclarations } from './events';

/** One way an event can be taken in one state: the first whose guard holds is taken. */
export interface Candidate {
  /** Name of the guard with its parameters, or '' when the candidate is unconditional. */
  readonly guard: string;
  readonly test: (event: AnyEvent) => boolean;
  /** Code of the state it leads to, or -1 when the state stays. */
  readonly target: number;
  readonly effects: readonly AnyEffect[];
}

export interface Region {
  readonly name: string;
  /** State names; the index is the state's code. */
  readonly states: readonly string[];
  readonly initial: number;
  /** By state code, what the definition tags the state with. */
  readonly tags: readonly (readonly string[])[];
  /** Candidates by `state * eventCount + event`. */
  readonly table: readonly (readonly Candidate[])[];
  /** By event, whether any state takes it. */
  readonly takes: readonly boolean[];
}

export interface Chart {
  readonly id: string;
  readonly machine: AnyStateMachine;
  readonly declarations: EventDeclarations;
  readonly eventTypes: readonly string[];
  readonly eventCodes: ReadonlyMap<string, number>;
  readonly regions: readonly Region[];
}

interface NamedThing {
  type: string;
  params?: Record<string, unknown>;
}
const named = (thing: unknown): NamedThing =>
  typeof thing === 'string' ? { type: thing } : (thing as NamedThing);

/** `setTo RUNNABLE`: the name, then the values of the parameters. */
const guardText = ({ type, params }: NamedThing): string =>
  [type, ...Object.values(params ?? {}).map(String)].join(' ');

const always = (): boolean => true;

/** @returns the chart's tables; throws when the definition uses what a chart here must not (inline code, depth) */
export function compile(machine: AnyStateMachine, declarations: EventDeclarations): Chart {
  const eventTypes = Object.keys(declarations);
  const root = machine.root;
  const regionNodes: [string, AnyStateNode][] =
    root.type === 'parallel' ? Object.entries(root.states) : [[root.key, root]];
  for (const used of machine.events)
    assert(used in declarations, `${machine.id}: event ${used} is not declared`);

  const compileCandidate = (
    node: AnyStateNode,
    event: string,
    states: readonly string[],
  ): readonly Candidate[] =>
    (node.transitions.get(event) ?? []).map((transition): Candidate => {
      const guard = transition.guard === undefined ? undefined : named(transition.guard);
      const implementation: unknown = guard && machine.implementations.guards[guard.type];
      assert(!guard || typeof implementation === 'function', `${machine.id}: guard of ${event} has no name`);
      const target = transition.target?.[0];
      return {
        guard: guard ? guardText(guard) : '',
        test: guard
          ? (e) =>
              (implementation as (args: { event: AnyEvent }, params: unknown) => boolean)(
                { event: e },
                guard.params,
              )
          : always,
        target: target ? states.indexOf(target.key) : -1,
        effects: transition.actions.map((action) => {
          const { type, params } = named(action);
          assert(type in machine.implementations.actions, `${machine.id}: action ${type} is not declared`);
          return { type, params: params ?? {} };
        }),
      };
    });

  const regions = regionNodes.map(([name, node]): Region => {
    const states = Object.keys(node.states);
    const initial = node.initial.target[0]?.key;
    assert(initial !== undefined, `${machine.id}.${name} has no initial state`);
    const table = states.flatMap((state) =>
      eventTypes.map((event) => [
        ...compileCandidate(node.states[state] as AnyStateNode, event, states),
        ...compileCandidate(node, event, states),
      ]),
    );
    const tags = states.map((state) => [...(node.states[state] as AnyStateNode).tags]);
    const takes = eventTypes.map((_, event) =>
      states.some((__, state) => table[state * eventTypes.length + event]?.length !== 0),
    );
    return { name, states, initial: states.indexOf(initial), tags, table, takes };
  });
  return {
    id: machine.id,
    machine,
    declarations,
    eventTypes,
    eventCodes: new Map(eventTypes.map((type, code) => [type, code])),
    regions,
  };
}

/** The candidate that a region takes for an event, or undefined when the region does not accept it. */
export function take(region: Region, state: number, eventCode: number, eventCount: number, event: AnyEvent) {
  const candidates = region.table[state * eventCount + eventCode] as readonly Candidate[];
  for (const candidate of candidates) if (candidate.test(event)) return candidate;
  return undefined;
}

/** The names of the states of a region that carry a tag. */
export function statesTagged(chart: Chart, regionName: string, tag: string): ReadonlySet<string> {
  const region = chart.regions.find(({ name }) => name === regionName);
  assert(region, `${chart.id} has no region ${regionName}`);
  return new Set(region.states.filter((_, code) => region.tags[code]?.includes(tag)));
}
