import type { Browser, Page } from '@playwright/test';

/**
 * How long the page lets nobody in: the longest task of its main thread, by what was done meanwhile.
 *
 * Counted is processor time, from the trace of the browser, and not the time on the clock: where other programs compete
 * for the processor a task of 20 ms may last a second. Processor time grows too where caches are shared, up to three
 * times; so whoever asserts a bar takes the least of a few repeats (`leastOf`).
 */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds on the clock. */
  readonly ts: number;
  /** Microseconds of processor time. */
  readonly tdur?: number;
}

const MARK = 'task-clock ';

/** Milliseconds of the longest task, by phase. */
export type LongestTasks = ReadonlyMap<string, number>;

export interface TaskClock {
  /** What is done from now on. */
  readonly phase: (name: string) => Promise<void>;
}

/** Watches the tasks of a page while something is done with it. */
export async function longestTasks(
  browser: Browser,
  page: Page,
  act: (clock: TaskClock) => Promise<void>,
): Promise<LongestTasks> {
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['disabled-by-default-devtools.timeline', 'blink.user_timing'],
      excludedCategories: ['*'],
      recordMode: 'recordAsMuchAsPossible',
    },
  });
  const phase = (name: string): Promise<void> =>
    page.evaluate((mark) => void performance.mark(mark), MARK + name);
  try {
    await act({ phase });
  } finally {
    const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
    await session.send('Tracing.end');
    await complete;
    await session.detach();
  }
  return longestByPhase(events);
}

function longestByPhase(events: readonly TraceEvent[]): LongestTasks {
  const marks = events.filter(({ name }) => name.startsWith(MARK)).sort((a, b) => a.ts - b.ts);
  // The thread that made the marks is the page's; other pages and the browser itself have threads of their own.
  const threads = new Set(marks.map(({ pid, tid }) => `${pid} ${tid}`));
  const longest = new Map<string, number>();
  for (const { name, ph, pid, tid, ts, tdur = 0 } of events) {
    if (name !== 'RunTask' || ph !== 'X' || !threads.has(`${pid} ${tid}`)) continue;
    const phase = marks.findLast((mark) => mark.ts <= ts)?.name.slice(MARK.length) ?? 'opening';
    longest.set(phase, Math.max(longest.get(phase) ?? 0, tdur / 1000));
  }
  return longest;
}

const REPEATS = 4;

/**
 * Repeats until no phase has a task above the bar in every repeat.
 * @returns the least of the repeats for each phase, those above the bar first
 */
export async function leastOf(
  bar: number,
  once: () => Promise<LongestTasks>,
): Promise<readonly (readonly [phase: string, milliseconds: number])[]> {
  const least = new Map<string, number>();
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [phase, longest] of await once())
      least.set(phase, Math.min(least.get(phase) ?? Infinity, longest));
    if ([...least.values()].every((longest) => longest <= bar)) break;
  }
  return [...least].sort(([, a], [, b]) => b - a);
}

/** A page on which nothing is drawn may leave an idle callback waiting until something else wakes it. */
const MOST_IDLE_MILLISECONDS = 2_000;

/**
 * The page has nothing left to do, what begins after a rest of 300 ms included. Nothing is asserted after it: what is
 * measured should only be whole.
 */
export const rest = (page: Page): Promise<void> =>
  page.evaluate(async (timeout) => {
    const idle = (): Promise<unknown> => new Promise((done) => requestIdleCallback(done, { timeout }));
    await new Promise((done) => setTimeout(done, 400));
    await idle();
    await idle();
  }, MOST_IDLE_MILLISECONDS);
