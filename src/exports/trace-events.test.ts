import { expect, test } from 'vitest';
import { finish } from '../base/resumable';
import { timelineExits } from '../drawings/exit-records';
import { sampled } from '../testing/effort';
import { exportedFrom, shipped, shippedFiles } from '../testing/exports/exported';
import { traceEvents } from './trace-events';

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}
interface Trace {
  readonly otherData: Readonly<Record<string, string>>;
  readonly traceEvents: readonly Event[];
}

test.each(sampled(shippedFiles, 10))(
  '%s: each step is one microsecond at its number, each exit an instant',
  (file) => {
    const exported = exportedFrom(shipped(file), ['linux-7.2']);
    const { otherData, traceEvents: events } = JSON.parse(finish(traceEvents(exported))) as Trace;
    expect(otherData['time']).toMatch(/number of the step.*nothing was measured/);
    const { timeline } = exported.runs[0] ?? {};
    if (!timeline) throw new Error('no run');
    const moves = Array.from({ length: timeline.stepCount }, (_, i) => i).filter(
      (i) => timeline.step(i).move,
    );
    const steps = events.filter(({ cat }) => cat === 'step');
    expect(steps.map(({ ts, dur }) => [ts, dur])).toEqual(moves.map((index) => [index + 1, 1]));
    const exits = events.filter(({ cat }) => cat === 'exit');
    expect(exits.map(({ ts, name }) => [ts, name])).toEqual(
      [...timelineExits(timeline)].map(({ step, name }) => [step + 1, name]),
    );
    expect(events.filter(({ cat }) => cat === 'finding')).toHaveLength(timeline.findings().length);
  },
);

test('the lanes are threads, each run is a process, and a row has the same time in all', () => {
  const exported = exportedFrom(shipped('ap-create-on-init-then-create.ghcb'), ['part2-v4', 'linux-7.2']);
  const { traceEvents: events } = JSON.parse(finish(traceEvents(exported))) as Trace;
  const named = (what: string, pid: number): unknown[] =>
    events
      .filter(({ ph, name, pid: of }) => ph === 'M' && name === what && of === pid)
      .map(({ args }) => args?.['name']);
  expect([named('process_name', 1), named('process_name', 2)]).toEqual([['part2-v4'], ['linux-7.2']]);
  expect(named('thread_name', 1)).toEqual(['acts', 'vCPU 0', 'vCPU 1', 'KVM', 'VMM', 'PSP']);
  const lastAct = events.filter(
    ({ name, cat }) => cat === 'act' && name === 'v0 ap-create target=1 vmsa=0x122000',
  );
  expect(lastAct.map(({ pid, ts }) => [pid, ts])).toEqual([
    [1, 94],
    [2, 94],
  ]);
});
