/**
 * Work that may take long, on the page itself: done in slices, so that the browser draws and hears keys between them.
 * Newer work takes the place of older work, and a person can stop it and go on with it.
 */
import type { Resumable } from '../base/resumable';
import { otherTasks, SLICE_MILLISECONDS } from '../views/shared/in-slices';

/** What is over sooner is not worth a message. */
const SHOWN_AFTER_MILLISECONDS = 1000;
/** Milliseconds between two messages. */
const MESSAGE_MILLISECONDS = 100;

export interface Job<T> {
  readonly parts: Resumable<T>;
  /** Set while the next part needs something that has not come, such as a chunk of a file. */
  waits?(): Promise<unknown> | undefined;
  /** Where the work stands, without a full stop. */
  says(): string;
  /** A person stopped it: what was made so far may be shown. */
  stopped?(): void;
  /** A person goes on with it: what was shown of it changes from now on. */
  resumed?(): void;
}

interface Current {
  readonly job: Job<unknown>;
  /** Lets it go on after a stop. */
  resume: (() => void) | undefined;
}

export class Jobs {
  /** Where the work stands, once it has taken a second or was stopped. */
  says = $state.raw('');
  /** It was stopped, and can be gone on with. */
  isStopped = $state.raw(false);

  private current: Current | undefined;

  /** @returns the result, or nothing when newer work took its place before it was done */
  async do<T>(job: Job<T>): Promise<T | undefined> {
    this.end();
    const own: Current = { job, resume: undefined };
    this.current = own;
    let nextMessage = performance.now() + SHOWN_AFTER_MILLISECONDS;
    try {
      for (;;) {
        const end = performance.now() + SLICE_MILLISECONDS;
        do {
          const part = job.parts.next();
          if (part.done) return part.value;
        } while (performance.now() < end && !job.waits?.());
        if (end > nextMessage) {
          this.says = job.says();
          nextMessage = end + MESSAGE_MILLISECONDS;
        }
        await (job.waits?.() ?? otherTasks());
        if (this.isStopped && this.current === own)
          await new Promise<void>((resolve) => (own.resume = resolve));
        if (this.current !== own) return undefined;
      }
    } finally {
      if (this.current === own) this.forget();
    }
  }

  /** Stops it where it stands. */
  stop(): void {
    if (!this.current || this.isStopped) return;
    const { job } = this.current;
    this.says = job.says();
    this.isStopped = true;
    job.stopped?.();
  }

  /** Goes on with what was stopped. */
  goOn(): void {
    if (!this.current || !this.isStopped) return;
    this.isStopped = false;
    this.current.job.resumed?.();
    this.current.resume?.();
    this.current.resume = undefined;
  }

  /** Gives up what is being done, for good. */
  end(): void {
    const { current } = this;
    if (!current) return;
    this.forget();
    current.resume?.();
    current.job.parts.return(undefined);
  }

  private forget(): void {
    this.current = undefined;
    this.isStopped = false;
    this.says = '';
  }
}
