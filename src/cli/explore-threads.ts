/**
 * Threads for a search: each expands a part of the states that are to be expanded, on memory that all of them see, while the
 * thread of the search waits. This file is also what such a thread runs.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attemptSize, expand, type Expandable, type Expanders } from '../explorer/search/expanding';

/** One part of the work of a thread. */
interface Part {
  readonly known: Expandable;
  readonly from: number;
  readonly to: number;
  readonly out: Int32Array;
  /** Set to 1 when the part is done. */
  readonly done: Int32Array;
}

/** Milliseconds after which a thread that says nothing is taken for dead, and its part done here. */
const PATIENCE = 20_000;
const ROLE = 'vmgexit expands states';

const shared = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(length * 4));

export class Threads implements Expanders {
  readonly allocate = shared;
  private readonly workers: Worker[];
  private out = shared(0);

  /** @param threads the one that calls included */
  constructor(threads: number) {
    this.workers = Array.from({ length: threads - 1 }, () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: ROLE });
      worker.unref();
      // Its part is done here when it does not answer.
      worker.on('error', () => {});
      return worker;
    });
  }

  get threads(): number {
    return this.workers.length + 1;
  }

  expand(known: Expandable, from: number, to: number): Int32Array {
    const size = attemptSize(known.words) * known.acts;
    if (this.out.length < (to - from) * size) this.out = shared((to - from) * size);
    const share = Math.ceil((to - from) / (this.workers.length + 1));
    const partOf = (index: number): Part => {
      const first = Math.min(from + index * share, to);
      const last = Math.min(first + share, to);
      const part = this.out.subarray((first - from) * size, (last - from) * size);
      return { known, from: first, to: last, out: part, done: shared(1) };
    };
    const { out } = this;
    const parts = this.workers.map((worker, index) => {
      const part = partOf(index + 1);
      worker.postMessage(part);
      return { worker, part };
    });
    work(partOf(0));
    for (const { worker, part } of parts) {
      if (Atomics.wait(part.done, 0, 0, PATIENCE) !== 'timed-out') continue;
      this.workers.splice(this.workers.indexOf(worker), 1);
      void worker.terminate();
      work(part);
      this.out = shared(0); // it may still write there
    }
    return out;
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

function work({ known, from, to, out, done }: Part): void {
  expand(known, from, to, out);
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
}

if (!isMainThread && workerData === ROLE) parentPort?.on('message', work);
