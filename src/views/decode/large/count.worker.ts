/** Counts the lines of a log of any size: reads the file slice by slice and keeps columns. */
import { MAX_LOG_LINE_CHARACTERS } from '../../../base/limits';
import { TraceColumns } from '../../../traces/columns/columns';
import type { CountReply, CountRequest } from './messages';

const SLICE = 4 << 20;
/** Milliseconds between two words of progress. */
const OFTEN = 200;

const reply = (message: CountReply, buffers: readonly ArrayBuffer[] = []): void =>
  postMessage(message, { transfer: [...buffers] });

async function count({ file, from, to }: CountRequest): Promise<void> {
  const columns = new TraceColumns(MAX_LOG_LINE_CHARACTERS);
  let said = performance.now();
  for (let at = from; at < to; at += SLICE) {
    columns.push(new Uint8Array(await file.slice(at, Math.min(at + SLICE, to)).arrayBuffer()));
    if (performance.now() - said < OFTEN) continue;
    said = performance.now();
    reply({ kind: 'progress', bytes: columns.bytes, lines: columns.lines });
  }
  columns.end();
  const sent = columns.send();
  reply({ kind: 'done', columns: sent.columns }, sent.buffers);
}

onmessage = ({ data }: MessageEvent<CountRequest>): void => {
  void count(data).catch((error: unknown) =>
    reply({ kind: 'failed', why: error instanceof Error ? error.message : String(error) }),
  );
};
