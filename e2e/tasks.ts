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
  /** Microseconds on the clock. */
  readonly dur?: number;
  /** Microseconds of processor time. */
  readonly tdur?: number;
  /** Microseconds of processor time that the thread has had by then. */
  readonly tts?: number;
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
  const phase = (name: string): Promise<void> =>
    page.evaluate((mark) => void performance.mark(mark), MARK + name);
  return longestByPhase(await traced(browser, () => act({ phase })));
}

export interface Waits {
  /** Processor time that the main thread has had when the page made the mark; undefined where it made none. */
  readonly markedAt: (name: string) => number | undefined;
  /** Processor time of the main thread from each of these marks to the end of the first frame after it, the least first. */
  readonly untilDrawn: (name: string) => readonly number[];
}

/** Traces what a person waits for while something is done with a page. All times are milliseconds. */
export async function waits(browser: Browser, act: () => Promise<void>): Promise<Waits> {
  const events = await traced(browser, act, ['devtools.timeline']);
  const tasks = events.filter(({ name, ph }) => name === 'RunTask' && ph === 'X').sort((a, b) => a.ts - b.ts);
  const marks = (name: string): readonly TraceEvent[] => events.filter((event) => event.name === name);
  const isWithin = ({ ts }: TraceEvent, task: TraceEvent): boolean =>
    ts >= task.ts && ts < task.ts + (task.dur ?? 0);
  const paints = events.filter(({ name }) => name === 'Paint');
  return {
    markedAt: (name) => {
      const [mark] = marks(name);
      return mark?.tts === undefined ? undefined : mark.tts / 1000;
    },
    untilDrawn: (name) =>
      marks(name)
        .flatMap((mark) => {
          const own = tasks.filter(({ pid, tid }) => pid === mark.pid && tid === mark.tid);
          const first = own.findIndex((task) => isWithin(mark, task));
          const last = own.findIndex(
            (task, at) =>
              at >= first && paints.some((paint) => paint.tid === mark.tid && isWithin(paint, task)),
          );
          if (first < 0 || last < 0) return [];
          return own.slice(first, last + 1).reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0);
        })
        .sort((a, b) => a - b),
  };
}

async function traced(
  browser: Browser,
  act: () => Promise<void>,
  categories: readonly string[] = [],
): Promise<readonly TraceEvent[]> {
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['disabled-by-default-devtools.timeline', 'blink.user_timing', ...categories],
      excludedCategories: ['*'],
      recordMode: 'recordAsMuchAsPossible',
    },
  });
  try {
    await act();
  } finally {
    const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
    await session.send('Tracing.end');
    await complete;
    await session.detach();
  }
  return events;
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
