import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { readWorkFile, printWorkFile } from './file';
import { OwnWork, type WorkContent } from './own-work.svelte';
import type { PendingStore, PendingWork } from './pending-writes';
import { MemoryStore, type WorkStore } from './store';
import { readWork, type Work } from './work';

/** One browser whose tabs share a store; each tab says things and counts the changes of its address. */
class Tab {
  readonly said: string[] = [];
  readonly warned: string[] = [];
  readonly own: OwnWork;

  constructor(store: WorkStore, pendingStore?: PendingStore) {
    this.own = new OwnWork(
      {
        say: (text) => void this.said.push(text),
        warn: (text) => void this.warned.push(text),
        workChanged: () => undefined,
      },
      () => Promise.resolve(store),
      pendingStore,
    );
  }

  /** A person types: the text in the editor is now this. */
  async types(draft: string): Promise<void> {
    this.own.keep(content(draft));
    await this.own.settled();
  }
}

const content = (draft: string): WorkContent => ({
  title: 'A page state change',
  base: 'psc-batch',
  branches: [{ id: 'main', title: 'main', text: 'ghcb-scenario 1' }],
  branch: 'main',
  draft,
});

const texts = async (store: WorkStore): Promise<readonly string[]> =>
  (await store.all()).works.map(({ work }) => work.draft).sort();

let store: MemoryStore;
let tab: Tab;
beforeEach(async () => {
  store = new MemoryStore('');
  tab = new Tab(store);
  await tab.own.start([], () => undefined);
});

describe('one tab', () => {
  test('what is typed is kept as one work, the last text of it', async () => {
    for (const draft of ['a', 'ab', 'abc']) await tab.types(draft);
    expect(await texts(store)).toEqual(['abc']);
    expect(tab.own.works).toHaveLength(1);
  });

  test('another scenario becomes another work', async () => {
    await tab.types('one');
    tab.own.leave();
    await tab.types('two');
    expect(await texts(store)).toEqual(['one', 'two']);
  });

  test('a work that is opened again goes on', async () => {
    await tab.types('one');
    const id = tab.own.current ?? '';
    tab.own.leave();
    await tab.types('two');
    expect(await tab.own.take(id)).toMatchObject({ draft: 'one' });
    await tab.types('one and more');
    expect(await texts(store)).toEqual(['one and more', 'two']);
  });

  test('a name that a person gave stays when the title changes', async () => {
    await tab.types('one');
    const id = tab.own.current ?? '';
    expect(tab.own.work(id)?.name).toBe('A page state change');
    tab.own.rename(id, '  for the list ');
    await tab.types('two');
    expect(tab.own.work(id)?.name).toBe('for the list');
    tab.own.rename(id, '   ');
    expect(tab.own.work(id)?.name).toBe('for the list');
  });

  test('deleting is undone, with all branches', async () => {
    await tab.types('one');
    const before = tab.own.works;
    await tab.own.remove(tab.own.current ?? '');
    expect(await texts(store)).toEqual([]);
    tab.own.undoRemove();
    await tab.own.settled();
    expect(tab.own.works).toEqual(before);
    expect(await texts(store)).toEqual(['one']);
  });
});

describe('two tabs', () => {
  test('the same work changed in both becomes two works, and each tab goes on with its own', async () => {
    await tab.types('start');
    const id = tab.own.current ?? '';
    const other = new Tab(store);
    await other.own.start([], () => undefined);
    await other.own.take(id);
    await tab.types('mine');
    await other.types('theirs');
    await tab.types('mine, longer');
    await other.types('theirs, longer');
    expect(await texts(store)).toEqual(['mine, longer', 'theirs, longer']);
    expect(other.warned.join()).toContain('Both are kept');
    expect(other.own.current).not.toBe(id);
    expect(tab.own.current).toBe(id);
  });

  test('a work that the other tab deleted is kept when it changes here', async () => {
    await tab.types('one');
    const other = new Tab(store);
    await other.own.start([], () => undefined);
    await other.own.remove(tab.own.current ?? '');
    await tab.types('one, longer');
    expect(await texts(store)).toEqual(['one, longer']);
  });
});

describe('a page that is loaded again while it writes', () => {
  /** What a tab has of its own, over a reload. */
  class TabStorage implements PendingStore {
    private left: readonly PendingWork[] = [];
    put(left: readonly PendingWork[]): void {
      this.left = left;
    }
    take(): readonly PendingWork[] {
      const { left } = this;
      this.left = [];
      return left;
    }
  }

  /** The store of a page whose writes end with it, before or after they reach the store, without an answer. */
  const goingAway = (reaches: boolean): WorkStore => ({
    refusal: '',
    all: () => store.all(),
    get: (id) => store.get(id),
    remove: (id) => store.remove(id),
    save: async (work, from) => {
      if (reaches) await store.save(work, from);
      return new Promise(() => undefined);
    },
  });

  /** Types each text while the page can no longer answer, goes away, and loads again. */
  async function typedLast(
    texts: readonly string[],
    reaches: boolean,
    meanwhile = async () => {},
  ): Promise<Tab> {
    await tab.types('begun');
    const id = tab.own.current ?? '';
    const storage = new TabStorage();
    const before = new Tab(goingAway(reaches), storage);
    await before.own.start([], () => undefined);
    await before.own.take(id);
    for (const draft of texts) {
      before.own.keep(content(draft));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    before.own.flush();
    await meanwhile();
    const again = new Tab(store, storage);
    await again.own.start([], () => undefined);
    expect(await again.own.take(id)).toBeDefined();
    return again;
  }

  test.each([
    ['one change that the store did not get', ['a'], false],
    ['one change that the store got', ['a'], true],
    ['two changes, none of which the store got', ['b', 'a'], false],
    ['two changes, one of which the store got', ['b', 'a'], true],
  ])('%s: the last text is there, once', async (_, typed, reaches) => {
    const again = await typedLast(typed, reaches);
    expect(await texts(store)).toEqual(['a']);
    expect(again.warned).toEqual([]);
    await again.types('a, and more');
    expect(await texts(store)).toEqual(['a, and more']);
  });

  test('another tab changed the same work meanwhile: both are kept', async () => {
    await typedLast(['mine'], false, () => tab.types('theirs'));
    expect(await texts(store)).toEqual(['mine', 'theirs']);
  });
});

describe('a store that refuses', () => {
  test('says so and loses nothing while the page is open', async () => {
    const full = new MemoryStore('');
    full.save = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    const here = new Tab(full);
    await here.own.start([], () => undefined);
    await here.types('one');
    expect(here.own.refusal).toContain('full or refuses');
    expect(here.own.works.map(({ draft }) => draft)).toEqual(['one']);
    expect(here.own.exported().text).toContain('"draft": "one"');
  });

  test('a browser without storage says so at once', async () => {
    const here = new Tab(new MemoryStore('The browser refuses to keep data for this page.'));
    await here.own.start([], () => undefined);
    expect(here.own.refusal).toContain('refuses');
  });
});

test('what an earlier version saved under names is taken over once', async () => {
  const saved = [{ slug: 'my-mine', title: 'Mine', text: 'ghcb-scenario 1' }];
  let taken = 0;
  const here = new Tab(store);
  await here.own.start(saved, () => taken++);
  const again = new Tab(store);
  await again.own.start(saved, () => taken++);
  expect((await store.all()).works.map(({ work }) => work.name)).toEqual(['Mine (my-mine)']);
  expect(taken).toBe(2);
});

test.each([
  ['of a newer version of the page', { schema: 9 }, { newer: 1, damaged: 0 }],
  ['that cannot be read', { branches: [] }, { newer: 0, damaged: 1 }],
])('a work %s is counted and stays as it is, whatever is saved', async (_, change, counts) => {
  await tab.types('one');
  const [known] = tab.own.works;
  const foreign = { ...known, id: 'theirs', ...change } as unknown as Work;
  await store.save(foreign, 0);
  const here = new Tab(store);
  await here.own.start([], () => undefined);
  expect(await here.own.take('theirs')).toBeUndefined();
  await here.types('two');
  expect((await store.save({ ...(known as Work), id: 'theirs' }, 0)).beside).toBe(true);
  expect(await store.all()).toMatchObject(counts);
  expect(await texts(store)).toContain('two');
});

describe('files of works', () => {
  const work = (id: string, draft: string): Work => ({
    schema: 1,
    id,
    name: id,
    named: false,
    branches: [{ id: 'main', title: 'main', text: 'x', fork: { from: 'main', position: 3 } }],
    branch: 'main',
    draft,
    changed: 5,
  });

  test('all works come back', () => {
    const works = [work('a', '1'), work('b', '2')];
    expect(readWorkFile(printWorkFile(works), [])).toEqual({
      ok: true,
      value: { added: works, known: 0, newer: 0, damaged: 0 },
    });
  });

  test('nothing that is there is replaced or doubled', () => {
    const read = readWorkFile(printWorkFile([work('a', '1'), work('b', 'other')]), [
      work('a', '1'),
      work('b', '2'),
    ]);
    expect(read).toMatchObject({ ok: true, value: { known: 1, added: [{ draft: 'other' }] } });
    if (read.ok) expect(read.value.added[0]?.id).not.toBe('b');
  });

  test('what is sound in a damaged file is taken', () => {
    const file = JSON.stringify({
      format: 'vmgexit-work',
      version: 1,
      works: [work('a', '1'), { ...work('b', '2'), branches: [] }, { ...work('c', '3'), schema: 9 }, null],
    });
    expect(readWorkFile(file, [])).toMatchObject({
      ok: true,
      value: { added: [{ id: 'a' }], newer: 1, damaged: 2 },
    });
  });

  test.each([
    ['cut off', '{"format":"vmgexit-work","version":1,"works":[{'],
    ['another format', '{"format":"else"}'],
    ['of a newer version', '{"format":"vmgexit-work","version":2,"works":[]}'],
    ['without a list', '{"format":"vmgexit-work","version":1}'],
    ['null', 'null'],
  ])('a file that is %s gets one sentence', (_, text) => {
    expect(readWorkFile(text, [])).toMatchObject({ ok: false });
  });

  test('any value is a work, a newer one or damaged', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(['work', 'newer', 'damaged']).toContain(readWork(value).kind);
      }),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('draft', 'name', 'branches', '__proto__'), fc.anything()),
        (own) => {
          const read = readWork({ ...work('a', '1'), ...own });
          if (read.kind === 'work') expect(read.work.branches.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
