/** What an inspector page has been told so far: actors, their states, their events. Nothing of what arrives is trusted. */

export interface ReceivedEvent {
  readonly number: number;
  readonly type: string;
  readonly facts: string;
}

export interface Region {
  readonly name: string;
  readonly states: readonly string[];
}

export interface ReceivedActor {
  readonly id: string;
  readonly name: string;
  readonly stopped: boolean;
  readonly regions: readonly Region[];
  /** Current state by region. */
  readonly value: Readonly<Record<string, string>>;
  readonly events: readonly ReceivedEvent[];
}

export type Received = readonly ReceivedActor[];

/** Events kept for each actor. */
const MANY_EVENTS = 500;
/** Actors, regions of one and states of one region that are kept; a run has ten actors. */
const MANY_ACTORS = 200;
const MANY_PARTS = 200;
/** Characters of a name or of the facts of an event. */
const LONG_TEXT = 2000;
/** Characters of a definition that is read. */
const LONG_DEFINITION = 1 << 20;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, LONG_TEXT) : '');

function regionsOf(definition: unknown): readonly Region[] {
  let config: unknown;
  if (typeof definition !== 'string' || definition.length > LONG_DEFINITION) return [];
  try {
    config = JSON.parse(definition);
  } catch {
    return [];
  }
  if (!isRecord(config) || !isRecord(config['states'])) return [];
  const namesIn = (states: object): string[] => Object.keys(states).slice(0, MANY_PARTS).map(textOf);
  if (config['type'] !== 'parallel') return [{ name: '', states: namesIn(config['states']) }];
  return Object.entries(config['states'])
    .slice(0, MANY_PARTS)
    .map(([name, node]) => ({
      name: textOf(name),
      states: isRecord(node) && isRecord(node['states']) ? namesIn(node['states']) : [],
    }));
}

function valueOf(snapshot: unknown): Readonly<Record<string, string>> {
  const value = isRecord(snapshot) ? snapshot['value'] : undefined;
  if (typeof value === 'string') return { '': value };
  if (!isRecord(value)) return {};
  const regions = Object.entries(value).slice(0, MANY_PARTS);
  return Object.fromEntries(regions.map(([region, state]) => [textOf(region), textOf(state)]));
}

function factsOf(event: Record<string, unknown>): string {
  return Object.entries(event)
    .filter(([name]) => name !== 'type')
    .slice(0, MANY_PARTS)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ')
    .slice(0, LONG_TEXT);
}

/** One message of the protocol taken in; what is not understood changes nothing. */
export function receive(actors: Received, message: unknown): Received {
  if (!isRecord(message)) return actors;
  const id = textOf(message['sessionId']);
  if (message['type'] === '@xstate.actor') {
    const actor: ReceivedActor = {
      id,
      name: textOf(message['name']) || id,
      stopped: false,
      regions: regionsOf(message['definition']),
      value: valueOf(message['snapshot']),
      events: [],
    };
    // An actor of the same name takes the place of one that went before: the run was told anew.
    const others = actors.filter((one) => one.id !== id && one.name !== actor.name);
    const at = actors.findIndex((one) => one.name === actor.name);
    if (others.length >= MANY_ACTORS) return actors;
    return at < 0 ? [...others, actor] : [...others.slice(0, at), actor, ...others.slice(at)];
  }
  const change = (update: (actor: ReceivedActor) => ReceivedActor): Received =>
    actors.map((actor) => (actor.id === id ? update(actor) : actor));
  if (message['type'] === '@xstate.snapshot') {
    const snapshot = message['snapshot'];
    const stopped = isRecord(snapshot) && snapshot['status'] === 'stopped';
    return change((actor) => ({ ...actor, stopped, value: valueOf(snapshot) }));
  }
  if (message['type'] === '@xstate.event' && isRecord(message['event'])) {
    const event = message['event'];
    return change((actor) => {
      const number = (actor.events.at(-1)?.number ?? 0) + 1;
      const entry = { number, type: textOf(event['type']), facts: factsOf(event) };
      return { ...actor, events: [...actor.events, entry].slice(-MANY_EVENTS) };
    });
  }
  return actors;
}
