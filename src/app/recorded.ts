/** A recording that was dropped: what it was made from, and whether this build still comes to the same. */
import { ok, problem, type Result } from '../base/result';
import { readRecording } from '../recording/file/file';
import { replay } from '../recording/file/replay';

export interface CheckedRecording {
  readonly scenario: string;
  readonly profile: string;
  /** What came of running it again. */
  readonly says: string;
  /** Steps made up to the first that differs, with that one. */
  readonly step?: number;
}

/** Reads a recording and performs its acts again. @returns an error where nothing of it can be shown */
export function checkRecording(text: string): Result<CheckedRecording> {
  const read = readRecording(text);
  if (!read.ok) return read;
  const { recording, problem: damage } = read.value;
  const { scenario, profile, engine } = recording.header;
  const made = `Recorded by version ${engine} under ${profile}, ${recording.steps.length} steps.`;
  const end = damage ? ` The file is damaged: ${damage.place ?? ''}: ${damage.message}.` : '';
  const again = replay(recording);
  if (!again.ok) return problem(`${made} It cannot be run again: ${again.error.message}.`);
  const { difference } = again.value;
  if (!difference)
    return ok({ scenario, profile, says: `${made} This build comes to the same in every step.${end}` });
  const { step, recorded, now } = difference;
  const says = `${made} Step ${step + 1} comes out otherwise here: recorded ${brief(recorded)}, now ${brief(now)}.${end}`;
  return ok({ scenario, profile, says, step: step + 1 });
}

const MANY_CHARACTERS = 160;
const brief = (text: string): string =>
  text.length > MANY_CHARACTERS ? `${text.slice(0, MANY_CHARACTERS)}…` : text;
