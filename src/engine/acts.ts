/**
 * The vocabulary of acts: every input that moves the world, declared once, actor by actor, in `acts/`. Scenario text,
 * event menu, explorer and command line all read these tables.
 */
import { guestActs } from './acts/guest';
import { injectActs } from './acts/inject';
import { kvmActs } from './acts/kvm';
import type { ActKind, ByteRun, Parameter, ParameterKind, PscEntryInput } from './acts/parameter';
import { vmmActs } from './acts/vmm';

export type { ActKind, ByteRun, Parameter, ParameterKind, PscEntryInput };

export const actTables = { guest: guestActs, vmm: vmmActs, kvm: kvmActs, inject: injectActs };
export type Actor = keyof typeof actTables;

type ParameterValue<K> = K extends 'u64'
  ? bigint
  : K extends 'count'
    ? number
    : K extends 'flag'
      ? boolean
      : K extends 'entries'
        ? readonly PscEntryInput[]
        : K extends 'bytes'
          ? readonly ByteRun[]
          : K extends readonly (infer W)[]
            ? W
            : never;
type Required<P> = { [N in keyof P as P[N] extends Parameter<ParameterKind, true> ? N : never]: P[N] };
type Optional<P> = { [N in keyof P as P[N] extends Parameter<ParameterKind, true> ? never : N]: P[N] };
type KindOf<P> = P extends Parameter<infer K> ? K : never;
export type ActArguments<
  A extends Actor,
  V extends keyof (typeof actTables)[A],
> = (typeof actTables)[A][V] extends {
  params: infer P;
}
  ? { readonly [N in keyof Required<P>]: ParameterValue<KindOf<P[N]>> } & {
      readonly [N in keyof Optional<P>]?: ParameterValue<KindOf<P[N]>>;
    }
  : never;

type ActOf<A extends Actor> = {
  [V in keyof (typeof actTables)[A] & string]: {
    readonly actor: A;
    readonly verb: V;
    readonly args: ActArguments<A, V>;
  } & (A extends 'guest' ? { readonly vcpu: number } : unknown);
}[keyof (typeof actTables)[A] & string];

export type GuestAct = ActOf<'guest'>;
export type VmmAct = ActOf<'vmm'>;
export type KvmAct = ActOf<'kvm'>;
export type InjectAct = ActOf<'inject'>;
/** One input: who does what. */
export type Act = GuestAct | VmmAct | KvmAct | InjectAct;

/** Why an act cannot be taken in this state. */
export interface Refusal {
  readonly says: string;
}

/** Result of an act: undefined when it was taken, else why it could not be. */
export type Outcome = Refusal | undefined;
export const refused = (says: string): Refusal => ({ says });
