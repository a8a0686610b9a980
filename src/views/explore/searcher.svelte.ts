/** Asks the worker of the search, and keeps what it said. */
import { known, type Found } from './known';
import type { Question, Reply, Said, ShownSearch } from './messages';
import { startWorker } from './start-worker';

type Progress = Omit<Extract<Said, { kind: 'progress' }>, 'kind'>;

export class Searcher {
  found = $state.raw<Found | undefined>();
  /** What is known while the search goes on, or was when it failed. */
  early = $state.raw<readonly ShownSearch[]>([]);
  progress = $state.raw<Progress | undefined>();
  /** Why nothing more comes. */
  failure = $state.raw('');
  running = $state.raw(false);

  private worker: Worker | undefined;
  private key = '';
  private turn = 0;

  constructor(private readonly startOne: () => Worker = startWorker) {}

  /** Searches, or shows what an earlier search of the same found. The worker stays: the next search begins at once. */
  begin(text: string, profiles: readonly string[], anew = false): void {
    this.leave();
    this.key = JSON.stringify([text, profiles]);
    this.failure = '';
    this.progress = undefined;
    this.found = anew ? undefined : known.get(this.key);
    if (this.found) return;
    this.running = true;
    this.ask({ kind: 'explore', turn: this.turn, text, profiles });
  }

  /** The worker says what it knows by then. */
  stop(): void {
    if (this.running) this.ask({ kind: 'stop' });
  }

  /** What was asked is not waited for any more. */
  leave(): void {
    if (this.running) this.ask({ kind: 'stop' });
    this.turn++;
    this.running = false;
    this.early = [];
  }

  end(): void {
    this.turn++;
    this.worker?.terminate();
    this.worker = undefined;
    this.running = false;
  }

  private ask(question: Question): void {
    this.worker ??= this.start();
    this.worker.postMessage(question);
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
        this.keep({ searches: said.searches, stopped: said.stopped, map: undefined });
        this.running = false;
        this.early = [];
        return;
      case 'map':
        if (this.found) this.keep({ ...this.found, map: said.map });
    }
  }

  private keep(found: Found): void {
    this.found = found;
    if (!found.stopped) known.set(this.key, found);
  }

  /** What was covered stays: the last progress, and the ways that were found. */
  private fail(why: string): void {
    this.failure = why;
    this.end();
  }
}
