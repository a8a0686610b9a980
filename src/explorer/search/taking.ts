/**
 * One act of a scope, taken in one world or in several under different profiles, with all that follows from it until
 * nothing moves by itself: the transition of the search. It reads and writes cells only, so that its trace says on what
 * it depends.
 */
import { MAX_TRIED_WRITES } from '../../base/limits';
import type { Act } from '../../engine/acts';
import { nextVmmAct } from '../../engine/vmm/handle';
import type { World } from '../../engine/world';
import { changedPaths, matches, namesIn } from '../../scenarios/filter/matches';
import type { Filter } from '../../scenarios/filter/filter';
import { LastAct } from '../../scenarios/last-act';
import { memoryTape } from '../../scenarios/memory-tape';
import { nextThreadAct } from '../../scenarios/settle';
import { visibleState } from '../../scenarios/visible';
import { findingsTape } from './findings-tape';
import type { IdleReads } from './idle-reads';
import { OTHER_VIOLATION, type Question } from './property';
import type { Scope, ScopeAct } from './scope';
import { TracedWorld, type NamesIn } from './traced-world';
import { Trace } from './trace';

/** Acts that may follow by themselves from one act; where more do, nothing comes to rest. */
const MAX_FOLLOWING = 1_000;

/** What taking an act in some state gives, whatever the state is apart from what was read. */
export interface Taken {
  /** `taken`, or why the act is no transition: nothing happened, or the model lacks what would. */
  readonly outcome: 'taken' | 'refused' | 'gap';
  /** Cells that were read, in order, with their values. */
  readonly reads: { readonly cells: Int32Array; readonly values: Int32Array };
  /** Cells that were written, with what they are then. */
  readonly writes: { readonly cells: Int32Array; readonly values: Int32Array };
  /** Numbers of the questions whose act this is. */
  readonly hits: readonly number[];
  /** Cells that parts of it read or wrote for nobody, a list for each part. */
  readonly idle: readonly (readonly number[])[];
  /** Cells of which it was not known that they are needed: what the act does must be found out again. */
  readonly needed: readonly number[];
}

interface Done {
  readonly last: LastAct;
  readonly refused: string | undefined;
  readonly isGap: boolean;
  readonly violations: readonly string[];
}

/** Cells of a search that belong to no world: how often acts were taken, and which first filters were met. */
class OwnCells {
  readonly values: Int32Array;
  constructor(
    readonly first: number,
    count: number,
  ) {
    this.values = new Int32Array(count);
  }
}

export class Taker {
  readonly trace = new Trace();
  private readonly worlds: readonly TracedWorld[];
  private readonly own: OwnCells;
  /** Filters whose acts are remembered for later ones, by the cell that remembers. */
  private readonly firsts: readonly {
    readonly question: number;
    readonly filter: Filter;
    readonly cell: number;
  }[];
  private readonly compared: readonly string[];
  /** Some question is about the steps of an act, and not about what is found alone. */
  private readonly asksForSteps: boolean;
  readonly cellCount: number;

  /** @param worlds in one state, under one profile each */
  constructor(
    private readonly scope: Scope,
    private readonly questions: readonly Question[],
    worlds: readonly World[],
  ) {
    let next = 0;
    this.worlds = worlds.map((world) => {
      const traced = new TracedWorld(world, next, this.trace);
      next = traced.end;
      return traced;
    });
    const counters = scope.times.length;
    this.firsts = questions
      .flatMap(({ first }, question) => (first ? [{ question, filter: first }] : []))
      .map((one, index) => ({ ...one, cell: next + counters + index }));
    this.own = new OwnCells(next, counters + this.firsts.length);
    this.cellCount = next + this.own.values.length;
    this.trace.grow(this.cellCount);
    this.asksForSteps = questions.some(({ filter, first }) => filter !== undefined || first !== undefined);
    this.compared = questions.flatMap(({ filter, first }) =>
      [filter, first].flatMap((one) => (one ? changedPaths(one) : [])),
    );
  }

  get(cell: number): number {
    if (cell >= this.own.first) return this.own.values[cell - this.own.first] as number;
    return this.worldOf(cell).get(cell);
  }

  set(cell: number, value: number): void {
    if (cell >= this.own.first) this.own.values[cell - this.own.first] = value;
    else this.worldOf(cell).set(cell, value);
  }

  name(cell: number): string {
    if (cell >= this.own.first) return `counter ${cell - this.own.first}`;
    return this.worldOf(cell).name(cell);
  }

  get vcpus(): number {
    return this.worlds[0]?.world.vcpus.length ?? 0;
  }

  /** The cell of a variable of a vCPU in the first world. */
  cellOf(vcpu: number, variable: 'mpState' | 'run' | 'creation'): number {
    const { world } = this.worlds[0] as TracedWorld;
    const { base, group } = world.vcpu(vcpu);
    return base + group.offsetOf(variable);
  }

  /** The cell of a bound `times`. */
  counterCell(counter: number): number {
    return this.own.first + counter;
  }

  /** By cell of one of two vCPUs: the same cell of the other. */
  cellsOfVcpus(one: number, other: number): Map<number, number> {
    const cells = new Map<number, number>();
    for (const world of this.worlds) {
      const there = world.cellsOfVcpu(other);
      world.cellsOfVcpu(one).forEach((cell, at) => {
        cells.set(cell, there[at] as number);
        cells.set(there[at] as number, cell);
      });
    }
    return cells;
  }

  namesIn(cell: number): NamesIn {
    return cell < this.own.first ? this.worldOf(cell).namesIn(cell) : undefined;
  }

  /** Whether a cell stays as it is where it is dead: people are shown it, or other cells say the same in another way. */
  isKept(cell: number): boolean {
    if (cell >= this.own.first) return false;
    const shown = ['mpState', 'run'] as const;
    const isShown = Array.from({ length: this.vcpus }, (_, vcpu) =>
      shown.map((name) => this.cellOf(vcpu, name)),
    );
    return isShown.flat().includes(cell) || this.worldOf(cell).tellsOfImage(cell);
  }

  private worldOf(cell: number): TracedWorld {
    const [only] = this.worlds;
    const world = only && cell < only.end ? only : this.worlds.find(({ end }) => cell < end);
    if (!world) throw new Error(`no world has cell ${cell}`);
    return world;
  }

  /** Whether parts of handlers may be done apart: of one world, of whose steps nothing is asked. */
  get hasParts(): boolean {
    return !this.asksForSteps && this.worlds.length === 1;
  }

  /** From now on parts of handlers are done by somebody who looks whether anything comes of them. */
  observeParts(idle: IdleReads): void {
    for (const { world } of this.worlds) world.apart = (name, work) => idle.do(world, name, work);
  }

  /** Takes an act in the present state, and goes back to it. */
  take(entry: ScopeAct): Taken {
    const { trace } = this;
    trace.begin();
    let outcome: Taken['outcome'] = 'refused';
    let hits: number[] = [];
    const counter = entry.counter < 0 ? undefined : this.own.first + entry.counter;
    const left = counter === undefined || this.readOwn(counter) < (this.scope.times[entry.counter] as number);
    if (left) {
      const done = this.worlds.map(({ world }) => this.takeIn(world, entry.act));
      if (done.some(({ isGap }) => isGap)) outcome = 'gap';
      else {
        hits = this.hitsOf(entry.act, done);
        const didNothing = done.every(({ refused }) => refused !== undefined) && trace.written.length === 0;
        if (!didNothing || hits.length > 0) {
          outcome = 'taken';
          if (counter !== undefined) this.writeOwn(counter, this.readOwn(counter) + 1);
        }
      }
    }
    trace.end();
    const { reads, written } = trace;
    const cells = written.cells.slice(0, written.length);
    const taken: Taken = {
      outcome,
      reads: { cells: reads.cells.slice(0, reads.length), values: reads.values.slice(0, reads.length) },
      writes: outcome === 'taken' ? { cells, values: cells.map((cell) => this.get(cell)) } : nothing,
      hits,
      idle: trace.idle,
      needed: [...trace.needed],
    };
    for (let at = 0; at < cells.length; at++) this.set(cells[at] as number, written.values[at] as number);
    return taken;
  }

  /** What is told of the first world, and the cells that it is told from. */
  tell(projection: (world: World) => string): { readonly told: string; readonly reads: Int32Array } {
    const { trace } = this;
    trace.begin();
    const told = projection((this.worlds[0] as TracedWorld).world);
    trace.end();
    return { told, reads: trace.reads.cells.slice(0, trace.reads.length) };
  }

  private readOwn(cell: number): number {
    const value = this.get(cell);
    this.trace.read(cell, value);
    return value;
  }

  private writeOwn(cell: number, value: number): void {
    this.trace.write(cell, this.get(cell));
    this.set(cell, value);
  }

  private takeIn(world: World, act: Act): Done {
    const tape = this.asksForSteps ? memoryTape(world) : findingsTape(world);
    const last = new LastAct(tape);
    if (act.actor === 'guest') last.guest = act.vcpu;
    last.begin(this.compared, last.guest);
    world.allow({ writes: MAX_TRIED_WRITES });
    let isGap = false;
    const perform = (one: Act): string | undefined => {
      try {
        const { refused, stopped } = tape.perform(one, 'scenario');
        isGap ||= stopped !== undefined;
        return refused;
      } catch (error) {
        // As a run ends there: what the wire does not hold, or a mistake of the model.
        isGap = true;
        return error instanceof Error ? error.message : String(error);
      }
    };
    const refused = perform(act);
    last.refused = refused;
    const next = (): Act | undefined =>
      (this.scope.threadsGoOn ? nextThreadAct(world) : undefined) ?? nextVmmAct(world);
    let following = 0;
    for (let one = next(); one && !isGap; one = next()) {
      if (perform(one) !== undefined) break;
      isGap ||= ++following >= MAX_FOLLOWING;
    }
    const found = tape.findings().map(({ finding }) => finding);
    isGap ||= found.some(({ kind }) => kind === 'unmodelled');
    world.recorder = undefined;
    world.log.top = 0;
    const violations = found.flatMap(({ kind, invariant }) =>
      kind === 'violation' ? [invariant ?? OTHER_VIOLATION] : [],
    );
    return { last, refused, isGap, violations };
  }

  private hitsOf(act: Act, done: readonly Done[]): number[] {
    const [one, other] = done;
    if (!one) return [];
    if (other) return this.differs(act, one, other) ? [0] : [];
    if (!this.asksForSteps && one.violations.length === 0) return [];
    return this.questions.flatMap(({ invariant, filter }, question) => {
      const first = this.firsts.find((remembered) => remembered.question === question);
      const wasMet = !first || this.readOwn(first.cell) === 1;
      if (first && !wasMet && meets(act, first.filter, one)) this.writeOwn(first.cell, 1);
      if (invariant !== undefined) return one.violations.includes(invariant) ? [question] : [];
      return wasMet && filter && meets(act, filter, one) ? [question] : [];
    });
  }

  /** What guest or VMM see is not the same in two worlds; whether a thread could go on is seen by neither. */
  private differs(act: Act, one: Done, other: Done): boolean {
    if (act.actor !== 'kvm' && (one.refused === undefined) !== (other.refused === undefined)) return true;
    const [a, b] = this.worlds.map(({ world }) => visibleState(world).join('\n'));
    return a !== b;
  }
}

const nothing: Taken['writes'] = { cells: new Int32Array(0), values: new Int32Array(0) };

/** Names about the vCPU of the last guest act have no sense after an act of somebody else, whose way the state does not tell. */
const isAboutGuest = (name: string): boolean => /^(guest|psc)(\.|$)/.test(name);

const meets = (act: Act, filter: Filter, { last }: Done): boolean =>
  (act.actor === 'guest' || !namesIn(filter).some(isAboutGuest)) && matches(filter, last);
