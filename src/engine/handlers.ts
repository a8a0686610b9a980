/** The types of the tables that carry out acts: one handler for each verb of an actor. */
import type { ActArguments, actTables, Actor, Outcome } from './acts';
import type { World } from './world';

/** Handlers of the guest's verbs; they get the vCPU that executes. */
export type GuestHandlers = {
  readonly [V in keyof (typeof actTables)['guest']]: (
    world: World,
    vcpu: number,
    args: ActArguments<'guest', V>,
  ) => Outcome;
};

/** Handlers of the verbs of an actor other than the guest. */
export type HandlersOf<A extends Exclude<Actor, 'guest'>> = {
  readonly [V in keyof (typeof actTables)[A]]: (world: World, args: ActArguments<A, V>) => Outcome;
};
