/**
 * Runs a scenario: performs its acts one by one, lets the threads and the personality go on after each until nothing
 * moves by itself, and holds the expectations to the world they then find.
 */
import { Unmodelled } from '../base/assert';
import { MAX_RUN_BYTES, MAX_RUN_STEPS, MAX_RUN_WRITES, MAX_SETTLING_ACTS } from '../base/limits';
import { finish, type Resumable } from '../base/resumable';
import { LayoutError } from '../abi/layout';
import { kvmRun, kvmRunSystemEvent, KVM_EXIT_SYSTEM_EVENT, KVM_SYSTEM_EVENT_SEV_TERM } from '../abi/kvm-run';
import type { Act } from '../engine/acts';
import { NeverReturns } from '../engine/hardware/rmp';
import { programMissing, programRuns } from '../engine/guest/programs/step';
import type { BudgetName } from '../engine/memory/meter';
import { nextVmmAct } from '../engine/vmm/handle';
import type { World } from '../engine/world';
import type { ResolvedProfile } from '../profiles/resolve';
import { appliesTo } from './expect';
import { changedPaths, found, matches, wanted } from './filter/matches';
import { hostLaunch } from './host-launch';
import { LastAct } from './last-act';
import { standardLaunch } from './launch';
import { worldFor } from './machine';
import { headOf, type ExpectLine, type Head, type Line, type Scenario, type Until } from './scenario';
import { nextThreadAct, schedulesItself } from './settle';
import type { Origin, Tape } from './tape';
import { visibleState } from './visible';

/** The budget of a run. When it is spent the run stops, inside an act too; run again with more of it, it goes further. */
export interface RunOptions {
  readonly maxSteps?: number;
  /** Words of the write log, and pages looked at. */
  readonly maxWrites?: number;
  /** Bytes of state and recorded steps. */
  readonly maxBytes?: number;
  /** Whether there is time left; without it a run may take for ever. */
  readonly mayGoOn?: () => boolean;
}
export const defaultRunOptions = {
  maxSteps: MAX_RUN_STEPS,
  maxWrites: MAX_RUN_WRITES,
  maxBytes: MAX_RUN_BYTES,
  mayGoOn: (): boolean => true,
} satisfies RunOptions;

/** The acts that a line caused: `acts[firstAct]` up to and without `acts[endAct]`. */
export interface LineRun {
  readonly firstAct: number;
  readonly endAct: number;
  /** Why the line's own act could not be taken. */
  readonly refused?: string;
  /** What guest and VMM can see once everything came to rest; empty for lines that are no acts. */
  readonly visible: readonly string[];
}

export interface Expectation {
  /** Index of the line in the scenario. */
  readonly line: number;
  readonly ok: boolean;
  readonly actual: string;
  readonly expected: string;
}

/** Something that kept the run from going on as written. */
export interface RunProblem {
  readonly line: number;
  readonly message: string;
  /** The budget that was spent: a run with more of it goes on. */
  readonly budget?: BudgetName;
}

export interface Run<T extends Tape = Tape> {
  readonly scenario: Scenario;
  readonly profile: ResolvedProfile;
  readonly timeline: T;
  /** One for each line of the scenario. */
  readonly lines: readonly LineRun[];
  readonly expectations: readonly Expectation[];
  readonly problems: readonly RunProblem[];
  /** The budget that ended the run. */
  readonly stoppedBy?: BudgetName;
}

/** @param tapeOf makes the recorder for the fresh world, such as a timeline */
export function runScenario<T extends Tape>(
  scenario: Scenario,
  profile: ResolvedProfile,
  tapeOf: (world: World) => T,
  options: RunOptions = defaultRunOptions,
): Run<T> {
  return finish(runInParts(scenario, profile, tapeOf, options).parts);
}

/** A run that is made in parts; between two of them no act is half done. */
export interface RunInParts<T extends Tape = Tape> {
  readonly timeline: T;
  /** The line that is performed, an index in the scenario. */
  readonly line: number;
  /** Each part is one act, or a line that is no act. */
  readonly parts: Resumable<Run<T>>;
  /** The run as far as it was made, with a problem that says why it ends there. */
  soFar(why: string): Run<T>;
}

/** As {@link runScenario}, act after act. */
export function runInParts<T extends Tape>(
  scenario: Scenario,
  profile: ResolvedProfile,
  tapeOf: (world: World) => T,
  options: RunOptions = defaultRunOptions,
): RunInParts<T> {
  const head = headOf(scenario);
  const budget = { ...defaultRunOptions, ...options };
  return new Runner(scenario, head, profile, tapeOf(worldFor(head, profile)), budget);
}

class Runner<T extends Tape> implements RunInParts<T> {
  readonly parts: Resumable<Run<T>>;
  readonly lines: LineRun[] = [];
  readonly expectations: Expectation[] = [];
  readonly problems: RunProblem[] = [];
  stoppedBy: BudgetName | undefined;
  /** A scenario that lets threads go on itself schedules all of them itself. */
  private readonly schedulesItself: boolean;
  /** The act above, which expectations are about. */
  private readonly last: LastAct;
  private index = 0;
  private firstAct = 0;
  private gaveUp = false;

  constructor(
    private readonly scenario: Scenario,
    private readonly head: Head,
    private readonly profile: ResolvedProfile,
    readonly timeline: T,
    private readonly budget: Required<RunOptions>,
  ) {
    const { maxWrites: writes, maxBytes: bytes, mayGoOn } = budget;
    this.world.allow({ writes, bytes, mayGoOn });
    this.last = new LastAct(timeline);
    this.parts = this.run();
    this.schedulesItself = schedulesItself(scenario);
  }

  private get world(): World {
    return this.timeline.world;
  }

  get line(): number {
    return this.index;
  }

  private *run(): Resumable<Run<T>> {
    for (const [index, line] of this.scenario.lines.entries()) {
      yield* this.take(line, index);
      yield;
    }
    const { scenario, profile, timeline, lines, expectations, problems, stoppedBy } = this;
    const stop = stoppedBy && { stoppedBy };
    return { scenario, profile, timeline, lines, expectations, problems, ...stop };
  }

  soFar(why: string): Run<T> {
    const { scenario, profile, timeline, expectations, problems, index } = this;
    const endAct = timeline.acts.length;
    const lines = scenario.lines.map((_, line): LineRun => {
      const firstAct = line === this.lines.length ? this.firstAct : endAct;
      return this.lines[line] ?? { firstAct, endAct, visible: [] };
    });
    return {
      scenario,
      profile,
      timeline,
      lines,
      expectations: [...expectations],
      problems: [...problems, { line: index, message: why }],
    };
  }

  private *take(line: Line, index: number): Resumable<void> {
    const firstAct = this.timeline.acts.length;
    this.index = index;
    this.firstAct = firstAct;
    const acted = isActing(line);
    if (acted) {
      const guest = line.kind === 'act' && line.act.actor === 'guest' ? line.act.vcpu : undefined;
      this.last.begin(this.comparedAfter(index), guest);
      if (!this.gaveUp) yield* this.takeActs(line);
    } else if (line.kind === 'expect') this.expect(line, index);
    const endAct = this.timeline.acts.length;
    const visible = acted ? visibleState(this.world) : [];
    const refusal = acted && this.last.refused !== undefined ? { refused: this.last.refused } : {};
    this.lines.push({ firstAct, endAct, visible, ...refusal });
  }

  private *takeActs(line: ActingLine): Resumable<void> {
    if (line.kind === 'runUntil') {
      yield* this.runUntil(line.until);
      return;
    }
    if (line.kind === 'launch' && line.by === 'host') {
      yield* this.launchByHost();
      return;
    }
    const acts = line.kind === 'act' ? [line.act] : standardLaunch(this.head, this.profile);
    for (const act of acts) {
      if (this.gaveUp) return;
      if (act.actor === 'guest') this.last.guest = act.vcpu;
      this.last.refused = this.perform(act, 'scenario');
      yield;
      yield* this.settle(act);
    }
  }

  /** The personality sees what each call returns before it makes the next. */
  private *launchByHost(): Resumable<void> {
    if (this.head.host === 'manual') {
      this.problem('the host is manual: no personality launches the VM');
      return;
    }
    const launch = hostLaunch(this.head, this.profile, this.world);
    for (let next = launch.next(); !next.done && !this.gaveUp; next = launch.next(this.last.refused)) {
      this.last.refused = this.perform(next.value, 'scenario');
      yield;
      yield* this.settle(next.value);
    }
  }

  /** @returns why the act was refused, if it was */
  private perform(act: Act, origin: Origin): string | undefined {
    const stepsLeft = this.budget.maxSteps - this.timeline.stepCount;
    if (stepsLeft <= 0) return this.spent('steps', act, 'is not begun');
    if (!this.budget.mayGoOn()) return this.spent('time', act, 'is not begun');
    this.world.meter.allowMoves(stepsLeft);
    try {
      const { refused, stopped } = this.timeline.perform(act, origin);
      return stopped ? this.spent(stopped.budget, act, 'stops there') : refused;
    } catch (error) {
      if (error instanceof LayoutError)
        return this.problem(`the act does not fit the wire: ${error.message}`);
      if (error instanceof NeverReturns || error instanceof Unmodelled) return this.giveUp(error.message);
      return this.giveUp(`the model failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** A budget is spent: names it, and the act that it was spent in. */
  private spent(budget: BudgetName, act: Act, what: string): string {
    const who = act.actor === 'guest' ? `v${act.vcpu}` : act.actor;
    this.gaveUp = true;
    this.stoppedBy = budget;
    return this.problem(`the run has ${usedUp(budget, this.budget)}: ${who} ${act.verb} ${what}`, budget);
  }

  private problem(message: string, budget?: BudgetName): string {
    this.problems.push({ line: this.index, message, ...(budget && { budget }) });
    return message;
  }

  private giveUp(message: string): string {
    this.gaveUp = true;
    return this.problem(message);
  }

  /** The next line that does something. */
  private nextAct(): Act | undefined {
    const { lines } = this.scenario;
    for (let at = this.index + 1; at < lines.length; at++) {
      const line = lines[at] as Line;
      if (line.kind === 'act') return line.act;
      if (line.kind === 'launch' || line.kind === 'runUntil') return undefined;
    }
    return undefined;
  }

  /** Until nothing moves by itself: threads that can go on do, then the personality does its work. */
  private *settle(act?: Act): Resumable<void> {
    const next = act && this.nextAct();
    const vmmIsExplicit = next?.actor === 'vmm' && ['answer', 'run', 'handle'].includes(next.verb);
    if (act?.actor === 'vmm' && act.verb === 'answer' && !vmmIsExplicit) this.runAnswered(act.args.vcpu);
    for (let acts = 0; !this.gaveUp; acts++) {
      if (acts >= MAX_SETTLING_ACTS) {
        this.giveUp(`nothing came to rest in ${MAX_SETTLING_ACTS} acts`);
        return;
      }
      if (!this.wakeOne()) {
        const vmmAct = vmmIsExplicit ? undefined : nextVmmAct(this.world);
        if (!vmmAct || this.perform(vmmAct, 'personality') !== undefined) return;
      }
      yield;
    }
  }

  private wakeOne(): boolean {
    if (this.schedulesItself) return false;
    const act = nextThreadAct(this.world);
    return act !== undefined && this.perform(act, 'scheduler') === undefined;
  }

  /** The scenario wrote the answer; the personality still calls KVM_RUN. */
  private runAnswered(given: number | undefined): void {
    if (this.world.vm.personality === 'manual' || this.last.refused !== undefined) return;
    const vcpu =
      given ?? this.world.vcpus.findIndex((v) => v.exists && v.run === 'inUserspace' && !v.exitPending);
    if (vcpu >= 0) this.perform({ actor: 'vmm', verb: 'run', args: { vcpu } }, 'personality');
  }

  /** Guest programs and personality act by themselves, vCPU after vCPU, one instruction each. */
  private *runUntil(until: Until): Resumable<void> {
    const missing = programMissing(this.world);
    if (missing) this.problem(missing.says);
    const start = this.timeline.stepCount;
    const reached = (): boolean =>
      this.gaveUp || (until.what === 'steps' && this.timeline.stepCount - start >= until.count);
    for (let moved = true; moved && !reached();) {
      moved = false;
      for (const vcpu of this.world.vcpus.keys()) {
        if (this.stopsAt(until)) return;
        yield* this.settle();
        if (reached() || this.stopsAt(until)) return;
        if (!programRuns(this.world, vcpu)) continue;
        this.last.guest = vcpu;
        this.last.refused = this.perform({ actor: 'guest', vcpu, verb: 'step', args: {} }, 'program');
        yield;
        moved ||= this.last.refused === undefined;
      }
      this.last.refused = undefined;
    }
    if (until.what !== 'exit') yield* this.settle();
  }

  private stopsAt(until: Until): boolean {
    const { vm, vcpus } = this.world;
    if (until.what === 'exit') return vcpus.some((vcpu) => vcpu.exitPending);
    return (
      until.what === 'terminated' &&
      (vm.terminationRequested || vcpus.some((_, index) => this.terminates(index)))
    );
  }

  /** An exit that asks for termination and that nobody will handle. */
  private terminates(index: number): boolean {
    const run = this.world.kvmRun[index];
    if (!run || this.world.vm.personality !== 'manual' || !this.world.vcpu(index).exitPending) return false;
    const isEvent = kvmRun.get(run, 'exitReason') === KVM_EXIT_SYSTEM_EVENT;
    return isEvent && kvmRunSystemEvent.get(run, 'type') === KVM_SYSTEM_EVENT_SEV_TERM;
  }

  private expect(line: ExpectLine, index: number): void {
    if (!appliesTo(line, this.profile.spec)) return;
    const { filter, text } = line;
    const expected = wanted(filter) ?? text;
    if (!this.budget.mayGoOn()) {
      this.expectations.push({ line: index, ok: false, actual: 'not looked at: no time was left', expected });
      return;
    }
    const ok = matches(filter, this.last);
    const actual = found(filter, this.last);
    this.expectations.push({ line: index, ok, actual, expected });
  }

  /** The names that the expectations of an act compare with what they were before it. */
  private comparedAfter(index: number): readonly string[] {
    const { lines } = this.scenario;
    const next = lines.findIndex((line, at) => at > index && isActing(line));
    return lines
      .slice(index + 1, next < 0 ? undefined : next)
      .flatMap((line) =>
        line.kind === 'expect' && appliesTo(line, this.profile.spec) ? changedPaths(line.filter) : [],
      );
  }
}

type ActingLine = Extract<Line, { kind: 'act' | 'launch' | 'runUntil' }>;

const isActing = (line: Line): line is ActingLine =>
  line.kind === 'act' || line.kind === 'launch' || line.kind === 'runUntil';

/** What a run has when a budget is spent. */
function usedUp(budget: BudgetName, { maxSteps, maxWrites, maxBytes }: Required<RunOptions>): string {
  switch (budget) {
    case 'steps':
      return `${maxSteps} steps, its budget of steps`;
    case 'writes':
      return `written ${maxWrites} words, its budget of writes`;
    case 'memory':
      return `${Math.round(maxBytes / 2 ** 20)} MiB, its budget of memory`;
    case 'time':
      return 'no time left';
  }
}
