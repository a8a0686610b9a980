/** What recorded steps cost in bytes, and how long it takes to get to any of a million. */
import type { Act } from '../../engine/acts';
import type { Timeline } from '../../recording/timeline/timeline';
import { count, fastest, line, milliseconds, part, percentile, sequence } from './measure';
import { benchRail } from './rail';
import { worldAfter } from './worlds';

const STEPS = 1_000_000;
const SEEKS = 2_000;
const PASSES = 5;
const TOLD = 1_000;

/** 4 GiB below the device hole: a million pages. */
const text = `ghcb-scenario 1
title   a large guest
vm      vcpus=2 memory=4G
guest   manual
host    qemu
launch  standard
v0      register-ghcb gpa=0x8000
end ghcb-scenario
`;

const guest = (act: Pick<Extract<Act, { actor: 'guest' }>, 'verb' | 'args'>): Act =>
  ({ actor: 'guest', vcpu: 0, ...act }) as Act;

/**
 * A guest at work: it accepts its memory 2 MiB at a time, and between times makes small runs of pages of a bounce
 * buffer shared and private again. `answer` lets the personality do its part.
 */
function* work(random: (below: number) => number): Generator<Act> {
  for (let region = 16; ; region = region + 1 < 4000 ? region + 1 : 16) {
    yield psc(region % 3 === 0 ? 2 : 1, region * 512, true);
    for (let small = 0; small < 8; small++) {
      const gfn = 0x2000 + random(0x4000);
      yield guest({ verb: 'msr-psc', args: { gfn, op: random(2) === 0 ? 'shared' : 'private' } });
    }
  }
}
const psc = (operation: number, gfn: number, twoMeg: boolean): Act =>
  guest({ verb: 'psc', args: { entries: [{ operation, gfn, twoMeg, currentPage: 0 }] } });

/** @param steps that it has at least */
export function longTimeline(steps = STEPS): Timeline {
  const timeline = worldAfter(text);
  const answer: Act = { actor: 'vmm', verb: 'handle', args: { vcpu: 0 } };
  const run: Act = { actor: 'vmm', verb: 'run', args: { vcpu: 0 } };
  for (const act of work(sequence(1))) {
    timeline.perform(act, 'program');
    const v0 = timeline.world.vcpu(0);
    for (let i = 0; i < 8 && v0.run === 'inUserspace'; i++) {
      timeline.perform(v0.exitPending ? answer : run, 'personality');
    }
    if (timeline.stepCount >= steps) return timeline;
  }
  return timeline;
}

/**
 * Milliseconds until the world stands at places that `next` picks, each from where the one before left it. The same way is
 * gone several times, and each seek counts as its fastest: what other programs took meanwhile is no part of it.
 */
function seekTimes(timeline: Timeline, next: (before: number) => number): number[] {
  let position = timeline.stepCount;
  const way = Array.from({ length: SEEKS }, () => (position = next(position)));
  const times = way.map(() => Infinity);
  for (let pass = 0; pass < PASSES; pass++)
    for (const [at, place] of way.entries()) {
      const start = performance.now();
      void timeline.at(place).world;
      times[at] = Math.min(times[at] as number, performance.now() - start);
    }
  return times;
}

/** Milliseconds of telling one step of many. */
function tellingTime(timeline: Timeline): number {
  const random = sequence(5);
  const steps = Array.from({ length: TOLD }, () => random(timeline.stepCount));
  const all = fastest(
    () => {
      for (const step of steps) timeline.step(step);
    },
    { warm: 1, runs: PASSES },
  );
  return all / TOLD;
}

/** What steps would take as lines of JSON: bytes, and milliseconds to read one. */
function jsonOf(timeline: Timeline): { readonly bytes: number; readonly parse: number } {
  const random = sequence(6);
  const lines = Array.from({ length: TOLD }, () => {
    const { move, rule, facets, transitions, findings, changes } = timeline.step(random(timeline.stepCount));
    const told = { move, rule, facets, transitions, findings, changes };
    return JSON.stringify(told, (_, value: unknown) =>
      typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
    );
  });
  const all = fastest(() => lines.forEach((text) => void JSON.parse(text)), { warm: 1, runs: PASSES });
  return { bytes: lines.reduce((sum, { length }) => sum + length, 0) / TOLD, parse: all / TOLD };
}

/** @returns the timeline that was measured */
export function benchTimeline(): Timeline {
  const start = performance.now();
  const timeline = longTimeline();
  const ms = performance.now() - start;
  const { log, index, keyframes } = timeline.bytes;
  const asJson = jsonOf(timeline);
  const { stepCount } = timeline;
  const random = sequence(2);
  part('A long timeline');
  line('steps, pages', `${count(stepCount)}, ${count(timeline.world.pages.gfn.pageCount)}`);
  line('performed and recorded', `${((ms * 1e6) / stepCount).toFixed(0)} ns a step`);
  const figures = [log, index, keyframes].map((bytes) => (bytes / stepCount).toFixed(1)).join(' + ');
  const total = (log + index + keyframes) / stepCount;
  line(
    'bytes a step: log + index + keyframes',
    figures,
    `${total.toFixed(1)}; bar 24; as JSON ${count(asJson.bytes)}`,
  );
  const anywhere = seekTimes(timeline, () => random(stepCount + 1));
  line(
    'seek anywhere: median',
    milliseconds(percentile(anywhere, 0.5)),
    `performing the acts again to the middle ${milliseconds(ms / 2)}`,
  );
  line('seek anywhere: p99', milliseconds(percentile(anywhere, 0.99)), 'bar 1 ms in Node, 2 ms in a browser');
  const near = seekTimes(timeline, (before) => {
    const hop = before + random(201) - 100;
    return Math.min(stepCount, Math.max(0, hop));
  });
  line('seek up to 100 steps away: p99', milliseconds(percentile(near, 0.99)));
  line(
    'one step in words',
    milliseconds(tellingTime(timeline)),
    `average of ${count(TOLD)}; bar 0.020 ms; JSON.parse of as much ${milliseconds(asJson.parse)}`,
  );
  benchRail(timeline);
  return timeline;
}
