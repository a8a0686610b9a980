/** A large recording is played chunk by chunk: what is held is its steps, never its text. */
import { expect, test } from 'vitest';
import { largeRecording } from '../../testing/recording/large-recording';
import { FileLines } from './file-lines';
import { RecordingPlayer } from './player';

const MIB = 2 ** 20;
const isLong = process.env['VMGEXIT_LONG'] === '1';
const size = (isLong ? 500 : 3) * MIB;

test(
  `a recording of ${size / MIB} MiB plays to its digest, and its text is not held`,
  { timeout: 3_600_000 },
  () => {
    const player = new RecordingPlayer();
    const lines = new FileLines();
    let bytes = 0;
    let most = 0;
    for (const chunk of largeRecording(size)) {
      bytes += chunk.length;
      for (const line of lines.push(chunk)) player.take(line);
      most = Math.max(most, process.memoryUsage().rss);
    }
    const played = player.finish();
    expect(bytes).toBeGreaterThan(size);
    expect([played?.problem, played?.difference]).toEqual([undefined, undefined]);
    expect(played?.timeline.digest()).toBe(played?.digest);
    const { log = 0, index = 0, keyframes = 0 } = played?.timeline.bytes ?? {};
    // Both the one that writes and the one that plays keep their steps in this process.
    const kept = log + index + keyframes;
    console.log(
      `${Math.round(bytes / MIB)} MiB, ${player.stepCount} steps, ${Math.round(kept / MIB)} MiB kept, ` +
        `${Math.round(most / MIB)} MiB resident at most`,
    );
    expect(player.stepCount).toBeGreaterThan(size / 1000);
    expect(kept).toBeLessThan(bytes / 4);
  },
);
