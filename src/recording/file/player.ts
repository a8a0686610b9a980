/**
 * Plays a recording line by line: performs its acts, holds each against what was recorded, and keeps the steps as they
 * were recorded also where this build makes others. No line is kept longer than its act.
 */
import { MAX_RUN_BYTES, MAX_RUN_WRITES } from '../../base/limits';
import type { Problem } from '../../base/result';
import { parseProfileSpec, type ResolvedProfile } from '../../profiles/resolve';
import { perform } from '../../engine/perform';
import type { World } from '../../engine/world';
import { worldFor } from '../../scenarios/machine';
import { parseScenario, problemText } from '../../scenarios/parse';
import { headOf, type Scenario } from '../../scenarios/scenario';
import { Timeline, type PerformedAct } from '../timeline/timeline';
import { performAsRecorded, type ActAsRecorded } from './as-recorded';
import { FileLines } from './file-lines';
import {
  parseJson,
  readActLine,
  readDigestLine,
  readHeader,
  RECORDING_VERSION,
  stepText,
  type RecordedAct,
  type RecordingHeader,
} from './file';
import { isSameStep, readStep, type RecordedStep } from './recorded-step';

/** The first thing in which this build differs from a recording. */
export interface Difference {
  /** Index of the step, or of the step that would have been next. */
  readonly step: number;
  readonly recorded: string;
  readonly now: string;
  /** The steps are the same: it is the state at the end that has another digest. */
  readonly isStateAlone?: true;
}

/** What can be played of a recording. */
export interface PlayedRecording {
  readonly header: RecordingHeader;
  readonly scenario: Scenario;
  readonly profile: ResolvedProfile;
  /** The steps as they were recorded. */
  readonly timeline: Timeline;
  /** Steps in the file. */
  readonly stepCount: number;
  /** Of the world at the end when it was recorded; missing where the file does not come to its end. */
  readonly digest: string | undefined;
  readonly difference: Difference | undefined;
  /** Why the file is sound up to there only. */
  readonly problem: Problem | undefined;
}

/** An act whose steps are being read. */
interface OpenAct extends RecordedAct {
  readonly steps: { readonly line: string; readonly number: number }[];
}

/** Steps between which the budget of a run begins anew: a file bounds the work by its length. */
const STEPS_OF_A_BUDGET = 100_000;
const STEP_LINE = /^\{"step":(\d{1,15})[,}]/;
const NO_STEP = 'no such step';

/** What this build did of an act. */
interface Made {
  readonly performed: PerformedAct | undefined;
  /** Why it could not be performed. */
  readonly failure: string;
  /** More of its steps may have been recorded. */
  readonly isCut: boolean;
}

export class RecordingPlayer {
  header: RecordingHeader | undefined;
  difference: Difference | undefined;
  problem: Problem | undefined;
  digest: string | undefined;
  /** Steps read. */
  stepCount = 0;
  private scenario: Scenario | undefined;
  private profile: ResolvedProfile | undefined;
  private timeline: Timeline | undefined;
  private lineNumber = 0;
  /** The last line, where no line end follows it. */
  private cutLine = -1;
  private open: OpenAct | undefined;
  /** Set while an act is performed as it was recorded. */
  private asRecorded: ActAsRecorded | undefined;
  private budgetFrom = 0;

  /** What follows is not read. */
  get isOver(): boolean {
    return this.problem !== undefined;
  }

  /** Takes the next line. @param isCut no line end follows it */
  take(line: string, isCut = false): void {
    this.lineNumber++;
    if (isCut) this.cutLine = this.lineNumber;
    if (this.isOver || line.trim() === '') return;
    if (!this.header) this.begin(line);
    else if (this.digest !== undefined) this.stop('nothing follows the digest');
    else this.takeLine(line);
  }

  /** The file is over. @returns what can be played; nothing where the header cannot be used: `problem` says why */
  finish(): PlayedRecording | undefined {
    this.close(this.digest === undefined);
    if (this.digest === undefined) this.stop('the recording ends without its digest');
    const { header, scenario, profile, timeline, stepCount, digest, difference, problem } = this;
    if (!header || !scenario || !profile || !timeline) return undefined;
    return { header, scenario, profile, timeline, stepCount, digest, difference, problem };
  }

  private stop(message: string, place = `line ${Math.max(1, this.lineNumber)}`): void {
    this.problem ??= { message, place };
  }

  private begin(line: string): void {
    const header = readHeader(line);
    if (!header.ok) return this.stop(header.error.message);
    this.header = header.value;
    const { version, scenario: text, profile: spec } = header.value;
    if (version > RECORDING_VERSION)
      return this.stop(
        `version ${version} is newer than ${RECORDING_VERSION}, the newest known here; its steps are not read`,
      );
    const scenario = parseScenario(text);
    if (!scenario.ok)
      return this.stop(scenario.problems.map(problemText).join('; '), 'scenario of the header');
    const profile = parseProfileSpec(spec);
    if (!profile.ok) return this.stop(profile.error.message, 'profile of the header');
    this.scenario = scenario.scenario;
    this.profile = profile.value;
    this.timeline = new Timeline(worldFor(headOf(scenario.scenario), profile.value), (world, act) =>
      this.asRecorded ? performAsRecorded(world, act, this.asRecorded, perform) : perform(world, act),
    );
    this.allowMore(this.timeline.world);
  }

  private allowMore(world: World): void {
    world.allow({ writes: MAX_RUN_WRITES, bytes: MAX_RUN_BYTES });
  }

  private takeLine(line: string): void {
    const number = STEP_LINE.exec(line)?.[1];
    if (number !== undefined) return this.takeStep(Number(number), line);
    const json = parseJson(line);
    if (typeof json !== 'object' || json === null) return this.stop(this.noJson(this.lineNumber));
    if ('act' in json) {
      const act = readActLine(json);
      if (typeof act === 'string') return this.stop(act);
      this.close(false);
      this.open = { ...act, steps: [] };
    } else if ('digest' in json) {
      const end = readDigestLine(json);
      if (typeof end === 'string') return this.stop(end);
      this.close(false);
      if (this.isOver) return;
      if (end.steps !== this.stepCount)
        return this.stop(`the file has ${this.stepCount} steps, its end says ${end.steps}`);
      this.end(end.digest);
    } else this.stop('the line is neither act, step nor digest');
  }

  private takeStep(number: number, line: string): void {
    const { open, stepCount } = this;
    if (!open) return this.stop('a step stands before the first act');
    if (number > stepCount)
      return this.stop(`step ${number} is not the next, ${stepCount}: lines are missing or in another order`);
    if (number < stepCount)
      return this.stop(`step ${number} is not the next, ${stepCount}: lines are doubled or in another order`);
    open.steps.push({ line, number: this.lineNumber });
    this.stepCount++;
  }

  private end(digest: string): void {
    const { timeline, stepCount } = this;
    this.digest = digest;
    const now = timeline?.digest();
    if (now === undefined || now === digest || this.difference) return;
    this.difference = {
      step: stepCount,
      recorded: `digest ${digest}`,
      now: `digest ${now}`,
      isStateAlone: true,
    };
  }

  /** Performs the act whose steps were read. @param isCut more of its steps may have been recorded */
  private close(isCut: boolean): void {
    const { open, timeline } = this;
    this.open = undefined;
    if (!open || !timeline) return;
    const { act, origin, stopped, steps } = open;
    const first = timeline.stepCount;
    if (first - this.budgetFrom >= STEPS_OF_A_BUDGET) {
      this.budgetFrom = first;
      this.allowMore(timeline.world);
    }
    let performed: PerformedAct | undefined;
    let failure = '';
    try {
      performed = timeline.perform(act, origin, stopped);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const made = { performed, failure, isCut };
    const difference = this.differenceIn(open, made, (line, now) => line === now);
    if (!difference) return;
    const recorded = this.readSteps(steps, timeline.world.config.vcpus);
    // The first line that is not as here is damaged: what stands before it is.
    if (this.isOver && recorded.length <= difference.step - first) return;
    this.difference ??= this.differenceIn(open, made, isSameStep);
    if (performed) timeline.truncate(timeline.acts.length - 1);
    this.asRecorded = { steps: recorded, refused: open.refused };
    timeline.perform(act, origin);
    this.asRecorded = undefined;
  }

  private differenceIn(
    { steps, refused = '' }: OpenAct,
    { performed, failure, isCut }: Made,
    isSame: (recorded: string, now: string) => boolean,
  ): Difference | undefined {
    const { timeline } = this;
    const first = performed?.firstStep ?? timeline?.stepCount ?? 0;
    const count = performed?.stepCount ?? 0;
    const nowAt = (at: number): string =>
      performed && timeline && at < count ? stepText(timeline.step(first + at)) : failure || NO_STEP;
    for (const [at, { line }] of steps.entries()) {
      const now = nowAt(at);
      if (!isSame(line, now)) return { step: first + at, recorded: line, now };
    }
    if (isCut) return undefined;
    if (count > steps.length)
      return { step: first + steps.length, recorded: NO_STEP, now: nowAt(steps.length) };
    const now = performed ? (performed.refused ?? '') : failure;
    const told = (why: string): string => (why === '' ? 'the act is taken' : `the act is refused: ${why}`);
    return now === refused
      ? undefined
      : { step: first + steps.length, recorded: told(refused), now: told(now) };
  }

  /** The steps of an act up to the first that cannot be read, which ends the recording. */
  private readSteps(steps: OpenAct['steps'], vcpuCount: number): RecordedStep[] {
    const read: RecordedStep[] = [];
    for (const { line, number } of steps) {
      const json = parseJson(line);
      const step = json === undefined ? this.noJson(number) : readStep(json, vcpuCount);
      if (typeof step === 'string') {
        this.stepCount -= steps.length - read.length;
        this.stop(step, `line ${number}`);
        break;
      }
      read.push(step);
    }
    return read;
  }

  private noJson(number: number): string {
    return number === this.cutLine ? 'the file is cut off in this line' : 'the line is no JSON object';
  }
}

/** Plays a whole text at once. @returns what can be played, and why not all; `header` where only that can be used */
export function playRecording(
  text: string,
): { readonly played: PlayedRecording | undefined } & Pick<RecordingPlayer, 'header' | 'problem'> {
  const player = new RecordingPlayer();
  const lines = new FileLines();
  for (const line of lines.push(new TextEncoder().encode(text))) player.take(line);
  const last = lines.end();
  if (last !== undefined) player.take(last, true);
  const played = player.finish();
  return { played, header: player.header, problem: player.problem };
}
