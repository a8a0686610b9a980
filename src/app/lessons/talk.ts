/** The audience's side of a talk: the speaker's window is told what is shown, and its wishes are carried out. */
import { CHANNEL, readWish, type Shown } from '../speaker/messages';
import type { Reading } from './reading.svelte';

const BEGUN = 'vmgexit-talk-begun';

/** What is shown to the audience. */
export interface Audience {
  readonly position: number;
  readonly stepCount: number;
  readonly sentence: string;
}

/** When this window began to present, in milliseconds since 1970; the clock goes on after a reload. */
function begunAt(): number {
  try {
    const kept = Number(sessionStorage.getItem(BEGUN));
    if (kept > 0) return kept;
    const now = Date.now();
    sessionStorage.setItem(BEGUN, String(now));
    return now;
  } catch {
    return Date.now();
  }
}

/** Whether this window presented before it was loaded again. */
export function wasPresenting(): boolean {
  try {
    return sessionStorage.getItem(BEGUN) !== null;
  } catch {
    return false;
  }
}

export class Talk {
  private readonly channel =
    typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(CHANNEL);
  private readonly begun = begunAt();
  private last: Shown | undefined;

  constructor(private readonly reading: () => Reading | undefined) {
    if (this.channel) this.channel.onmessage = ({ data }: MessageEvent) => this.hear(data);
  }

  private hear(message: unknown): void {
    const reading = this.reading();
    const wish = readWish(message);
    if (wish === 'hello' && this.last) this.channel?.postMessage(this.last);
    if (wish === 'next') void reading?.go(reading.at + 1);
    if (wish === 'previous') void reading?.go(reading.at - 1);
    if (wish === 'reveal') reading?.reveal();
  }

  show({ text, at }: Reading, { position, stepCount, sentence }: Audience): void {
    this.last = {
      kind: 'shown',
      text,
      at,
      position,
      stepCount,
      sentence: sentence.slice(0, 2_000),
      begun: this.begun,
    };
    this.channel?.postMessage(this.last);
  }

  /** The talk is over. */
  end(): void {
    this.channel?.close();
    try {
      sessionStorage.removeItem(BEGUN);
    } catch {
      // nothing was kept
    }
  }
}
