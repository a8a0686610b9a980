/**
 * Recordings as files, `.ghcb.jsonl`: a header, then each act followed by a line for each of its steps, then the digest
 * of the world at the end. The acts define the run: a replay must give the same steps and digest.
 */
import * as v from 'valibot';
import type { Resumable } from '../../base/resumable';
import { ok, problem, type Result } from '../../base/result';
import type { Act } from '../../engine/acts';
import { budgetNames, type Stop } from '../../engine/memory/meter';
import { actSchema, issueText, jsonValue } from './act-schema';
import type { ActOrigin, PerformedAct, StepRecord, Timeline } from '../timeline/timeline';

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
const endLine = v.strictObject({
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, 'a digest has 16 digits')),
  steps: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/** The header of a recording. */
export interface RecordingHeader {
  /** Version of the format. */
  readonly version: number;
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

/** One step as a line of the file, its parts in the usual order. */
export function stepText({ index, move, rule, transitions, findings }: StepRecord): string {
  const line = {
    step: index,
    ...(move ? { move: move.kind, vcpu: move.vcpu, args: move.args } : {}),
    rule, // where there is none, JSON has none
    ...(transitions.length > 0 ? { transitions } : {}),
    ...(findings.length > 0 ? { findings } : {}),
  };
  return JSON.stringify(line, jsonValue);
}

/** The file of a timeline. */
export function* writeRecording(
  timeline: Timeline,
  header: Omit<RecordingHeader, 'version'>,
): Resumable<string> {
  const lines = [headerLine(header)];
  for (const act of timeline.acts) {
    lines.push(...linesOfAct(timeline, act));
    yield;
  }
  lines.push(digestLine(timeline, yield* timeline.digestInParts()));
  return `${lines.join('\n')}\n`;
}

export const headerLine = (header: Omit<RecordingHeader, 'version'>): string =>
  JSON.stringify({ format: RECORDING_FORMAT, version: RECORDING_VERSION, ...header });

/** An act and its steps. */
export function linesOfAct(timeline: Timeline, performed: PerformedAct): string[] {
  const { act, origin, firstStep, stepCount, refused, stopped } = performed;
  const steps = Array.from({ length: stepCount }, (_, at) => stepText(timeline.step(firstStep + at)));
  return [JSON.stringify({ act, origin, refused, stopped }, jsonValue), ...steps];
}

export const digestLine = (timeline: Timeline, digest = timeline.digest()): string =>
  JSON.stringify({ digest, steps: timeline.stepCount });

/** The first line of a comparison, as `run --format jsonl` writes it for several profiles. */
const comparisonHeader = v.looseObject({ type: v.literal('comparison') });

/** @returns the header, of a newer version too as far as it has the parts of this one */
export function readHeader(line: string): Result<RecordingHeader> {
  const json = parseJson(line);
  if (json === undefined) return problem('the first line is not a header: not JSON');
  if (v.is(comparisonHeader, json))
    return problem(
      'this is a comparison of several kernels, which is written for other programs; a recording is of one: run --profile NAME --format jsonl',
    );
  const parsed = v.safeParse(headerSchema, json);
  return parsed.success
    ? ok(parsed.output)
    : problem(`the first line is not a header: ${issueText(parsed.issues)}`);
}

/** @returns the act, or what is wrong with the line */
export function readActLine(json: object): RecordedAct | string {
  const parsed = v.safeParse(actLine, json);
  if (!parsed.success) return issueText(parsed.issues);
  const { act, origin, refused, stopped } = parsed.output;
  return { act, origin, ...(refused === undefined ? {} : { refused }), ...(stopped && { stopped }) };
}

/** @returns what stands at the end, or what is wrong with the line */
export function readDigestLine(json: object): { readonly digest: string; readonly steps: number } | string {
  const parsed = v.safeParse(endLine, json);
  return parsed.success ? parsed.output : issueText(parsed.issues);
}

/** @returns the value, or nothing for what is no JSON */
export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
