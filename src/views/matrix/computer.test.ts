import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Computer } from './computer.svelte';
import type { Reply } from './messages';

/** A worker that says what it is told to say. */
class FakeWorker extends EventTarget {
  ended = false;
  asked = 0;
  postMessage(): void {
    this.asked++;
  }
  terminate(): void {
    this.ended = true;
  }
  say(data: Reply): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function started(): { computer: Computer; workers: FakeWorker[] } {
  const workers: FakeWorker[] = [];
  const start = (): Worker => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker as unknown as Worker;
  };
  return { computer: new Computer({ cells: [], charts: {} }, start, 30_000), workers };
}

const row: Reply = { kind: 'row', chart: 'vcpu', profile: 'linux-7.2', state: 'off', cells: [] };

test('a worker that never answers is ended, and the page says so; it can be started again', () => {
  const { computer, workers } = started();
  computer.askChart('vcpu', 'linux-7.2');
  vi.advanceTimersByTime(29_000);
  expect(computer.failure).toBe('');
  vi.advanceTimersByTime(2_000);
  expect(computer.failure).toBe('the worker did not answer for 30 seconds and was ended');
  expect(workers[0]?.ended).toBe(true);
  computer.restart();
  computer.askChart('vcpu', 'linux-7.2');
  expect([computer.failure, workers.length, workers[1]?.asked]).toEqual(['', 2, 1]);
});

test('a worker that answers slowly, and one that has answered all, are left alone', () => {
  const { computer, workers } = started();
  computer.askChart('vcpu', 'linux-7.2');
  vi.advanceTimersByTime(20_000);
  workers[0]?.say(row);
  vi.advanceTimersByTime(20_000);
  workers[0]?.say({ kind: 'done' });
  vi.advanceTimersByTime(100_000);
  expect(computer.failure).toBe('');
  expect(computer.row('vcpu', 'linux-7.2', 'off')).toEqual([]);
});
