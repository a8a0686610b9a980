/** A recording from a file, read in chunks: its steps are kept, the file is not. */
import { MAX_RECORDING_BYTES } from '../base/limits';
import { FileLines } from '../recording/file/file-lines';
import { RecordingPlayer, type PlayedRecording } from '../recording/file/player';
import { UsageError } from './io';

const MIB = 1 << 20;
const MESSAGE_MILLISECONDS = 1000;

/** @param chunks of the file; on a terminal a line says how far it is read */
export function playFile(name: string, chunks: Iterable<Uint8Array>): PlayedRecording {
  const player = new RecordingPlayer();
  const lines = new FileLines();
  const progress = new Progress(name);
  let bytes = 0;
  for (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_RECORDING_BYTES)
      throw new UsageError(
        `${name}: it has more than ${MAX_RECORDING_BYTES} bytes; at most ${MAX_RECORDING_BYTES} are read`,
      );
    for (const line of lines.push(chunk)) player.take(line);
    if (lines.isTooLong) player.take('', true);
    if (player.isOver || lines.isTooLong) break;
    progress.say(bytes, player.stepCount);
  }
  progress.end();
  if (bytes === 0) throw new UsageError(`${name}: the file is empty`);
  const last = lines.end();
  if (last !== undefined) player.take(last, true);
  const played = player.finish();
  if (played) return played;
  throw new UsageError(`${name}: ${placed(player.problem)}`);
}

/** A problem with its place. */
export const placed = (problem: RecordingPlayer['problem']): string =>
  `${problem?.place === undefined ? '' : `${problem.place}: `}${problem?.message ?? ''}`;

/** One line on a terminal that is written over; nothing elsewhere. */
class Progress {
  private next = performance.now() + MESSAGE_MILLISECONDS;
  private isShown = false;

  constructor(private readonly name: string) {}

  say(bytes: number, steps: number): void {
    if (!process.stderr.isTTY || performance.now() < this.next) return;
    this.next = performance.now() + MESSAGE_MILLISECONDS;
    this.isShown = true;
    process.stderr.write(
      `\r${this.name}: ${Math.round(bytes / MIB)} MiB, ${steps.toLocaleString('en')} steps`,
    );
  }

  end(): void {
    if (this.isShown) process.stderr.write('\r\u001b[K');
  }
}
