/** The writes of a run, made again without the handlers that decided on them: what it costs to keep a history, and nothing else. */
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import type { Chart } from '../../machines/compile';
import { exchangeChart } from '../../machines/exchange';
import { launchChart } from '../../machines/launch';
import { vcpuChart } from '../../machines/vcpu';
import { ByteReader } from '../../recording/timeline/byte-stream';
import { copyOf } from '../../recording/timeline/readers';
import { Timeline, type StepRecord } from '../../recording/timeline/timeline';
import { readWrites } from '../../recording/timeline/writes';

const charts: Readonly<Record<string, Chart>> = {
  exchange: exchangeChart,
  launch: launchChart,
  vcpu: vcpuChart,
};

interface Step {
  /** Addresses and values, in turn. */
  readonly words: readonly number[];
  /** Field, first page, count and value, in turn. */
  readonly runs: readonly number[];
  readonly told: StepRecord;
}

function stepOf(timeline: Timeline, index: number): Step {
  const { arena, pages } = timeline.at(index + 1).world;
  const words: number[] = [];
  const runs: number[] = [];
  readWrites(
    new ByteReader(timeline.writes(index), 0),
    (address) => words.push(address, arena.words[address] as number),
    (field, first, count) => runs.push(field, first, count, pages.fields[field]?.get(first) ?? 0),
  );
  return { words, runs, told: timeline.step(index) };
}

/** Makes the writes of a step, and reports what its handlers reported. */
function make(world: World, { words, runs, told }: Step): void {
  for (let i = 0; i < words.length; i += 2) world.arena.write(words[i] as number, words[i + 1] as number);
  for (let i = 0; i < runs.length; i += 4)
    world.pages.fields[runs[i] as number]?.setRun(
      runs[i + 1] as number,
      runs[i + 2] as number,
      runs[i + 3] as number,
    );
  const { recorder } = world;
  for (const facet of told.facets) recorder?.facet(facet);
  for (const { chart, instance, event } of told.transitions)
    recorder?.transition(charts[chart] as Chart, instance, event);
  for (const { kind, text } of told.findings) recorder?.finding(kind, text);
  const { move, rule } = told;
  if (move) recorder?.move(move.kind, move.vcpu, move.args, rule);
}

/** @returns what keeps the same history once more, from its beginning */
export function sameWrites(timeline: Timeline): () => Timeline {
  const steps = Array.from({ length: timeline.stepCount }, (_, index) => stepOf(timeline, index));
  const start = copyOf(timeline.at(0).world);
  const acts = timeline.acts.filter(({ stepCount }) => stepCount > 0);
  return () => {
    const world = copyOf(start);
    let at = 0;
    const next = { count: 0 };
    const kept = new Timeline(world, (of: World, _: Act) => {
      for (let i = 0; i < next.count; i++) make(of, steps[at++] as Step);
      return undefined;
    });
    for (const { act, origin, stepCount } of acts) {
      next.count = stepCount;
      kept.perform(act, origin);
    }
    return kept;
  };
}
