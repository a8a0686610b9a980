import { expect, test } from 'vitest';
import { MAX_KEPT_SEARCH_CHARACTERS, MAX_KEPT_SEARCHES } from '../../base/limits';
import { Kept, MemoryKeptStore, surplus, type Found } from './kept';

const found = (profile: string): Found =>
  // As much of a result as the reader looks at.
  ({
    searches: [{ profiles: [profile], answers: [], counts: { states: 1 } }],
    stopped: false,
    map: undefined,
  }) as unknown as Found;

const at = (key: string, time: number, characters = 10, build = 'now') => ({
  key,
  build,
  at: time,
  characters,
});

function keptIn(store: MemoryKeptStore, build: string | undefined = 'now') {
  let time = 0;
  return new Kept(
    build,
    () => Promise.resolve(store),
    () => ++time,
  );
}

test('a result is found again by what was asked, with its date', async () => {
  const kept = keptIn(new MemoryKeptStore());
  await kept.put('scope a', found('linux-7.2'));
  expect(await kept.get('scope a')).toEqual({ found: { ...found('linux-7.2') }, at: 1 });
  expect(await kept.get('scope b')).toBeUndefined();
});

test('another engine does not show it, and takes it away with its first result', async () => {
  const store = new MemoryKeptStore();
  await keptIn(store).put('scope', found('linux-7.2'));
  const newer = keptIn(store, 'newer');
  expect(await newer.get('scope')).toBeUndefined();
  await newer.put('scope', found('linux-7.2'));
  expect((await store.all()).map(({ build }) => build)).toEqual(['newer']);
});

test('the oldest results go: by number and by size', () => {
  const many = Array.from({ length: MAX_KEPT_SEARCHES + 2 }, (_, time) => at(`k${time}`, time));
  expect(surplus(many, 'now')).toEqual(['k1', 'k0']);
  const half = MAX_KEPT_SEARCH_CHARACTERS / 2;
  expect(surplus([at('old', 1, half), at('new', 3, half), at('small', 2, 1)], 'now')).toEqual(['old']);
  expect(surplus([at('other', 9, 1, 'before'), at('own', 1)], 'now')).toEqual(['other']);
});

test('what was stopped, what is too long, and what a build without a name finds is not kept', async () => {
  const store = new MemoryKeptStore();
  await keptIn(store).put('stopped', { ...found('linux-7.2'), stopped: true });
  await keptIn(store).put('long', found('x'.repeat(MAX_KEPT_SEARCH_CHARACTERS)));
  await new Kept(undefined, () => Promise.resolve(store)).put('unnamed', found('linux-7.2'));
  expect(await store.all()).toEqual([]);
});

test('a record that was damaged is no result, and a browser that refuses keeps none', async () => {
  const store = new MemoryKeptStore();
  const kept = keptIn(store);
  await kept.put('scope', found('linux-7.2'));
  const [row] = await store.all();
  for (const text of ['{', '[]', '{"searches":[{}],"stopped":false}', '{"searches":[],"stopped":true}']) {
    await store.put({ key: row?.key ?? '', build: 'now', at: 1, text });
    expect(await kept.get('scope'), text).toBeUndefined();
  }
  const refused = new Kept('now', () => Promise.reject(new Error('refused')));
  await refused.put('scope', found('linux-7.2'));
  expect(await refused.get('scope')).toBeUndefined();
});
