/** What the types of effects accept and refuse: each refusal is an error that the type checker must find. */
import { expect, expectTypeOf, test } from 'vitest';
import { carryOut, type DecidingEvent, type EffectFor, type QuietEvent } from './effects';
import type { ExchangeDefinition, ExchangeEvent } from './exchange';
import type { VcpuDefinition } from './vcpu';

type SipiEffect = EffectFor<VcpuDefinition, 'SIPI'>;
const delivered: readonly SipiEffect[] = [{ type: 'deliverSipi', params: {} }];
const refused: readonly SipiEffect[] = [{ type: 'refuse', params: { reason: 'SipiDropped' } }];

test('the effects of an event are those of its transitions in every state, with their parameters', () => {
  expectTypeOf<SipiEffect['type']>().toEqualTypeOf<'deliverSipi' | 'refuse'>();
  expectTypeOf<Extract<SipiEffect, { type: 'refuse' }>['params']['reason']>().toEqualTypeOf<'SipiDropped'>();
  expectTypeOf<EffectFor<ExchangeDefinition, 'PSC_CHANGED'>['type']>().toEqualTypeOf<'answerNotChanged'>();
});

test('an event without effects is quiet, one with effects is not', () => {
  expectTypeOf<'MALFORMED'>().toExtend<QuietEvent<ExchangeDefinition, ExchangeEvent>['type']>();
  expectTypeOf<'PSC_RANGE'>().toExtend<DecidingEvent<ExchangeDefinition, ExchangeEvent>['type']>();
  expectTypeOf<'PSC_RANGE'>().not.toExtend<QuietEvent<ExchangeDefinition, ExchangeEvent>['type']>();
});

test('the handler of the effect that came answers', () => {
  const table = { deliverSipi: () => 'delivered', refuse: ({ reason }: { reason: string }) => reason };
  expect(carryOut(delivered, table)).toBe('delivered');
  expect(carryOut(refused, table)).toBe('SipiDropped');
  expect(carryOut<SipiEffect, typeof table>([], table)).toBeUndefined();
});

test('an effect without a handler, and a handler without an effect, do not compile', () => {
  // @ts-expect-error nobody refuses
  expect(() => carryOut(refused, { deliverSipi: () => 1 })).toThrow();
  // @ts-expect-error SIPI never latches a SIPI
  expect(carryOut(delivered, { deliverSipi: () => 1, refuse: () => 2, latchSipi: () => 3 })).toBe(1);
});
