/**
 * What a chart of the edge matrix declares: states (a predicate over the world), events (an act or a few), and the facts
 * that tell what an event did. A chart holds no outcome: every cell is what the engine does, see `cell.ts`.
 */
import type { Act, GuestAct, KvmAct, VmmAct } from '../../engine/acts';
import type { World } from '../../engine/world';
import type { HostPersonality, VmSettings } from '../../scenarios/scenario';

/** One value of an axis. */
export interface AxisValue {
  readonly id: string;
  readonly title: string;
}

/** Something a cell fixes and a reader may vary. The grid shows the first value. */
export interface Axis {
  readonly id: string;
  readonly title: string;
  readonly values: readonly AxisValue[];
}

/** Values by axis id; what is missing has its first value. */
export type Choice = Readonly<Record<string, string>>;

/** A row. */
export interface MatrixState {
  readonly id: string;
  readonly title: string;
  /** One sentence. */
  readonly says: string;
  /** Other words that people look for. */
  readonly words?: readonly string[];
  readonly axes?: readonly Axis[];
  /** Whether the world is in this state. */
  readonly holds: (world: World, choice: Choice) => boolean;
  /** The state is one between two threads: something waits that the scheduler holds back. */
  readonly heldBack?: true;
  /** Requests of this row are answered by other words than the column says. */
  readonly answered?: Answered;
  /** How the state came about is part of it: the search starts in another state, and begins with this act. */
  readonly after?: { readonly state: string; readonly act: EventStep };
}

/**
 * The next act of an event in the world as it stands, or nothing where it is not needed. The choice names the row too,
 * as `row`: a request may depend on it.
 */
export type EventStep = (world: World, choice: Choice) => Act | undefined;

/**
 * Who is told how an event went, and by which words: a guest by the GHCB page, the GHCB MSR, a register or an access that
 * goes through; a VMM by a command of KVM_MEMORY_ENCRYPT_OP, another ioctl, or KVM_RUN; the host's kernel by the code of
 * an instruction or the status of the firmware.
 */
export type Answered =
  'nae' | 'msr' | 'instruction' | 'access' | 'command' | 'ioctl' | 'run' | 'kernel' | 'nobody';

/** A column. */
export interface MatrixEvent {
  readonly id: string;
  /** As short as a heading must be. */
  readonly title: string;
  readonly says: string;
  readonly words?: readonly string[];
  readonly axes?: readonly Axis[];
  readonly steps: readonly EventStep[];
  readonly answered: Answered;
  /** An answer of success is enough: it may well be that nothing had to change. */
  readonly mayChangeNothing?: true;
  /** The look-ahead of this event where it is not the chart's. */
  readonly ahead?: readonly EventStep[];
  /** What whoever is told "success" may count on. */
  readonly promise?: {
    readonly says: string;
    readonly kept: (world: World, choice: Choice) => boolean;
  };
}

/** Something that can be told of the world before and after an event. */
export interface Fact {
  readonly id: string;
  readonly title: string;
  /** A change of it is an effect of the event; others are shown only. */
  readonly counts: boolean;
  readonly of: (world: World) => string;
}

export interface MatrixChart {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly vm: VmSettings;
  readonly host: HostPersonality;
  /** A whole launch precedes the search. */
  readonly launched: boolean;
  /** What is prepared before the search begins; an act that a kernel refuses is left out there. */
  readonly root: readonly Act[];
  /** What the search may do. Threads that can go on are its choice too. */
  readonly roam: (world: World) => readonly Act[];
  readonly states: readonly MatrixState[];
  readonly events: readonly MatrixEvent[];
  readonly facts: readonly Fact[];
  /** vCPU whose guest makes the requests. */
  readonly caller: number;
  /** vCPU that the events are about. */
  readonly target: number;
  /** What happens next without anyone's decision, see `outcome.ts`. */
  readonly ahead: readonly EventStep[];
}

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
