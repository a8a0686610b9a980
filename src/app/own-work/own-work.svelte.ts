/** The list of a person's works, and the one that is shown. Every change is written at once; nothing waits for a key. */
import type { SavedScenario } from '../stored';
import { importText, printWorkFile, readWorkFile, WORK_FILE_NAME } from './file';
import { sessionPending, type PendingStore, type PendingWork } from './pending-writes';
import type { WorkStore } from './store';
import { nameOf, newWorkId, WORK_SCHEMA, type Work, type WorkBranch } from './work';

/** Tells the other tabs that the list changed. */
const CHANNEL = 'vmgexit-work';

/** What a work holds, as the page shows it now. */
export interface WorkContent {
  readonly title: string;
  readonly base: string | undefined;
  readonly branches: readonly WorkBranch[];
  readonly branch: string;
  readonly draft: string;
}

/** The page whose works these are. */
export interface WorkPage {
  say(text: string): void;
  warn(text: string): void;
  /** Another work is the one shown now: the address must name it. */
  workChanged(): void;
}

export class OwnWork {
  /** The one that changed last comes first. */
  works = $state.raw<readonly Work[]>([]);
  /** Id of the work that is shown; undefined while what is shown is nobody's own. */
  current = $state.raw<string | undefined>();
  /** Why nothing outlives the page; empty while it does. */
  refusal = $state.raw('');
  /** Works whose last change is not written yet. */
  unsaved = $state.raw(0);
  /** Deleted last, until something else is done with the list. */
  removed = $state.raw<Work | undefined>();

  /* eslint-disable svelte/prefer-svelte-reactivity -- no view reads these maps */
  private readonly store: Promise<WorkStore>;
  /** The stored version that this page's copy of a work was made from. */
  private readonly versions = new Map<string, number>();
  private readonly waiting = new Map<string, Work>();
  /** What is being written now. */
  private beingWritten: Work | undefined;
  /* eslint-enable svelte/prefer-svelte-reactivity */
  private writing: Promise<void> | undefined;
  private readonly channel =
    typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(CHANNEL);

  constructor(
    private readonly page: WorkPage,
    open: () => Promise<WorkStore> = () => import('./store').then(({ openWorkStore }) => openWorkStore()),
    private readonly pendingStore: PendingStore = sessionPending,
  ) {
    this.store = open();
    const left = pendingStore.take();
    if (left.length > 0) this.writing = this.writePending(left).finally(() => (this.writing = undefined));
    this.channel?.addEventListener('message', () => void this.readList());
  }

  /** @param earlier what an earlier version of the page saved under names; it is taken over once */
  async start(earlier: readonly SavedScenario[], takenOver: () => void): Promise<void> {
    const store = await this.store;
    this.refusal = store.refusal;
    await this.settled();
    await this.readList();
    for (const { slug, title, text } of earlier) {
      const id = earlierId(slug);
      if (this.work(id)) continue;
      const branches = [{ id: 'main', title: 'main', text }];
      this.put({
        ...ofNow(id),
        name: `${title} (${slug})`,
        named: true,
        branches,
        branch: 'main',
        draft: text,
      });
    }
    await this.settled();
    if (earlier.length > 0 && this.refusal === '') takenOver();
  }

  work(id: string | undefined): Work | undefined {
    return this.works.find((one) => one.id === id);
  }

  /** Keeps what is shown: as the work that is shown, or as a new one. */
  keep({ title, base, ...content }: WorkContent): void {
    const known = this.work(this.current);
    const { id, named = false, name = title } = known ?? { id: newWorkId() };
    const work: Work = {
      ...ofNow(id),
      named,
      name: named ? name : nameOf(title),
      ...(base === undefined ? {} : { base }),
      ...content,
    };
    this.put(work);
    if (this.current === id) return;
    this.current = id;
    this.page.workChanged();
  }

  /** What is shown from now on is nobody's own until it changes. */
  leave(): void {
    this.current = undefined;
  }

  /** A work that was read is the one shown from now on. */
  enter(id: string): void {
    this.current = id;
  }

  /** @returns the work as the store has it now; it is the one shown from now on */
  async take(id: string): Promise<Work | undefined> {
    const work = await this.read(id);
    if (work) this.enter(id);
    return work;
  }

  /** @returns the work as the store has it now */
  async read(id: string): Promise<Work | undefined> {
    await this.settled();
    const store = await this.store;
    const stored = await store.get(id).catch(() => undefined);
    if (!stored) return undefined;
    this.versions.set(id, stored.version);
    this.replace(id, stored.work);
    return stored.work;
  }

  rename(id: string, name: string): void {
    const work = this.work(id);
    const trimmed = nameOf(name.trim());
    if (!work || trimmed === '' || trimmed === work.name) return;
    this.put({ ...work, name: trimmed, named: true });
    this.page.say(`Now called "${trimmed}".`);
  }

  async remove(id: string): Promise<void> {
    const work = this.work(id);
    if (!work) return;
    await this.settled();
    this.works = this.works.filter((one) => one.id !== id);
    this.versions.delete(id);
    this.removed = work;
    if (this.current === id) this.current = undefined;
    const store = await this.store;
    await store.remove(id).catch(() => undefined);
    this.channel?.postMessage('changed');
    this.page.say(`Deleted "${work.name}".`);
  }

  undoRemove(): void {
    const work = this.removed;
    if (!work) return;
    this.put(work);
    this.removed = undefined;
    this.page.say(`"${work.name}" is back.`);
  }

  /** Adds the works of a file. Nothing that is there is replaced. */
  takeOver(text: string): void {
    const read = readWorkFile(text, this.works);
    if (!read.ok) return this.page.warn(read.error.message);
    for (const work of read.value.added) this.put(work);
    this.page.say(importText(read.value));
  }

  /** All works as one file. */
  exported(): { readonly name: string; readonly text: string } {
    return { name: WORK_FILE_NAME, text: printWorkFile(this.works) };
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    while (this.writing) await this.writing;
  }

  /** Before the page is closed: keeps what is not written yet for the page that this tab loads next. */
  flush(): void {
    const { beingWritten, waiting } = this;
    const unwritten = [...waiting.values()];
    if (beingWritten && !waiting.has(beingWritten.id)) unwritten.push(beingWritten);
    const left = unwritten.map((work) => ({
      work,
      from: this.versions.get(work.id) ?? 0,
      writing: beingWritten?.id === work.id ? beingWritten.changed : undefined,
    }));
    this.pendingStore.put(left);
  }

  /** Writes what the page before this one did not finish writing. */
  private async writePending(left: readonly PendingWork[]): Promise<void> {
    const store = await this.store;
    for (const { work, from, writing } of left) {
      const stored = await store.get(work.id).catch(() => undefined);
      const wasWritten = stored?.version === from + 1 && stored.work.changed === writing;
      this.versions.set(work.id, wasWritten ? stored.version : from);
      if (wasWritten && stored.work.changed === work.changed) continue;
      this.replace(work.id, work);
      this.waiting.set(work.id, work);
    }
    await this.write();
  }

  private put(work: Work): void {
    this.removed = undefined;
    this.replace(work.id, work);
    this.waiting.set(work.id, work);
    this.unsaved = this.waiting.size;
    this.writing ??= this.write().finally(() => (this.writing = undefined));
  }

  private replace(id: string, work: Work): void {
    this.works = [work, ...this.works.filter((one) => one.id !== id)];
  }

  private async write(): Promise<void> {
    const store = await this.store;
    for (;;) {
      const [work] = this.waiting.values();
      if (!work) break;
      this.waiting.delete(work.id);
      this.beingWritten = work;
      await this.writeOne(store, work);
      this.beingWritten = undefined;
      this.unsaved = this.waiting.size;
    }
    this.channel?.postMessage('changed');
  }

  private async writeOne(store: WorkStore, work: Work): Promise<void> {
    try {
      const saved = await store.save(work, this.versions.get(work.id) ?? 0);
      this.versions.set(saved.work.id, saved.version);
      this.refusal = store.refusal;
      if (saved.beside) await this.goOnBeside(store, work.id, saved.work);
    } catch {
      this.refusal = 'The browser is full or refuses to keep data for this page.';
    }
  }

  /** Another tab saved the same work in between: both stay, and this page goes on with its own. */
  private async goOnBeside(store: WorkStore, id: string, mine: Work): Promise<void> {
    const newer = this.waiting.get(id);
    this.waiting.delete(id);
    const names = this.works.map(({ name }) => name);
    let count = 2;
    while (names.includes(`${mine.name} (${count})`)) count++;
    const renamed = { ...(newer ?? mine), id: mine.id, name: `${mine.name} (${count})`, named: true };
    const theirs = await store.get(id).catch(() => undefined);
    this.works = this.works.filter((one) => one.id !== id);
    if (theirs) {
      this.versions.set(id, theirs.version);
      this.replace(id, theirs.work);
    }
    this.replace(mine.id, renamed);
    this.waiting.set(mine.id, renamed);
    if (this.current === id) {
      this.current = mine.id;
      this.page.workChanged();
    }
    this.page.warn(
      `Another tab changed "${mine.name}" too. Both are kept; this one is "${renamed.name}" now.`,
    );
  }

  /** Reads the list again. The work that is shown keeps the version it was made from: only its own tab changes that. */
  private async readList(): Promise<void> {
    const store = await this.store;
    const all = await store.all().catch(() => undefined);
    if (!all) return;
    const shown = this.work(this.current);
    const kept = this.works.filter(({ id }) => this.waiting.has(id) || id === shown?.id);
    const others = all.works.filter(({ work }) => !kept.some(({ id }) => id === work.id));
    for (const { work, version } of others) this.versions.set(work.id, version);
    this.works = [...kept, ...others.map(({ work }) => work)].sort((a, b) => b.changed - a.changed);
    const { newer, damaged } = all;
    if (newer > 0)
      this.page.warn(`${newer} of your works were written by a newer version and are left alone.`);
    else if (damaged > 0)
      this.page.warn(`${damaged} of your works cannot be read; they are left as they are.`);
  }
}

/** The id under which a scenario of the earlier store is kept. */
export const earlierId = (slug: string): string => `saved-${slug}`;

const ofNow = (id: string): Pick<Work, 'schema' | 'id' | 'changed'> => ({
  schema: WORK_SCHEMA,
  id,
  changed: Date.now(),
});
