/** A recording that was dropped, pasted or fetched: read in chunks, played, and what came of it in words. */
import { version } from '../../package.json';
import { MAX_RECORDING_BYTES } from '../base/limits';
import { ok, problem, type Problem, type Result } from '../base/result';
import type { Resumable } from '../base/resumable';
import { differingFields, fieldsText } from '../recording/file/differing-fields';
import { FileLines } from '../recording/file/file-lines';
import type { RecordingHeader } from '../recording/file/file';
import { RecordingPlayer, type PlayedRecording } from '../recording/file/player';
import { recordedRun } from '../recording/file/recorded-run';
import type { ShownRun } from './shown-run';
import { textFile, type StreamedFile } from './files';
import type { Job } from './jobs.svelte';

/** A recording as it is shown: under its name, and where it lies when it ships with the page. */
export interface ShownRecording {
  readonly name: string;
  readonly slug?: string;
  /** Its run, beside the one that this build makes of its scenario. */
  readonly runBeside: (now: ShownRun) => Resumable<ShownRun>;
}

/** What came of reading a recording. */
export interface ReadRecording {
  /** Nothing where its steps cannot be played; `problem` says why. */
  readonly played: PlayedRecording | undefined;
  /** As far as it could be read. */
  readonly header: RecordingHeader | undefined;
  readonly problem: Problem | undefined;
}

const LINES_IN_PART = 64;
const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MB`;

/** A recording that ships with the page. */
export async function shippedRecording(slug: string): Promise<Result<StreamedFile>> {
  try {
    const response = await fetch(new URL(`./recordings/${slug}.ghcb.jsonl`, document.baseURI).href);
    const text = response.ok ? await response.text() : '';
    // A static host may answer a missing file with its own page.
    if (!text.startsWith('{"format"')) return problem(`There is no recording called "${slug}".`);
    return ok(textFile(slug, text));
  } catch {
    return problem(`The recording "${slug}" could not be loaded; is the connection gone?`);
  }
}

/** Reads and plays a file. A chunk of it is held, never the whole. */
export function playJob(file: StreamedFile): Job<ReadRecording> {
  const { name, size } = file;
  const player = new RecordingPlayer();
  const lines = new FileLines();
  let bytes = 0;
  let chunk: Uint8Array | undefined;
  let waiting: Promise<void> | undefined;
  let failure = '';

  function* parts(): Resumable<ReadRecording> {
    if (size > MAX_RECORDING_BYTES)
      return ended({
        message: `it has ${megabytes(size)}; at most ${megabytes(MAX_RECORDING_BYTES)} are read`,
      });
    const reader = file.stream().getReader();
    const next = (): void => {
      waiting = reader
        .read()
        .then(
          ({ value }) => (chunk = value),
          () => {
            chunk = undefined;
            failure = 'the file could not be read to its end; it may have moved';
          },
        )
        .then(() => (waiting = undefined));
    };
    next();
    try {
      for (;;) {
        while (waiting) yield;
        const read = chunk;
        if (!read || player.isOver || lines.isTooLong) break;
        bytes += read.length;
        next();
        for (const [at, line] of lines.push(read).entries()) {
          player.take(line);
          if (at % LINES_IN_PART === 0) yield;
        }
      }
    } finally {
      reader.cancel().catch(() => undefined);
    }
    if (lines.isTooLong) return ended({ message: 'a line is longer than any of a recording' });
    const last = lines.end();
    if (last !== undefined) player.take(last, true);
    return ended(failure === '' ? undefined : { message: failure });
  }

  const ended = (why: Problem | undefined): ReadRecording => {
    const played = player.finish();
    const found = why ?? player.problem;
    return { played: played && { ...played, problem: found }, header: player.header, problem: found };
  };
  return {
    parts: parts(),
    waits: () => waiting,
    says: () =>
      `Reading ${name}: ${megabytes(bytes)} of ${megabytes(size)}, ${player.stepCount.toLocaleString('en')} steps`,
  };
}

/** A recording that was played, to stand beside the run that this build makes. @param slug where it ships with the page */
export const shownRecording = (name: string, played: PlayedRecording, slug?: string): ShownRecording => ({
  name,
  ...(slug === undefined ? {} : { slug }),
  runBeside: (now) => recordedRun(played, now),
});

const MANY_CHARACTERS = 160;
const brief = (text: string): string =>
  text.length > MANY_CHARACTERS ? `${text.slice(0, MANY_CHARACTERS)}…` : text;

/** What came of playing a recording, in a few sentences. */
export function playedText(
  name: string,
  { header, stepCount, difference, problem: damage }: PlayedRecording,
): string {
  const { engine, profile } = header;
  const made = `${name}: recorded by version ${engine} under ${profile}, ${stepCount} steps.`;
  const end = damage ? ` ${damageText(damage)}` : '';
  if (!difference) return `${made} This build comes to the same in every step.${end}`;
  const { step, recorded, now, isStateAlone } = difference;
  if (isStateAlone)
    return `${made} This build makes the same steps; the state at their end is another one: ${recorded} then, ${now} now.${end}`;
  const hint = engine === version ? ' This very version made it: the file was probably changed.' : '';
  const fields = fieldsText(differingFields(recorded, now));
  const what = fields === '' ? `recorded ${brief(recorded)}, now ${brief(now)}` : brief(fields);
  return (
    `${made} Step ${step + 1} comes out otherwise here: ${what}.${hint}` +
    ` B plays what was recorded; a recording holds no state, so the state shown is that of this build.${end}`
  );
}

/** Where a file stops being sound, and what is shown of it. */
export const damageText = ({ message, place }: Problem): string =>
  `The file is damaged: ${place === undefined ? '' : `${place}: `}${message}. What stands before it is shown.`;
