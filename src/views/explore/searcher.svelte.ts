/** Asks the worker of the search, and keeps what it said. */
import { known, type Found } from './known';
import type { Question, Reply } from './messages';
import { startWorker } from './start-worker';

type Progress = Omit<Extract<Reply, { kind: 'progress' }>, 'kind'>;

export class Searcher {
  found = $state.raw<Found | undefined>();
  progress = $state.raw<Progress | undefined>();
  /** Why nothing more comes. */
  failure = $state.raw('');
  running = $state.raw(false);

  private worker: Worker | undefined;
  private key = '';

  constructor(private readonly startOne: () => Worker = startWorker) {}

  /** Searches, or shows what an earlier search of the same found. */
  begin(text: string, profiles: readonly string[], anew = false): void {
    this.key = JSON.stringify([text, profiles]);
    this.failure = '';
    this.progress = undefined;
    this.found = anew ? undefined : known.get(this.key);
    if (this.found) {
      this.end();
      return;
    }
    this.running = true;
    this.ask({ kind: 'explore', text, profiles });
  }

  /** The worker says what it knows by then. */
  stop(): void {
    if (this.running) this.ask({ kind: 'stop' });
  }

  end(): void {
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
      if (worker === this.worker) this.hear(data);
    });
    worker.addEventListener('error', (event) => {
      if (worker === this.worker) this.fail(event.message || 'the worker of the search ended');
    });
    return worker;
  }

  private hear(reply: Reply): void {
    if (reply.kind === 'failed') {
      this.fail(reply.what);
      return;
    }
    if (reply.kind === 'progress') {
      this.progress = reply;
      return;
    }
    const { searches, stopped, map } = reply;
    this.found = { searches, stopped, map };
    if (!stopped) known.set(this.key, this.found);
    this.running = false;
  }

  /** What was covered stays: the last progress. */
  private fail(why: string): void {
    this.failure = why;
    this.end();
  }
}
