/** `find`: the steps of a scenario that a filter asks for. */
import { finish } from '../base/resumable';
import { moveText } from '../engine/moves';
import { defaultProfile, parseProfileSpec, type ResolvedProfile } from '../profiles/resolve';
import { stepHits } from '../recording/filter/hits';
import { Timeline } from '../recording/timeline/timeline';
import { parseFilter } from '../scenarios/filter/parse';
import { runScenario } from '../scenarios/run';
import { headOf } from '../scenarios/scenario';
import { EXIT_FAILED, EXIT_FINE, readWords, UsageError, type Output } from './io';
import { readScenario } from './scenario-file';

export function find(words: readonly string[]): Output {
  const { plain, options } = readWords(words, { profile: 'value' });
  const [name, text, ...extra] = plain;
  if (name === undefined || text === undefined || extra.length > 0)
    throw new UsageError('find takes one FILE and one FILTER in quotes; - is standard input');
  const { scenario } = readScenario(name);
  const head = headOf(scenario);
  const parsed = parseFilter(text, { vcpus: head.vm.vcpus });
  if (!parsed.ok) throw new UsageError(complaint(text, parsed.problem));
  const profile = profileOf(options.get('profile') ?? head.profiles[0]);
  const { timeline } = runScenario(scenario, profile, (world) => new Timeline(world));
  const hits = finish(stepHits(timeline, parsed.filter));
  const lines = hits.map((index) => `${String(index + 1).padStart(6)}  ${sentence(timeline, index)}`);
  const summary = `${profile.spec}: ${hits.length} of ${timeline.stepCount} steps`;
  return { text: [...lines, summary].join('\n'), status: hits.length > 0 ? EXIT_FINE : EXIT_FAILED };
}

function profileOf(spec: string | undefined): ResolvedProfile {
  if (spec === undefined) return defaultProfile();
  const parsed = parseProfileSpec(spec);
  if (!parsed.ok) throw new UsageError(parsed.error.message);
  return parsed.value;
}

function sentence(timeline: Timeline, index: number): string {
  const { move, findings } = timeline.step(index);
  return [move ? moveText(move) : '', ...findings.map(({ kind, text }) => `! ${kind}: ${text}`)].join('  ');
}

function complaint(
  text: string,
  { message, at, length, expected }: { message: string; at: number; length: number; expected?: string },
): string {
  const mark = `${' '.repeat(at)}${'^'.repeat(Math.max(1, length))}`;
  return [
    message,
    `  ${text}`,
    `  ${mark}`,
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
  ].join('\n');
}
