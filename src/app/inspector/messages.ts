/** Messages between the page and its inspector: from the expected window and origin only, and of a bounded number. */

/** Messages that wait; what comes beyond them is dropped. */
export const MANY_WAITING = 5000;
/** Messages that are taken in at a time, so that the page draws in between. */
const MANY_AT_A_TIME = 250;

/** The part of a window that sends. */
type Sender = Pick<Window, 'postMessage'>;

/** The part of a window that is listened to. */
export interface Listening {
  addEventListener(type: 'message', heard: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', heard: (event: MessageEvent) => void): void;
}

/**
 * Hears what one window of one origin says.
 * @param from asked at each message: a window may be opened later
 * @returns what ends it
 */
export function hearFrom(
  page: Listening,
  { from, origin }: { readonly from: () => unknown; readonly origin: string },
  heard: (event: MessageEvent) => void,
): () => void {
  const hear = (event: MessageEvent): void => {
    const sender = from();
    if (sender && event.source === sender && event.origin === origin) heard(event);
  };
  page.addEventListener('message', hear);
  return () => page.removeEventListener('message', hear);
}

/** Takes in messages some at a time. @param later does something when the browser has drawn */
export class Inbox {
  private waiting: unknown[] = [];
  private isPlanned = false;
  /** Messages that came when too many waited. */
  dropped = 0;

  constructor(
    private readonly take: (messages: readonly unknown[]) => void,
    private readonly later: (work: () => void) => void = (work) => void setTimeout(work),
  ) {}

  add(message: unknown): void {
    if (this.waiting.length >= MANY_WAITING) this.dropped++;
    else this.waiting.push(message);
    this.plan();
  }

  private plan(): void {
    if (this.isPlanned || this.waiting.length === 0) return;
    this.isPlanned = true;
    this.later(() => {
      this.isPlanned = false;
      this.take(this.waiting.splice(0, MANY_AT_A_TIME));
      this.plan();
    });
  }
}

/** A window as `@statelyai/inspect` uses it: it sends to one origin, and hears the window that it opened and no other. */
export function guardedWindow(url: string, name: string): Window {
  const { origin } = new URL(url);
  let opened: Window | null = null;
  const guarded = {
    open(): Sender | null {
      const target = (opened = window.open(url, name));
      return target && { postMessage: (message: unknown) => target.postMessage(message, origin) };
    },
    addEventListener: (_: 'message', heard: (event: MessageEvent) => void) =>
      void hearFrom(window, { from: () => opened, origin }, heard),
  };
  // The library asks for a whole window and uses these two functions of it.
  return guarded as unknown as Window;
}
