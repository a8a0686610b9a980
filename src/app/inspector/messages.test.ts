import { expect, test } from 'vitest';
import { hearFrom, Inbox, MANY_WAITING, type Listening } from './messages';

const own = 'https://vmgexit.example';

test.each([
  ['the window and origin that are expected', 'opener', own, 1],
  ['another origin', 'opener', 'https://evil.example', 0],
  ['another window', 'somebody', own, 0],
  ['no window', null, own, 0],
])('a message from %s is heard or not', (_, source, origin, count) => {
  let listener: ((event: MessageEvent) => void) | undefined;
  const page: Listening = {
    addEventListener: (__, heard) => (listener = heard),
    removeEventListener: () => (listener = undefined),
  };
  const heard: unknown[] = [];
  const stop = hearFrom(page, { from: () => 'opener', origin: own }, ({ data }) => heard.push(data));
  listener?.({ source, origin, data: 'x' } as unknown as MessageEvent);
  expect(heard).toHaveLength(count);
  stop();
  expect(listener).toBeUndefined();
});

test('a page without an opener hears nobody', () => {
  let listener: ((event: MessageEvent) => void) | undefined;
  const heard: unknown[] = [];
  const page: Listening = { addEventListener: (_, on) => (listener = on), removeEventListener: () => {} };
  hearFrom(page, { from: () => null, origin: own }, ({ data }) => heard.push(data));
  listener?.({ source: null, origin: own, data: 'x' } as unknown as MessageEvent);
  expect(heard).toEqual([]);
});

test('a flood is taken in some at a time, and no more of it waits than the bound', () => {
  const planned: (() => void)[] = [];
  const taken: number[] = [];
  const inbox = new Inbox(
    (messages) => taken.push(messages.length),
    (work) => planned.push(work),
  );
  for (let i = 0; i < 20_000; i++) inbox.add(i);
  for (let work = planned.shift(); work; work = planned.shift()) work();
  expect(taken.reduce((sum, count) => sum + count, 0)).toBe(MANY_WAITING);
  expect(Math.max(...taken)).toBeLessThanOrEqual(250);
  expect(inbox.dropped).toBe(20_000 - MANY_WAITING);
});
