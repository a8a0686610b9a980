import { expect, test, vi } from 'vitest';
import type { Question, Reply, Said, ShownSearch } from './messages';
import { Kept, MemoryKeptStore } from './kept';
import { Searcher } from './searcher.svelte';

/** A worker that says what a test tells it to. */
class Spoken extends EventTarget {
  readonly asked: Question[] = [];
  ended = false;
  postMessage(question: Question): void {
    this.asked.push(question);
  }
  terminate(): void {
    this.ended = true;
  }
  say(turn: number, said: Said): void {
    const data: Reply = { turn, ...said };
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
  get turn(): number {
    const last = this.asked.findLast((question) => question.kind === 'explore');
    return last?.turn ?? -1;
  }
}

function searcherWith(kept?: Kept): { readonly searcher: Searcher; readonly workers: Spoken[] } {
  const workers: Spoken[] = [];
  const searcher = new Searcher(() => {
    const worker = new Spoken();
    workers.push(worker);
    // The searcher asks no more of a worker than this one has.
    return worker as unknown as Worker;
  }, kept);
  return { searcher, workers };
}

const search = (profile: string): ShownSearch =>
  ({ profiles: [profile], answers: [], counts: {}, milliseconds: 1 }) as unknown as ShownSearch;

test('a way that was found is there while the search goes on, and the graph comes last', () => {
  const { searcher, workers } = searcherWith();
  searcher.begin('early', ['linux-7.2']);
  const [worker] = workers;
  worker?.say(worker.turn, { kind: 'early', searches: [search('linux-7.2')] });
  expect([searcher.early.length, searcher.found, searcher.running]).toEqual([1, undefined, true]);
  worker?.say(worker.turn, { kind: 'found', searches: [search('linux-7.2')], stopped: false });
  expect([searcher.early.length, searcher.found?.searches.length, searcher.running]).toEqual([0, 1, false]);
  worker?.say(worker.turn, { kind: 'map', map: { clusters: [], nodes: [], edges: [] } });
  expect(searcher.found?.map?.clusters).toEqual([]);
});

test('the worker stays for the next search, and what it says of the last one is not heard', () => {
  const { searcher, workers } = searcherWith();
  searcher.begin('first', ['linux-7.2']);
  const first = workers[0]?.turn ?? -1;
  searcher.begin('second', ['linux-7.2']);
  expect(workers.map(({ ended }) => ended)).toEqual([false]);
  workers[0]?.say(first, { kind: 'found', searches: [search('linux-7.2')], stopped: true });
  expect([searcher.found, searcher.running]).toEqual([undefined, true]);
});

test('a worker that ends leaves what it had found, and the next search has another one', () => {
  const { searcher, workers } = searcherWith();
  searcher.begin('ends', ['linux-7.2']);
  const [worker] = workers;
  const levels = { sizes: [1, 2], expanded: 1, ahead: 2 };
  const counts = { states: 5, transitions: 9, depth: 2, levels, maxStates: 100, ways: 1 };
  worker?.say(worker.turn, { kind: 'progress', under: '', ...counts });
  worker?.say(worker.turn, { kind: 'early', searches: [search('linux-7.2')] });
  worker?.dispatchEvent(new Event('error'));
  expect([searcher.failure, searcher.running]).toEqual(['the worker of the search ended', false]);
  expect([searcher.early.length, searcher.progress?.states]).toEqual([1, 5]);
  searcher.begin('ends', ['linux-7.2'], true);
  expect([workers.length, searcher.failure, searcher.early.length]).toEqual([2, '', 0]);
});

const finish = (worker: Spoken | undefined): void => {
  worker?.say(worker.turn, { kind: 'found', searches: [search('linux-7.2')], stopped: false });
  worker?.say(worker.turn, { kind: 'map', map: { clusters: [], nodes: [], edges: [] } });
};

test('a search that ended is not made again', () => {
  const { searcher, workers } = searcherWith();
  searcher.begin('known', ['linux-7.2']);
  finish(workers[0]);
  expect(searcher.foundAt).toBeUndefined();
  searcher.begin('other', ['linux-7.2']);
  searcher.begin('known', ['linux-7.2']);
  expect([searcher.found?.searches.length, searcher.running]).toEqual([1, false]);
  expect(searcher.foundAt).toBeGreaterThan(0);
  expect(workers[0]?.asked.filter(({ kind }) => kind === 'explore')).toHaveLength(2);
});

test('after a reload the result is there with its date, and is searched anew when it is asked for', async () => {
  const store = new MemoryKeptStore();
  const kept = () =>
    new Kept(
      'engine-1',
      () => Promise.resolve(store),
      () => 1_000,
    );
  const first = searcherWith(kept());
  first.searcher.begin('asked', ['linux-7.2']);
  finish(first.workers[0]);
  await vi.waitFor(async () => expect(await store.all()).toHaveLength(1));

  const second = searcherWith(kept());
  second.searcher.begin('asked', ['linux-7.2']);
  // It does not wait for the store.
  expect([second.searcher.running, second.workers[0]?.asked.length]).toEqual([true, 1]);
  await vi.waitFor(() => expect(second.searcher.found).toBeDefined());
  expect([second.searcher.foundAt, second.searcher.running]).toEqual([1_000, false]);
  expect(second.workers[0]?.asked.at(-1)).toEqual({ kind: 'stop' });
  second.searcher.begin('asked', ['linux-7.2'], true);
  await Promise.resolve();
  expect([second.searcher.found, second.searcher.foundAt, second.searcher.running]).toEqual([
    undefined,
    undefined,
    true,
  ]);
});

test('a result that is kept is shown where no worker can be started', async () => {
  const store = new MemoryKeptStore();
  const kept = () => new Kept('engine-1', () => Promise.resolve(store));
  await kept().put(JSON.stringify(['asked', ['linux-7.2']]), {
    searches: [search('linux-7.2')],
    stopped: false,
    map: undefined,
  });
  const { searcher, workers } = searcherWith(kept());
  searcher.begin('asked', ['linux-7.2']);
  workers[0]?.dispatchEvent(new Event('error'));
  await vi.waitFor(() => expect(searcher.found).toBeDefined());
  expect([searcher.failure, searcher.running]).toEqual(['', false]);
});

test('a worker that is lost before anything is asked is no failure of a search', () => {
  const { searcher, workers } = searcherWith();
  searcher.warm();
  workers[0]?.dispatchEvent(new Event('error'));
  expect(searcher.failure).toBe('');
  searcher.begin('next', ['linux-7.2']);
  expect([workers.length, searcher.running]).toEqual([2, true]);
});
