/**
 * Idle reads: reads whose value changes nothing that a later act or a property reads. A handler marks its self-contained
 * parts (`World.apart`), such as the guest's read of the answer. Outside of itself such a part has no effect but its writes
 * and its return value. A state leaves out a cell that is read in such parts only, as long as each value that the cell takes
 * gives the same writes to needed cells, the same return value and the same findings. The search checks this: before it
 * performs a part, it runs the part with every combination of values of such cells and undoes each run. A cell that makes a
 * difference is needed from then on, and the search restarts. It also restarts when such a cell takes a new value.
 */
import { Meter } from '../../engine/memory/meter';
import type { PartName, World } from '../../engine/world';
import type { LiveCells } from './live-cells';
import { Probe } from './probe';
import type { Trace } from './trace';

/** A part that would be done more often than this is not looked at any longer: all that it reads is needed. */
const MAX_RUNS = 256;

/** What was found out about a part where the cells on which it depends are the same. */
interface Verified {
  /** Cells on which it depends, with their values: needed ones, and those that the act wrote before. */
  readonly keys: readonly (readonly [cell: number, value: number])[];
  /** Cells that it reads though nothing comes of it. */
  readonly idle: readonly number[];
  /** Cells that are the same behind it whatever the idle ones are. */
  readonly writes: readonly number[];
  /** Cells of which it depends on the idle ones what is there behind it. */
  readonly idleWrites: readonly number[];
  /** Both. */
  readonly touched: readonly number[];
}
/** `isOpen`: an act had not decided what is in the cell. */
type Known =
  | { readonly cell: number; readonly isOpen: boolean; readonly next: Map<number, Known> }
  | Verified;

/** A part as it was done once, and taken back. */
interface Tried {
  readonly reads: readonly { readonly cell: number; readonly value: number; readonly isIdle: boolean }[];
  /** By cell that it read: its value. */
  readonly values: ReadonlyMap<number, number>;
  readonly writes: ReadonlyMap<number, number>;
  readonly returned: unknown;
  /** What it found, or that it threw. */
  readonly found: readonly string[];
}

/** A cell that turned out to be needed. */
class Needed {
  constructor(readonly cells: readonly number[]) {}
}

export interface Cells {
  readonly trace: Trace;
  get(cell: number): number;
  set(cell: number, value: number): void;
}

export class IdleReads {
  private known = new Map<string, Known[]>();
  /** By part: cells that make a difference there. */
  private readonly needed = new Map<string, Set<number>>();

  constructor(
    private readonly cells: Cells,
    private readonly live: LiveCells,
  ) {}

  /** Values or needs changed: nothing that was found out holds any more. */
  forget(): void {
    this.known = new Map();
  }

  /** Does a part of a handler, or what it is found to do. @param part its name */
  do<T>(world: World, part: PartName, work: () => T): T {
    const { trace } = this.cells;
    if (!trace.isOn || trace.isApart || trace.probe) return work();
    const name = typeof part === 'function' ? part() : part;
    let needed = this.needed.get(name);
    if (!needed) this.needed.set(name, (needed = new Set()));
    const verified = this.find(name, needed) ?? this.verify(world, name, needed, work);
    if (verified instanceof Needed) {
      for (const cell of verified.cells) needed.add(cell);
      trace.needed.push(...verified.cells);
      return work();
    }
    for (const [cell] of verified.keys) trace.read(cell, this.peek(cell));
    for (const cell of verified.writes) trace.write(cell, this.peek(cell));
    trace.isApart = true;
    try {
      return work();
    } finally {
      trace.isApart = false;
      for (const cell of verified.idleWrites) trace.taint(cell);
      if (verified.touched.length > 0) trace.idle.push(verified.touched);
    }
  }

  private peek(cell: number): number {
    const { trace } = this.cells;
    trace.isOn = false;
    const value = this.cells.get(cell);
    trace.isOn = true;
    return value;
  }

  private find(name: string, needed: ReadonlySet<number>): Verified | undefined {
    for (const known of this.known.get(name) ?? []) {
      const found = this.follow(known, needed);
      if (found) return found;
    }
    return undefined;
  }

  private follow(known: Known, needed: ReadonlySet<number>): Verified | undefined {
    const { trace } = this.cells;
    let at: Known | undefined = known;
    while (at && 'cell' in at) {
      if (this.isIdle(at.cell, needed) || trace.isOpen(at.cell) !== at.isOpen) return undefined;
      at = at.next.get(this.peek(at.cell));
    }
    return at?.idle.every((cell) => trace.isOpen(cell)) === true ? at : undefined;
  }

  /** Whether a cell is idle as far as is known: nobody needs it, and the act has not decided what is there. */
  private isIdle(cell: number, needed: ReadonlySet<number>): boolean {
    return this.live.isRead[cell] !== 1 && !needed.has(cell) && this.cells.trace.isOpen(cell);
  }

  /** Does a part with every combination of values of the cells that are idle as far as is known. */
  /** Does a part with every combination of values of the cells that are idle as far as is known. */
  private verify(world: World, name: string, needed: Set<number>, work: () => unknown): Verified | Needed {
    const one = this.onlyCell(world, needed, work);
    if (one !== undefined) {
      const found = this.verifyWith(world, (cell) => cell === one, work);
      if (!(found instanceof Needed) && found.keys.length === 0) return this.keep(name, found);
      needed.add(one);
    }
    const found = this.verifyWith(world, (cell) => this.isIdle(cell, needed), work);
    return found instanceof Needed ? found : this.keep(name, found);
  }

  /** The one cell on which a part depends, though others need it: it may leave the same there whatever is in it. */
  private onlyCell(world: World, needed: ReadonlySet<number>, work: () => unknown): number | undefined {
    const { reads } = this.try(world, work, () => false, []);
    const [one] = reads;
    const isOnly = one && reads.length === 1 && !needed.has(one.cell) && this.cells.trace.isOpen(one.cell);
    return isOnly && this.live.isRead[one.cell] === 1 ? one.cell : undefined;
  }

  private verifyWith(
    world: World,
    isIdle: (cell: number) => boolean,
    work: () => unknown,
  ): Verified | Needed {
    const { live } = this;
    const runs: Tried[] = [];
    const idle = new Set<number>();
    const attempt = (given: readonly (readonly [cell: number, value: number])[]): Tried => {
      const tried = this.try(world, work, isIdle, given);
      runs.push(tried);
      for (const { cell, isIdle } of tried.reads) {
        if (!isIdle) continue;
        idle.add(cell);
        live.noteIdle(cell);
      }
      return tried;
    };
    const idleIn = ({ reads }: Tried): Tried['reads'] => reads.filter(({ isIdle }) => isIdle);
    // All that is idle as it is where the search begins: what a part depends on is then met in one order, whatever is idle.
    let first = attempt([]);
    for (;;) {
      const open = idleIn(first);
      const at = open.findIndex(({ cell, value }) => live.valuesOf(cell)[0] !== value);
      if (at < 0) break;
      const given = open
        .slice(0, at + 1)
        .map(({ cell }) => [cell, live.valuesOf(cell)[0] as number] as const);
      first = attempt(given);
    }
    runs.splice(0, runs.length - 1);
    if (first.found.includes(THREW)) return new Needed(idleIn(first).map(({ cell }) => cell));
    /** @param from how many of the idle reads are as they were given */
    const explore = (tried: Tried, from: number): Needed | undefined => {
      const open = idleIn(tried);
      for (let at = from; at < open.length; at++) {
        const { cell, value } = open[at] as Tried['reads'][number];
        const before = open.slice(0, at).map(({ cell: one, value: as }) => [one, as] as const);
        for (const other of live.valuesOf(cell)) {
          if (other === value) continue;
          if (runs.length > MAX_RUNS) return new Needed([...idle]);
          const changed = attempt([...before, [cell, other]]);
          if (!isAlike(first, changed, (one) => live.isRead[one] === 1)) return new Needed([cell]);
          const found = explore(changed, at + 1);
          if (found) return found;
        }
      }
      return undefined;
    };
    const found = explore(first, 0);
    if (found) return found;
    const written = [...new Set(runs.flatMap(({ writes }) => [...writes.keys()]))];
    const isFirm = (cell: number): boolean => {
      const value = leftBy(first, cell);
      return value !== undefined && runs.every((run) => leftBy(run, cell) === value);
    };
    const idleWrites = written.filter((cell) => !isFirm(cell));
    for (const cell of idleWrites) {
      live.noteIdle(cell);
      for (const run of runs) live.noteValue(cell, leftBy(run, cell) ?? (live.valuesOf(cell)[0] as number));
    }
    const keys = new Map(
      runs
        .flatMap(({ reads }) => reads.filter(({ isIdle }) => !isIdle))
        .map(({ cell, value }) => [cell, value]),
    );
    return {
      keys: [...keys],
      idle: [...idle],
      writes: written.filter(isFirm),
      idleWrites,
      touched: [...new Set([...idle, ...idleWrites])],
    };
  }

  private keep(name: string, verified: Verified): Verified {
    let known = this.known.get(name);
    if (!known) this.known.set(name, (known = []));
    if (!known.some((one) => this.grow(one, verified))) known.push(this.chain(verified, 0));
    return verified;
  }

  /** Adds what was found out to a tree that asks for the same cells. @returns whether it is one */
  private grow(known: Known, verified: Verified): boolean {
    let node = known;
    for (let at = 0; at < verified.keys.length; at++) {
      const [cell, value] = verified.keys[at] as Verified['keys'][number];
      if (!('cell' in node) || node.cell !== cell || node.isOpen !== this.cells.trace.isOpen(cell))
        return false;
      const next = node.next.get(value);
      if (!next) {
        node.next.set(value, this.chain(verified, at + 1));
        return true;
      }
      node = next;
    }
    return false;
  }

  private chain(verified: Verified, from: number): Known {
    const key = verified.keys[from];
    if (!key) return verified;
    const [cell, value] = key;
    const isOpen = this.cells.trace.isOpen(cell);
    return { cell, isOpen, next: new Map([[value, this.chain(verified, from + 1)]]) };
  }

  private try(
    world: World,
    work: () => unknown,
    isIdle: (cell: number) => boolean,
    given: readonly (readonly [cell: number, value: number])[],
  ): Tried {
    const { cells } = this;
    const { trace } = cells;
    const { recorder, meter, log } = world;
    const found: string[] = [];
    const { top } = log;
    trace.isOn = false;
    const was = given.map(([cell]) => [cell, cells.get(cell)] as const);
    for (const [cell, value] of given) cells.set(cell, value);
    world.recorder = {
      ...quiet,
      finding: (kind, _, invariant) => {
        if (kind === 'violation' || kind === 'unmodelled') found.push(`${kind} ${invariant ?? ''}`);
      },
    };
    world.meter = new Meter(() => 0);
    log.meter = undefined;
    log.setLimit();
    const probe = new Probe(isIdle, trace.needed);
    trace.probe = probe;
    trace.isOn = true;
    let returned: unknown;
    try {
      returned = work();
    } catch {
      found.push(THREW);
    }
    trace.isOn = false;
    trace.probe = undefined;
    const writes = new Map(probe.written.map((cell) => [cell, cells.get(cell)]));
    world.undo(top);
    for (const [cell, value] of was) cells.set(cell, value);
    world.recorder = recorder;
    world.meter = meter;
    log.meter = meter;
    log.setLimit();
    trace.isOn = true;
    return { reads: probe.reads, values: probe.values, writes, returned, found };
  }
}

const THREW = 'threw';
const quiet = { transition: (): void => {}, facet: (): void => {}, move: (): void => {} };

/** What is in a cell behind a part; nothing where it neither read nor wrote it. */
function leftBy({ writes, values }: Tried, cell: number): number | undefined {
  return writes.get(cell) ?? values.get(cell);
}

/** Two runs of a part return the same, find the same, and leave the same in needed cells. */
function isAlike(one: Tried, other: Tried, isNeeded: (cell: number) => boolean): boolean {
  if (one.returned !== other.returned || one.found.join() !== other.found.join()) return false;
  for (const cell of [...one.writes.keys(), ...other.writes.keys()])
    if (isNeeded(cell) && (leftBy(one, cell) === undefined || leftBy(one, cell) !== leftBy(other, cell)))
      return false;
  return true;
}
