/**
 * Recordings as files, `.ghcb.jsonl`: a header, then each act followed by a line for each of its steps, then the digest
 * of the world at the end. The acts define the run: a replay must give the same steps and digest.
 */
import * as v from 'valibot';
import type { Resumable } from '../../base/resumable';
import { err, ok, type Problem, type Result } from '../../base/result';
import type { Act } from '../../engine/acts';
import { budgetNames, type Stop } from '../../engine/memory/meter';
import { actSchema, issueText, jsonValue } from './act-schema';
import type { ActOrigin, StepRecord, Timeline } from '../timeline/timeline';

export const RECORDING_FORMAT = 'vmgexit-recording';
/** Only grows; every version that was ever written can be read. */
export const RECORDING_VERSION = 1;

const origins = [
  'scenario',
  'program',
  'personality',
  'scheduler',
  'user',
] as const satisfies readonly ActOrigin[];

const headerSchema = v.object({
  format: v.literal(RECORDING_FORMAT),
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  engine: v.string(),
  profile: v.string(),
  scenario: v.string(),
});
const actLine = v.strictObject({
  act: actSchema,
  origin: v.picklist(origins),
  refused: v.optional(v.string()),
  stopped: v.optional(
    v.strictObject({
      budget: v.picklist(budgetNames),
      moves: v.pipe(v.number(), v.integer(), v.minValue(0)),
    }),
  ),
});
const stepLine = v.looseObject({ step: v.pipe(v.number(), v.integer(), v.minValue(0)) });
const digestLine = v.strictObject({
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, 'a digest has 16 digits')),
  steps: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/** The header of a recording. */
export interface RecordingHeader {
  /** Version of the engine that made it. */
  readonly engine: string;
  /** Profile with overrides, as people write it. */
  readonly profile: string;
  /** The text of the scenario whose world the acts start in. */
  readonly scenario: string;
}

export interface RecordedAct {
  readonly act: Act;
  readonly origin: ActOrigin;
  readonly refused?: string;
  /** Where it was stopped because a budget was spent: a replay stops there too. */
  readonly stopped?: Stop;
}

export interface Recording {
  readonly header: RecordingHeader;
  readonly acts: readonly RecordedAct[];
  /** The line of each step, as it stands in the file. */
  readonly steps: readonly string[];
  /** Digest of the world at the end; missing when the file is cut short. */
  readonly digest?: string;
}

/** The valid part of a recording, and why it ends there. */
export interface ReadRecording {
  readonly recording: Recording;
  readonly problem?: Problem;
}

/** Lines that are written in one part. */
const LINES_IN_PART = 64;

/** One step as a line of the file, its parts in the usual order. */
export function stepText({ index, move, rule, transitions, findings }: StepRecord): string {
  const line = {
    step: index,
    ...(move ? { move: move.kind, vcpu: move.vcpu, args: move.args } : {}),
    ...(rule ? { rule } : {}),
    ...(transitions.length > 0 ? { transitions } : {}),
    ...(findings.length > 0 ? { findings } : {}),
  };
  return JSON.stringify(line, jsonValue);
}

/** The file of a timeline. */
export function* writeRecording(timeline: Timeline, header: RecordingHeader): Resumable<string> {
  const lines = [JSON.stringify({ format: RECORDING_FORMAT, version: RECORDING_VERSION, ...header })];
  for (const { act, origin, firstStep, stepCount, refused, stopped } of timeline.acts) {
    lines.push(JSON.stringify({ act, origin, refused, stopped }, jsonValue));
    for (let step = firstStep; step < firstStep + stepCount; step++) {
      lines.push(stepText(timeline.step(step)));
      if (step % LINES_IN_PART === 0) yield;
    }
  }
  const digest = yield* timeline.digestInParts();
  lines.push(JSON.stringify({ digest, steps: timeline.stepCount }));
  return `${lines.join('\n')}\n`;
}

/** Reads a recording; only an invalid header makes the whole file invalid. */
export function readRecording(text: string): Result<ReadRecording> {
  const lines = text.split(/\r?\n/);
  while (lines.at(-1)?.trim() === '') lines.pop();
  const header = readHeader(lines[0] ?? '');
  if (!header.ok) return header;
  const reader = new RecordingReader(header.value);
  for (let i = 1; i < lines.length && !reader.isOver; i++) reader.take(lines[i] as string, i + 1);
  return ok(reader.finish(lines.length));
}

function readHeader(line: string): Result<RecordingHeader> {
  const bad = (message: string): Result<never> => err({ message, place: 'line 1' });
  const json = parseJson(line);
  if (json === undefined) return bad('the first line is not a header: not JSON');
  const parsed = v.safeParse(headerSchema, json);
  if (!parsed.success) return bad(`the first line is not a header: ${issueText(parsed.issues)}`);
  const { version, engine, profile, scenario } = parsed.output;
  if (version > RECORDING_VERSION) {
    return bad(`version ${version} is newer than ${RECORDING_VERSION}, the newest known here`);
  }
  return ok({ engine, profile, scenario });
}

class RecordingReader {
  private readonly acts: RecordedAct[] = [];
  private readonly steps: string[] = [];
  private digest: string | undefined;
  private problem: Problem | undefined;

  constructor(private readonly header: RecordingHeader) {}

  get isOver(): boolean {
    return this.problem !== undefined;
  }

  /** @param number of the line, from 1 */
  take(line: string, number: number): void {
    const why = this.digest === undefined ? this.read(line) : 'nothing follows the digest';
    if (why !== undefined) this.problem = { message: why, place: `line ${number}` };
  }

  finish(lineCount: number): ReadRecording {
    const { header, acts, steps, digest } = this;
    const recording = { header, acts, steps, ...(digest === undefined ? {} : { digest }) };
    const cut: Problem | undefined =
      digest === undefined
        ? { message: 'the recording ends without its digest', place: `line ${lineCount}` }
        : undefined;
    const problem = this.problem ?? cut;
    return problem ? { recording, problem } : { recording };
  }

  /** @returns what is wrong with the line, if anything */
  private read(line: string): string | undefined {
    const json = parseJson(line);
    if (typeof json !== 'object' || json === null) return 'the line is no JSON object';
    if ('act' in json) return this.readAct(json);
    if ('step' in json) return this.readStep(json, line);
    if ('digest' in json) return this.readDigest(json);
    return 'the line is neither act, step nor digest';
  }

  private readAct(json: object): string | undefined {
    const parsed = v.safeParse(actLine, json);
    if (!parsed.success) return issueText(parsed.issues);
    const { act, origin, refused, stopped } = parsed.output;
    this.acts.push({
      act,
      origin,
      ...(refused === undefined ? {} : { refused }),
      ...(stopped && { stopped }),
    });
    return undefined;
  }

  private readStep(json: object, line: string): string | undefined {
    const parsed = v.safeParse(stepLine, json);
    if (!parsed.success) return issueText(parsed.issues);
    if (this.acts.length === 0) return 'a step stands before the first act';
    if (parsed.output.step !== this.steps.length)
      return `step ${parsed.output.step} is not the next, ${this.steps.length}`;
    this.steps.push(line);
    return undefined;
  }

  private readDigest(json: object): string | undefined {
    const parsed = v.safeParse(digestLine, json);
    if (!parsed.success) return issueText(parsed.issues);
    const { digest, steps } = parsed.output;
    if (steps !== this.steps.length) return `the file has ${this.steps.length} steps, its end says ${steps}`;
    this.digest = digest;
    return undefined;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
