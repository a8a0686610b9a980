/** Has what was computed when the page was built, asks the worker for the rest, and keeps what it said. */
import { SvelteMap } from 'svelte/reactivity';
import type { Choice } from '../../explorer/matrix/chart';
import { isPacked, packedRow, type PackedRows, type SmallCell } from '../../explorer/matrix/rows';
import type { FullCell, Question, Reply } from './messages';
import { startWorker } from './start-worker';

/** Which cell, and at which values of what may be varied. */
export interface CellQuestion {
  readonly chart: string;
  readonly state: string;
  readonly event: string;
  readonly choice: Choice;
  readonly profiles: readonly string[];
}

const rowKey = (chart: string, profile: string, state: string): string => `${chart} ${profile} ${state}`;

/** A worker that says nothing for so long, though something was asked, is given up. A cell takes milliseconds. */
const SILENT_MILLISECONDS = 30_000;

export class Computer {
  /** Rows that are there, by chart, profile and state. */
  private readonly rows = new SvelteMap<string, readonly SmallCell[]>();
  /** The cell asked for last. */
  card = $state.raw<readonly FullCell[] | undefined>();
  /** Why nothing more comes. */
  failure = $state.raw('');

  private worker: Worker | undefined;
  private asked: readonly string[] = [];
  private lastCell = 0;
  private unanswered = 0;
  private watch: ReturnType<typeof setTimeout> | undefined;

  /** @param built charts that need no worker */
  constructor(
    private readonly built: PackedRows,
    private readonly startOne: () => Worker = startWorker,
    private readonly silentMilliseconds = SILENT_MILLISECONDS,
  ) {}

  row(chart: string, profile: string, state: string): readonly SmallCell[] | undefined {
    return packedRow(this.built, { chart, profile, state }) ?? this.rows.get(rowKey(chart, profile, state));
  }

  /** Asks for a chart under a profile, once. */
  askChart(chart: string, profile: string): void {
    const key = `${chart} ${profile}`;
    if (this.asked.includes(key) || isPacked(this.built, chart, profile)) return;
    this.asked = [...this.asked, key];
    this.ask({ kind: 'chart', chart, profile });
  }

  /** The card is empty until the answer comes. */
  askCell(question: CellQuestion): void {
    this.card = undefined;
    this.ask({ kind: 'cell', id: ++this.lastCell, ...question });
  }

  noCell(): void {
    this.lastCell++;
    this.card = undefined;
  }

  /** Begins anew after a failure. */
  restart(): void {
    this.stop();
    this.failure = '';
    this.asked = [];
    this.rows.clear();
  }

  stop(): void {
    clearTimeout(this.watch);
    this.unanswered = 0;
    this.worker?.terminate();
    this.worker = undefined;
  }

  private ask(question: Question): void {
    this.worker ??= this.start();
    this.worker.postMessage(question);
    this.unanswered++;
    this.expectAnswer();
  }

  private start(): Worker {
    const worker = this.startOne();
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if (worker === this.worker) this.hear(data);
    });
    worker.addEventListener('error', (event) => {
      this.failure = event.message || 'the worker could not be loaded';
      this.stop();
    });
    return worker;
  }

  private expectAnswer(): void {
    clearTimeout(this.watch);
    if (this.unanswered === 0) return;
    this.watch = setTimeout(() => {
      this.stop();
      this.failure = `the worker did not answer for ${this.silentMilliseconds / 1000} seconds and was ended`;
    }, this.silentMilliseconds);
  }

  private hear(reply: Reply): void {
    if (reply.kind === 'done' || reply.kind === 'failed') this.unanswered--;
    this.expectAnswer();
    if (reply.kind === 'done') return;
    if (reply.kind === 'row') {
      const key = rowKey(reply.chart, reply.profile, reply.state);
      this.rows.set(key, reply.cells);
    } else if (reply.kind === 'failed') this.failure = reply.what;
    else if (reply.id === this.lastCell) this.card = reply.cells;
  }
}
