/**
 * Two runs step by step as recordings have them, each from a recording or a timeline: the first step that differs, by
 * field. Unlike a comparison of profiles this aligns nothing, and a rule counts.
 */
import { stepText } from '../file/file';
import { stateDifferences } from './state-differences';
import type { FieldDifference } from './model';
import type { Timeline } from '../timeline/timeline';

/** The steps of a run. */
export interface StepLines {
  readonly count: number;
  /** A step as a line of a recording. */
  readonly line: (step: number) => string;
  /** Of the world at the end. */
  readonly digest: string;
  /** Where this build makes the same steps: tells the state that differs. */
  readonly timeline?: Timeline;
}

export const linesOf = (timeline: Timeline): StepLines => ({
  count: timeline.stepCount,
  line: (step) => stepText(timeline.step(step)),
  digest: timeline.digest(),
  timeline,
});

export interface StepDifference {
  /** Index of the first step that differs or that one run does not have; -1 for the state before the first. */
  readonly step: number;
  readonly fields: readonly FieldDifference[];
}

/** Nothing when both have the same steps and digest. */
export function firstStepDifference(a: StepLines, b: StepLines): StepDifference | undefined {
  for (let step = 0; step < Math.min(a.count, b.count); step++) {
    const [one, other] = [a.line(step), b.line(step)];
    if (one !== other) return { step, fields: fieldDifferences(fieldsOf(one), fieldsOf(other)) };
  }
  if (a.count !== b.count) {
    const step = Math.min(a.count, b.count);
    const fields = (lines: StepLines): ReadonlyMap<string, string> =>
      step < lines.count ? fieldsOf(lines.line(step)) : new Map([['step', 'no such step']]);
    return { step, fields: fieldDifferences(fields(a), fields(b)) };
  }
  if (a.digest === b.digest) return undefined;
  const digests: FieldDifference = { name: 'digest', values: [a.digest, b.digest] };
  return firstStateDifference(a.timeline, b.timeline) ?? { step: a.count - 1, fields: [digests] };
}

/** The first step after which the state differs, of runs with equal steps. */
function firstStateDifference(a: Timeline | undefined, b: Timeline | undefined): StepDifference | undefined {
  if (!a || !b) return undefined;
  const vcpus = [a, b].map(({ world }) => String(world.config.vcpus));
  if (vcpus[0] !== vcpus[1]) return { step: -1, fields: [{ name: 'vm vcpus', values: vcpus }] };
  for (let step = -1; step < a.stepCount; step++) {
    if (step >= 0 && sameBytes(a.writes(step), b.writes(step))) continue;
    const fields = stateDifferences([a, b], [step + 1, step + 1]);
    if (fields.length > 0) return { step, fields };
  }
  return undefined;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

function fieldDifferences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): FieldDifference[] {
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names.flatMap((name) => {
    const values = [a.get(name), b.get(name)];
    return values[0] === values[1] ? [] : [{ name, values }];
  });
}

/** The parts of a line by their place in it: `args.gfn`, `transitions[0].event.type`. */
function fieldsOf(line: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const visit = (name: string, value: unknown): void => {
    if (Array.isArray(value)) value.forEach((part, at) => visit(`${name}[${at}]`, part));
    else if (typeof value === 'object' && value !== null)
      for (const [key, part] of Object.entries(value)) visit(name === '' ? key : `${name}.${key}`, part);
    else fields.set(name, String(value));
  };
  visit('', JSON.parse(line));
  return fields;
}
