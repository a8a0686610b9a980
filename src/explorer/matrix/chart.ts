/**
 * What a chart of the edge matrix declares: states (a predicate over the world), events (an act or a few), and the facts
 * that show what an event did. A chart declares no outcome: the engine computes every cell, see `cell.ts`.
 */
import type { Act, GuestAct, KvmAct, VmmAct } from '../../engine/acts';
import type { World } from '../../engine/world';
import type { HostPersonality, VmSettings } from '../../scenarios/scenario';

/** One value of an axis. */
export interface AxisValue {
  readonly id: string;
  readonly title: string;
}

/** A parameter that a cell fixes and a reader may vary. The grid shows the first value. */
export interface Axis {
  readonly id: string;
  readonly title: string;
  readonly values: readonly AxisValue[];
}

/** Values by axis id; a missing axis has its first value. */
export type Choice = Readonly<Record<string, string>>;

/** What a row is called and what it says: all that is needed to show one that was computed before. */
export interface NamedState {
  readonly id: string;
  readonly title: string;
  /** One sentence. */
  readonly says: string;
  /** Further search words. */
  readonly words?: readonly string[];
  readonly axes?: readonly Axis[];
  /** Requests of this row are answered in another way than the column declares. */
  readonly answered?: Answered;
}

/** A row. */
export interface MatrixState extends NamedState {
  /** Whether the world is in this state. */
  readonly holds: (world: World, choice: Choice) => boolean;
  /** A state between two threads: a thread has pending work and is not scheduled. */
  readonly heldBack?: true;
  /** The state includes its history: the search starts in another state, and begins with this act. */
  readonly after?: { readonly state: string; readonly act: EventStep };
}

/**
 * The next act of an event in the world as it stands, or nothing where it is not needed. The choice names the row too,
 * as `row`: a request may depend on it.
 */
export type EventStep = (world: World, choice: Choice) => Act | undefined;

/**
 * Who gets the result of an event, and where: a guest in the GHCB page, the GHCB MSR, a register or an access that
 * goes through; a VMM by a command of KVM_MEMORY_ENCRYPT_OP, another ioctl, or KVM_RUN; the host's kernel by the code of
 * an instruction or the status of the firmware.
 */
export type Answered =
  | 'nae'
  | 'msr'
  | 'instruction'
  | 'access'
  | 'command'
  | 'ioctl'
  | 'run'
  | 'kernel'
  | 'nobody';

/** What a column is called and what it says. */
export interface NamedEvent {
  readonly id: string;
  /** Title, short enough for a column heading. */
  readonly title: string;
  readonly says: string;
  readonly words?: readonly string[];
  readonly axes?: readonly Axis[];
  readonly answered: Answered;
}

/** A column. */
export interface MatrixEvent extends NamedEvent {
  readonly steps: readonly EventStep[];
  /** An answer of success is sufficient, since possibly nothing had to change. */
  readonly mayChangeNothing?: true;
  /** The look-ahead of this event where it is not the chart's. */
  readonly ahead?: readonly EventStep[];
  /** What an answer of success promises. */
  readonly promise?: {
    readonly says: string;
    readonly kept: (world: World, choice: Choice) => boolean;
  };
}

/** A property of the world before and after an event. */
export interface Fact {
  readonly id: string;
  readonly title: string;
  /** A change of it is an effect of the event; others are shown only. */
  readonly counts: boolean;
  readonly of: (world: World) => string;
}

/** The names of a chart, its rows and its columns: plain data. */
export interface NamedChart {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  /** A whole launch precedes the search. */
  readonly launched: boolean;
  readonly states: readonly NamedState[];
  readonly events: readonly NamedEvent[];
}

export interface MatrixChart extends NamedChart {
  readonly vm: VmSettings;
  readonly host: HostPersonality;
  /** Acts before the search begins; an act that a kernel refuses is left out under that kernel. */
  readonly root: readonly Act[];
  /** The acts of the search. It may also choose to let a thread continue. */
  readonly roam: (world: World) => readonly Act[];
  readonly states: readonly MatrixState[];
  readonly events: readonly MatrixEvent[];
  readonly facts: readonly Fact[];
  /** vCPU whose guest makes the requests. */
  readonly caller: number;
  /** vCPU that the events are about. */
  readonly target: number;
  /** What happens next without a new decision of an actor, see `outcome.ts`. */
  readonly ahead: readonly EventStep[];
}

export const stateById = <C extends NamedChart>(chart: C, id: string): C['states'][number] | undefined =>
  chart.states.find((state) => state.id === id);
export const eventById = <C extends NamedChart>(chart: C, id: string): C['events'][number] | undefined =>
  chart.events.find((event) => event.id === id);

export const guest = <V extends GuestAct['verb']>(
  vcpu: number,
  verb: V,
  args: Extract<GuestAct, { verb: V }>['args'],
): Act => ({ actor: 'guest', vcpu, verb, args }) as Act;

export const vmm = <V extends VmmAct['verb']>(verb: V, args: Extract<VmmAct, { verb: V }>['args']): Act =>
  ({ actor: 'vmm', verb, args }) as Act;

export const kvm = <V extends KvmAct['verb']>(verb: V, args: Extract<KvmAct, { verb: V }>['args']): Act =>
  ({ actor: 'kvm', verb, args }) as Act;

export const wake = (vcpu: number): Act => kvm('wake', { vcpu });

/** A step that is the same everywhere. */
export const always =
  (act: Act): EventStep =>
  () =>
    act;

/** An axis from the ids and titles of its values, in order. */
export const axis = (id: string, title: string, values: readonly (readonly [string, string])[]): Axis => ({
  id,
  title,
  values: values.map(([value, text]) => ({ id: value, title: text })),
});

/** The value that a choice has on an axis. */
export const valueOn = ({ id, values }: Axis, choice: Choice): string =>
  values.find((value) => value.id === choice[id])?.id ?? values[0]?.id ?? '';

/** Every axis of a state or event at its value, known ones only. */
export const settled = (axes: readonly Axis[] | undefined, choice: Choice): Choice =>
  Object.fromEntries((axes ?? []).map((one) => [one.id, valueOn(one, choice)]));

/** Every combination of the values of some axes, the one of the grid first. */
export function choicesOf(axes: readonly Axis[] | undefined): Choice[] {
  return (axes ?? []).reduce<Choice[]>(
    (choices, { id, values }) =>
      values.flatMap((value) => choices.map((one) => ({ ...one, [id]: value.id }))),
    [{}],
  );
}
