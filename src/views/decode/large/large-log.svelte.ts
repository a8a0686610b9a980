/** A log that is too large to be read whole in the page: a worker counts its lines, and windows of it are read. */
import { MAX_PAGE_COUNTED, MAX_PAGE_FILE } from '../../../base/limits';
import { ok, problem, type Result } from '../../../base/result';
import { TraceColumns } from '../../../traces/columns/columns';
import type { CountReply, CountRequest } from './messages';
import { startWorker } from './start-worker';

/** A window of the file in bytes. */
export interface ByteWindow {
  readonly from: number;
  readonly to: number;
}

/** Lines as text. */
export interface LogWindow {
  readonly text: string;
  /** Number of its first line. */
  readonly first: number;
}

/** Lines before and behind one that is asked for. */
const AROUND = 400;

export class LargeLog {
  /** The columns, once all lines of the window are counted. */
  columns: TraceColumns | undefined = $state.raw();
  /** What is counted, or was; nothing before somebody has chosen. */
  window: ByteWindow | undefined = $state.raw();
  bytes = $state.raw(0);
  lines = $state.raw(0);
  failed: string | undefined = $state.raw();
  isCounting = $state.raw(false);
  private worker: Worker | undefined;

  constructor(
    readonly name: string,
    readonly file: Blob,
  ) {
    if (!this.isVeryLarge) this.count({ from: 0, to: file.size });
  }

  get isVeryLarge(): boolean {
    return this.file.size > MAX_PAGE_COUNTED;
  }

  count(window: ByteWindow): void {
    this.stop();
    this.window = window;
    this.columns = undefined;
    this.failed = undefined;
    this.bytes = 0;
    this.lines = 0;
    this.isCounting = true;
    const worker = startWorker();
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<CountReply>) => this.heard(data);
    worker.onerror = () => this.heard({ kind: 'failed', why: 'the worker that counts stopped' });
    worker.postMessage({ file: this.file, ...window } satisfies CountRequest);
  }

  private heard(reply: CountReply): void {
    if (reply.kind === 'progress') {
      this.bytes = reply.bytes;
      this.lines = reply.lines;
      return;
    }
    this.stop();
    if (reply.kind === 'failed') {
      this.failed = reply.why;
      return;
    }
    this.columns = TraceColumns.received(reply.columns);
    this.bytes = this.columns.bytes;
    this.lines = this.columns.lines;
  }

  /** What was counted so far stays said; its columns are gone. */
  stop(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.isCounting = false;
  }

  /** The lines around one, an index from 0. */
  around(line: number): Promise<Result<LogWindow>> {
    return this.read(Math.max(0, line - AROUND), line + AROUND);
  }

  /** The text of lines, indexes from 0, the second one included. */
  async read(first: number, last: number): Promise<Result<LogWindow>> {
    const { columns, window } = this;
    if (!columns || !window) return problem('Its lines are not counted yet.');
    const end = Math.min(last, columns.lines - 1);
    const [from, to] = [columns.at(first), columns.at(end)];
    if (!from || !to || end < first) return problem(`It has lines 1 to ${columns.lines}.`);
    const size = to.offset + to.length - from.offset;
    if (size > MAX_PAGE_FILE)
      return problem(
        `These ${end - first + 1} lines have ${Math.ceil(size / 2 ** 20)} MB; at most ${MAX_PAGE_FILE >> 20} MB are read at once.`,
      );
    const bytes = this.file.slice(window.from + from.offset, window.from + from.offset + size);
    try {
      return ok({ text: await bytes.text(), first: first + 1 });
    } catch {
      return problem('The file could not be read again; it may have moved or changed.');
    }
  }
}
