/**
 * A few bits of each step in a link, so that a build that comes to something else says from which step on. The bits are of
 * a sum over all steps so far: once a step differs, each later sample differs with a chance of 1 - 2^-width. Loaded when a
 * link is copied, and when one is opened whose digest is another one.
 */
import { stepText } from '../recording/file/file';
import type { ShownRun } from './shown-run';

/** Bits of one run: 64 characters of a link. Changing it makes the links of today unreadable: use another parameter. */
const BITS = 384;
const WIDEST = 8;
/** Longer runs have no checks: a link is copied at once. */
const MOST_STEPS = 20_000;
/** Runs of a link that have checks. */
const MOST_RUNS = 3;
const BITS_OF_CHARACTER = 6;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Every `stride`th step has a sample of `width` bits. */
const samplingOf = (steps: number): { readonly width: number; readonly stride: number } => ({
  width: Math.max(1, Math.min(WIDEST, Math.floor(BITS / steps))),
  stride: Math.ceil(steps / BITS),
});

/** FNV-1a of the steps so far, 32 bits. */
function* sums({ timeline }: ShownRun): Generator<number> {
  let sum = 0x811c9dc5;
  for (let step = 0; step < timeline.stepCount; step++) {
    const line = stepText(timeline.step(step));
    for (let at = 0; at < line.length; at++) sum = Math.imul(sum ^ line.charCodeAt(at), 0x01000193);
    // The low bits of such a sum follow the low bits of the text: the upper ones are mixed in.
    yield (sum ^ (sum >>> 15)) >>> 0;
  }
}

/** The samples of a run as if it had so many steps, as far as it has them. */
function samplesOf(run: ShownRun, steps: number): number[] {
  const { width, stride } = samplingOf(steps);
  const samples: number[] = [];
  let step = 0;
  for (const sum of sums(run)) {
    if (step >= steps) break;
    if (++step % stride === 0) samples.push(sum & ((1 << width) - 1));
  }
  return samples;
}

/** What a link says of its runs: for each the number of its steps and its samples. */
export const checksOf = (runs: readonly ShownRun[]): readonly string[] =>
  runs.slice(0, MOST_RUNS).flatMap((run) => {
    const { stepCount } = run.timeline;
    if (stepCount === 0 || stepCount > MOST_STEPS) return [];
    return [`${stepCount}.${packed(samplesOf(run, stepCount), samplingOf(stepCount).width)}`];
  });

function packed(samples: readonly number[], width: number): string {
  const bits = samples.map((sample) => sample.toString(2).padStart(width, '0')).join('');
  return (bits.match(/.{1,6}/g) ?? [])
    .map((part) => alphabet.charAt(Number.parseInt(part.padEnd(BITS_OF_CHARACTER, '0'), 2)))
    .join('');
}

function unpacked(text: string, width: number): number[] {
  const bits = [...text]
    .map((character) => alphabet.indexOf(character).toString(2).padStart(BITS_OF_CHARACTER, '0'))
    .join('');
  return (bits.match(new RegExp(`.{${width}}`, 'g')) ?? []).map((part) => Number.parseInt(part, 2));
}

/** Where a run leaves the one that a link was made from. */
export interface Departure {
  /** Index of the step in which it shows; the step that would be next where one run is over. */
  readonly step: number;
  /** How many steps before it may differ already. */
  readonly unsure: number;
}

/** @returns nothing where all samples are equal, or where the check cannot be read */
export function departureOf(run: ShownRun, check: string): Departure | undefined {
  const [, count = '', text = ''] = /^(\d{1,5})\.([\w-]*)$/.exec(check) ?? [];
  const steps = Number(count);
  if (count === '' || steps === 0 || steps > MOST_STEPS) return undefined;
  const { width, stride } = samplingOf(steps);
  const sent = unpacked(text, width);
  const own = samplesOf(run, steps);
  const at = own.findIndex((sample, index) => index < sent.length && sample !== sent[index]);
  // Samples after a difference that agree by chance: eight bits of them are one in 256.
  if (at >= 0) return { step: (at + 1) * stride - 1, unsure: stride - 1 + Math.floor(7 / width) * stride };
  const { stepCount } = run.timeline;
  return stepCount === steps ? undefined : { step: Math.min(stepCount, steps), unsure: stride - 1 };
}

/** Names of facets or rules that are listed. */
const MANY_NAMES = 4;

/** What a person is told: from where on this build differs, and which facets and rules its steps there rest on. */
export function departureText(runs: readonly ShownRun[], checks: readonly string[]): string | undefined {
  for (const [index, check] of checks.entries()) {
    const run = runs[index];
    const departure = run && departureOf(run, check);
    if (!departure) continue;
    const { step, unsure } = departure;
    const { timeline } = run;
    const which = runs.length > 1 ? `${String.fromCharCode(65 + index)}: ` : '';
    const where = `step ${step + 1}${unsure > 0 ? `, or up to ${unsure} steps before it` : ''}`;
    const from = Math.max(0, step - unsure);
    const near = Array.from({ length: Math.max(0, Math.min(step + 1, timeline.stepCount) - from) }, (_, at) =>
      timeline.step(from + at),
    );
    const names = (of: readonly string[]): string => [...new Set(of)].slice(-MANY_NAMES).join(', ');
    const rules = names(near.flatMap(({ rule }) => rule ?? []));
    const facets = names(near.flatMap(({ facets: consulted }) => consulted));
    const why = [rules === '' ? '' : `rules ${rules}`, facets === '' ? '' : `facets ${facets}`].filter(
      (part) => part !== '',
    );
    const rests = why.length === 0 ? '' : ` What this build does there rests on ${why.join(' and ')}.`;
    return `${which}this build does something else from ${where} on.${rests}`;
  }
  return undefined;
}
