import { expect, test } from 'vitest';
import { receive, type Received } from './received';

const definition = JSON.stringify({
  id: 'vcpu',
  type: 'parallel',
  states: { mpState: { states: { UNINITIALIZED: {}, RUNNABLE: {} } }, run: { states: { inKvm: {} } } },
});
const actor = {
  type: '@xstate.actor',
  sessionId: 'x:1',
  name: 'vcpu v0',
  definition,
  snapshot: { value: {} },
};
const all = (...messages: unknown[]): Received => messages.reduce<Received>(receive, []);

test('an actor is shown with its regions, its state and its events', () => {
  expect(
    all(
      actor,
      { type: '@xstate.event', sessionId: 'x:1', event: { type: 'INIT', isBootCpu: false } },
      {
        type: '@xstate.snapshot',
        sessionId: 'x:1',
        snapshot: { status: 'active', value: { mpState: 'RUNNABLE', run: 'inKvm' } },
      },
    ),
  ).toEqual([
    {
      id: 'x:1',
      name: 'vcpu v0',
      stopped: false,
      regions: [
        { name: 'mpState', states: ['UNINITIALIZED', 'RUNNABLE'] },
        { name: 'run', states: ['inKvm'] },
      ],
      value: { mpState: 'RUNNABLE', run: 'inKvm' },
      events: [{ number: 1, type: 'INIT', facts: 'isBootCpu=false' }],
    },
  ]);
});

test('an actor told anew takes the place of the one before', () => {
  const again = all(actor, { ...actor, sessionId: 'x:2', name: 'launch' }, { ...actor, sessionId: 'x:3' });
  expect(again.map(({ id, name }) => [id, name])).toEqual([
    ['x:3', 'vcpu v0'],
    ['x:2', 'launch'],
  ]);
});

test('what is kept is bounded, however much is sent', () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ ...actor, sessionId: `x:${i}`, name: `a${i}` }));
  const states = Object.fromEntries(many.map(({ name }) => [name, {}]));
  const wide = { ...actor, definition: JSON.stringify({ states }), name: 'n'.repeat(1 << 20) };
  expect(all(...many)).toHaveLength(200);
  const [one] = all(wide, {
    type: '@xstate.event',
    sessionId: 'x:1',
    event: { type: 'E', x: 'y'.repeat(1e6) },
  });
  expect(one?.name).toHaveLength(2000);
  expect(one?.regions[0]?.states).toHaveLength(200);
  expect(one?.events[0]?.facts).toHaveLength(2000);
});

test.each([null, 'text', {}, { type: '@xstate.event' }, { type: '@xstate.actor', definition: '{' }])(
  '%j does no harm',
  (message) => {
    expect(() => receive(all(actor), message)).not.toThrow();
  },
);
