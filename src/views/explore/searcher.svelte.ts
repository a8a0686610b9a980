/** Asks the worker of the search, and keeps what it said. */
import { Kept, type Found, type KeptResult } from './kept';
import type { Question, Reply, Said, ShownSearch } from './messages';
import { engineBuild, startWorker } from './start-worker';

type Progress = Omit<Extract<Said, { kind: 'progress' }>, 'kind'>;

export class Searcher {
  found = $state.raw<Found | undefined>();
  /** When an earlier search found it, in milliseconds since 1970; nothing where this one did. */
  foundAt = $state.raw<number | undefined>();
  /** What is known while the search goes on, or was when it failed. */
  early = $state.raw<readonly ShownSearch[]>([]);
  progress = $state.raw<Progress | undefined>();
  /** Why nothing more comes. */
  failure = $state.raw('');
  running = $state.raw(false);

  private worker: Worker | undefined;
  private asked = '';
  private turn = 0;
  /** Counts what was asked, and not what became of the worker: a kept result stands without it. */
  private question = 0;

  constructor(
    private readonly startOne: () => Worker = startWorker,
    private readonly kept = new Kept(engineBuild),
  ) {}

  /** The worker is started and its file is read before anything is asked. */
  warm(): void {
    this.worker ??= this.start();
  }

  /** Searches, or shows what an earlier search of the same found. The worker stays: the next search begins at once. */
  begin(text: string, profiles: readonly string[], anew = false): void {
    this.leave();
    this.asked = JSON.stringify([text, profiles]);
    this.failure = '';
    this.progress = undefined;
    this.found = undefined;
    this.foundAt = undefined;
    const known = anew ? undefined : this.kept.inMemory(this.asked);
    if (known) return this.showKept(known);
    this.running = true;
    this.ask({ kind: 'explore', turn: this.turn, text, profiles });
    // The search does not wait for the answer.
    if (!anew) void this.lookUp(this.question);
  }

  /** The worker says what it knows by then. */
  stop(): void {
    if (this.running) this.ask({ kind: 'stop' });
  }

  /** What was asked is not waited for any more; the worker waits for the next question. */
  leave(): void {
    if (this.running) this.ask({ kind: 'stop' });
    this.turn++;
    this.question++;
    this.running = false;
    this.early = [];
  }

  private async lookUp(question: number): Promise<void> {
    const result = await this.kept.get(this.asked);
    if (!result || question !== this.question || this.found) return;
    this.leave();
    this.failure = '';
    this.showKept(result);
  }

  private showKept({ found, at }: KeptResult): void {
    this.found = found;
    this.foundAt = at;
  }

  private ask(question: Question): void {
    this.warm();
    this.worker?.postMessage(question);
  }

  private start(): Worker {
    const worker = this.startOne();
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if (worker === this.worker && data.turn === this.turn) this.hear(data);
    });
    worker.addEventListener('error', (event) => {
      if (worker === this.worker) this.fail(event.message || 'the worker of the search ended');
    });
    return worker;
  }

  private hear(said: Said): void {
    switch (said.kind) {
      case 'failed':
        this.fail(said.what);
        return;
      case 'progress':
        this.progress = said;
        return;
      case 'early':
        this.early = said.searches;
        return;
      case 'found':
        this.found = { searches: said.searches, stopped: said.stopped, map: undefined };
        this.running = false;
        this.early = [];
        return;
      case 'map':
        if (this.found) this.keep({ ...this.found, map: said.map });
    }
  }

  /** The graph came: it is all that there is. */
  private keep(found: Found): void {
    this.found = found;
    void this.kept.put(this.asked, found);
  }

  /** What was covered stays: the last progress, and the ways that were found. The next question gets another worker. */
  private fail(why: string): void {
    const { running } = this;
    this.turn++;
    this.worker?.terminate();
    this.worker = undefined;
    this.running = false;
    if (running) this.failure = why;
  }
}

/** The page has one: its worker outlives the view, so that a scope that was edited elsewhere is searched at once. */
export const searcher = new Searcher();
