/** Recordings on the page: read in chunks, with progress, stopped at any place, and what is said of damage. */
import { expect, test } from 'vitest';
import { largeRecording } from '../testing/recording/large-recording';
import { textFile, type StreamedFile } from './files';
import { playedText, playJob, type ReadRecording } from './recorded';
import type { Job } from './jobs.svelte';

const MIB = 2 ** 20;

/** A file that hands out chunks as they are asked for, and notes how far it was read. */
function streamed(bytes: number): {
  readonly file: StreamedFile;
  readonly seen: { chunks: number; cancelled: boolean };
} {
  const chunks = largeRecording(bytes);
  const seen = { chunks: 0, cancelled: false };
  const stream = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      pull(controller) {
        const next = chunks.next();
        const value = next.done === true ? undefined : next.value;
        seen.chunks++;
        if (value) controller.enqueue(value);
        else controller.close();
      },
      cancel() {
        seen.cancelled = true;
      },
    });
  return { file: { name: 'large.ghcb.jsonl', size: bytes, stream }, seen };
}

/** As the page does the parts. @param until ends it early */
async function done(
  job: Job<ReadRecording>,
  until: () => boolean = () => false,
): Promise<ReadRecording | undefined> {
  for (;;) {
    const part = job.parts.next();
    if (part.done) return part.value;
    await job.waits?.();
    if (until()) {
      job.parts.return(undefined as never);
      return undefined;
    }
  }
}

test('a file is read chunk by chunk, and says how far it is', async () => {
  const { file, seen } = streamed(MIB);
  const said = new Set<string>();
  const job = playJob(file);
  const read = await done(job, () => {
    said.add(job.says());
    return false;
  });
  expect(read).toMatchObject({ problem: undefined, played: { difference: undefined } });
  expect(seen.chunks).toBeGreaterThan(10);
  expect(said.size).toBeGreaterThan(10);
  expect([...said].at(-1)).toMatch(/^Reading large\.ghcb\.jsonl: 1\.\d MB of 1\.0 MB, [\d,]+ steps$/);
});

test('when a person stops it, no more of the file is read', async () => {
  const { file, seen } = streamed(200 * MIB);
  let parts = 0;
  expect(await done(playJob(file), () => ++parts > 20)).toBeUndefined();
  expect(seen.cancelled).toBe(true);
  expect(seen.chunks).toBeLessThan(30);
});

test('a file that is too large is refused with its size, unread', async () => {
  const file: StreamedFile = {
    name: 'huge',
    size: 600 * MIB,
    stream: () => {
      throw new Error('it is read');
    },
  };
  expect(await done(playJob(file))).toMatchObject({
    played: undefined,
    problem: { message: 'it has 600 MB; at most 512 MB are read' },
  });
});

test('a file that stops to be readable keeps what was read', async () => {
  const chunks = largeRecording(MIB);
  let count = 0;
  const stream = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      pull(controller) {
        const next = chunks.next();
        const value = next.done === true ? undefined : next.value;
        if (value && count++ < 2) controller.enqueue(value);
        else controller.error(new Error('gone'));
      },
    });
  const read = await done(playJob({ name: 'moved', size: MIB, stream }));
  expect(read?.problem?.message).toMatch(/could not be read to its end/);
  expect(read?.played?.stepCount).toBeGreaterThan(50);
  expect(read?.played && playedText('moved', read.played)).toMatch(/What stands before it is shown\.$/);
});

test.each([
  ['of a newer version', (text: string) => text.replace('"version":1', '"version":2'), /version 2 is newer/],
  ['with a line that is no JSON', (text: string) => text.replace('{"step":40,', '{"step":40'), /line \d+/],
])('a file %s is told so', async (_, change, message) => {
  let text = '';
  for (const chunk of largeRecording(1000)) text += new TextDecoder().decode(chunk);
  const read = await done(playJob(textFile('f', change(text))));
  expect(`${read?.problem?.place ?? ''}: ${read?.problem?.message ?? ''}`).toMatch(message);
  expect(read?.header?.profile).toBe('linux-7.2');
});
