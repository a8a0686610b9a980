/**
 * A run as trace events, the JSON that chrome://tracing, Perfetto and speedscope read: a process for each run, a thread for
 * each participant and one for the acts. Nothing here was measured: the time of a step is its number, one microsecond each.
 */
import { version } from '../../package.json';
import { joined, mapped, type Resumable } from '../base/resumable';
import { moveText } from '../engine/moves';
import { timelineExits, type ExitRecord } from '../drawings/exit-records';
import type { StepRecord, Timeline } from '../recording/timeline/timeline';
import { lineText, printScenario } from '../scenarios/print';
import type { Run } from '../scenarios/run';
import { actLine } from '../scenarios/scenario';
import type { Exported } from './exported';
import { endsOf, participantsOf, type Participant } from './participants';
import { ROWS_IN_PART } from './row-text';

/** One event in the trace-event format; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'i' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  /** Of an instant event: it belongs to its thread. */
  readonly s?: 't';
  readonly args?: Readonly<Record<string, unknown>>;
}

const ACTS = 1;

export function* traceEvents(exported: Exported): Resumable<string> {
  const { runs } = exported;
  const [first] = runs;
  const participants = participantsOf(runs);
  const lines = yield* joined(runs, (run, index) =>
    new RunEvents(exported, participants, index, run).lines(),
  );
  const otherData = {
    generator: `vmgexit ${version}`,
    time: 'ts is the number of the step and one microsecond long; nothing was measured',
    profiles: runs.map(({ profile }) => profile.spec).join(', '),
    scenario: first ? printScenario(first.scenario) : '',
  };
  return `{"displayTimeUnit":"ns","otherData":${JSON.stringify(otherData)},"traceEvents":[\n${lines.join(',\n')}\n]}\n`;
}

class RunEvents {
  private readonly pid: number;

  constructor(
    private readonly exported: Exported,
    private readonly participants: readonly Participant[],
    private readonly index: number,
    private readonly run: Run<Timeline>,
  ) {
    this.pid = index + 1;
  }

  /** Each event as JSON. */
  *lines(): Resumable<string[]> {
    const { timeline } = this.run;
    const json = (events: readonly TraceEvent[]): string[] => events.map((event) => JSON.stringify(event));
    const lines = json([...this.names(), ...this.acts()]);
    yield;
    const steps = Array.from({ length: timeline.stepCount }, (_, step) => step);
    const ofSteps = yield* mapped(steps, (step) => json(this.step(timeline.step(step))), ROWS_IN_PART);
    const exits: string[] = [];
    for (const record of timelineExits(timeline)) {
      exits.push(...json([this.exit(record)]));
      yield;
    }
    return [...lines, ...ofSteps.flat(), ...exits];
  }

  private names(): TraceEvent[] {
    const name = (what: string, tid: number, value: string): TraceEvent => ({
      name: what,
      ph: 'M',
      pid: this.pid,
      tid,
      args: { name: value },
    });
    return [
      name('process_name', 0, this.run.profile.spec),
      name('thread_name', ACTS, 'acts'),
      ...this.participants.map((one) => name('thread_name', this.threadOf(one.id), one.title)),
    ];
  }

  private threadOf(id: string): number {
    return ACTS + 1 + this.participants.findIndex((one) => one.id === id);
  }

  private timeOf(step: number): number {
    return this.exported.numberOf(this.index, step);
  }

  private acts(): TraceEvent[] {
    return this.run.timeline.acts.flatMap(({ act, origin, firstStep, stepCount, refused }): TraceEvent[] => {
      if (stepCount === 0) return [];
      const ts = this.timeOf(firstStep);
      const dur = this.timeOf(firstStep + stepCount - 1) + 1 - ts;
      const args = { origin, ...(refused === undefined ? {} : { refused }) };
      return [{ name: lineText(actLine(act)), ph: 'X', cat: 'act', pid: this.pid, tid: ACTS, ts, dur, args }];
    });
  }

  /** The step in the thread of who acts, and what was found in it. */
  private step({ index, move, rule, findings }: StepRecord): TraceEvent[] {
    const ends = move && endsOf(move);
    const tid = ends ? this.threadOf(ends.from.id) : ACTS;
    const place = { pid: this.pid, tid, ts: this.timeOf(index) };
    const found = findings.map(({ kind, text }): TraceEvent => ({
      name: `${kind}: ${text}`,
      ph: 'i',
      s: 't',
      cat: 'finding',
      ...place,
    }));
    if (!move || !ends) return found;
    const args = { to: ends.to.title, refused: ends.refused, ...(rule === undefined ? {} : { rule }) };
    return [{ name: moveText(move), ph: 'X', dur: 1, cat: 'step', ...place, args }, ...found];
  }

  private exit({ step, vcpu, name, reason, result }: ExitRecord): TraceEvent {
    return {
      name,
      ph: 'i',
      s: 't',
      cat: 'exit',
      pid: this.pid,
      tid: this.threadOf('VMM'),
      ts: this.timeOf(step),
      args: { vcpu, exit_reason: reason, result },
    };
  }
}
