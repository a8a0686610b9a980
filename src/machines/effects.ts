/**
 * The effects of a statechart as types: read from its definition, event by event, so that an effect without a
 * handler, and a handler for an effect that does not exist, do not compile.
 */

import { assert } from '../base/assert';

/** An effect: an action of a chart that the engine carries out. */
export interface AnyEffect {
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
}

type NoParams = Readonly<Record<string, never>>;
type OneOf<T> = T extends readonly (infer I)[] ? I : T;
type EffectOfAction<A> = A extends string
  ? { readonly type: A; readonly params: NoParams }
  : A extends { readonly type: infer T; readonly params: infer P }
    ? { readonly type: T; readonly params: P }
    : never;

/** The transitions that a node and those inside it have for an event. */
type TransitionsFor<Node, E> =
  | (Node extends { readonly on: infer On } ? (E extends keyof On ? OneOf<On[E]> : never) : never)
  | (Node extends { readonly states: infer States }
      ? { [S in keyof States]: TransitionsFor<States[S], E> }[keyof States]
      : never);

/** The effects that events of these types can have in a chart with this definition. */
export type EffectFor<Definition, E> = E extends string
  ? TransitionsFor<Definition, E> extends infer T
    ? T extends { readonly actions: infer A }
      ? EffectOfAction<OneOf<A>>
      : never
    : never
  : never;

/** The events that have no effect in any state. */
export type QuietEvent<Definition, Event extends { readonly type: string }> = Event extends unknown
  ? [EffectFor<Definition, Event['type']>] extends [never]
    ? Event
    : never
  : never;

/** The events that have an effect in some state. */
export type DecidingEvent<Definition, Event extends { readonly type: string }> = Exclude<
  Event,
  QuietEvent<Definition, Event>
>;

/** A handler for each effect, none missing and none in excess. */
export type EffectTable<E extends AnyEffect, R> = {
  readonly [T in E['type']]: (params: Extract<E, { readonly type: T }>['params']) => R;
};

/** Actions without a body, under exactly the names that a definition uses. */
export type ActionNames<Definition, Event extends { readonly type: string }> = Readonly<
  Record<Extract<EffectFor<Definition, Event['type']>, AnyEffect>['type'], (...args: never) => void>
>;

/** An action without parameters. An action is a name: its body stands where the engine carries out the effect. */
export const action = (): void => {};

/** An action with parameters. */
export const actionWith =
  <P>() =>
  (_args: unknown, _params: P): void => {};

/** The return type of the handlers of a table. */
type AnswerOf<T> = T[keyof T] extends infer H ? (H extends (params: never) => infer R ? R : never) : never;
/** Rejects handlers of effects that do not exist. */
type NoOther<T, E extends AnyEffect> = { readonly [K in Exclude<keyof T, E['type']>]: never };

/** Carries out the effects of one event in order. @returns the result of the last handler; undefined without effects */
export function carryOut<E extends AnyEffect, T extends EffectTable<E, unknown>>(
  effects: readonly E[],
  table: T & NoOther<T, E>,
): AnswerOf<T> | undefined {
  let answer: unknown;
  for (const effect of effects) {
    const handler = table[effect.type as keyof T] as (params: E['params']) => unknown;
    answer = handler(effect.params);
  }
  return answer as AnswerOf<T> | undefined;
}

/** As `carryOut`, for an event that always has an effect. */
export function carryOutOne<E extends AnyEffect, T extends EffectTable<E, unknown>>(
  effects: readonly E[],
  table: T & NoOther<T, E>,
): AnswerOf<T> {
  assert(effects.length > 0, 'the chart named no effect');
  return carryOut(effects, table) as AnswerOf<T>;
}
