/** One pass of a search: breadth first from the first state on, until the end or until a cell turns out to be live. */
import type { Resumable } from '../../base/resumable';
import type { Act } from '../../engine/acts';
import type { DeadCells } from './dead-cells';
import { attemptSize, GAP, HITS, NOT_STORED, TAKEN, type Expanders } from './expanding';
import type { Levels } from './growth';
import type { LiveCells } from './live-cells';
import type { Memo } from './memo';
import { NO_LEAF, type Performer, type Way } from './performing';
import type { Scope } from './scope';
import { StateTable } from './state-table';
import type { Symmetry } from './symmetry';
import type { Taker } from './taking';

/** States that are expanded in one part of the work, when all is known. */
const STATES_IN_PART = 2_000;
/** Acts that are performed in one part. */
const PERFORMED_IN_PART = 20;
/** Acts that are performed behind one that makes a cell live: what else they bring is then known at once. */
const PERFORMED_BEHIND = 200;

/** States that threads expand at once: at least so many, and of large states not many more numbers than this. */
const LEAST_AHEAD = 1_000;
const NUMBERS_AHEAD = 1 << 20;
/** Threads found out nothing about an attempt. */
const UNTOLD = -1;

/** What the passes of a search have in common. */
export interface PassParts {
  readonly scope: Scope;
  readonly taker: Taker;
  readonly live: LiveCells;
  readonly memo: Memo;
  readonly performer: Performer;
  readonly dead: DeadCells;
  readonly symmetry: Symmetry;
}

export interface PassLimits {
  /** Questions, and whether the pass goes on when each has its answer. */
  readonly questions: number;
  readonly whole: boolean;
  readonly maxStates: number;
  readonly maxDepth: number;
  readonly expanders: Expanders | undefined;
}

/** Why a pass ended; `stale` where the search must begin again. */
export type PassEnd = 'exhausted' | 'answered' | 'states' | 'depth' | 'stale';

export class Pass {
  readonly table: StateTable;
  /** By question: the state and the act that answer it. */
  readonly ways: (readonly [state: number, act: number] | undefined)[];
  /** Acts that could be taken, those that the model lacks, and those that were tried. */
  transitions = 0;
  gaps = 0;
  tried = 0;
  depth = 0;
  /** States of all levels that are known whole; the first state of the last of them, and the one that is expanded. */
  private readonly sizes = [1];
  private levelStart = 0;
  private expanding = 0;
  /** Acts that were performed, and those that are before the search begins again; without end while nothing asks for it. */
  private performed = 0;
  private left = Infinity;
  /** What threads found out about some states: see `expand`. */
  private ahead: Int32Array = new Int32Array(0);
  private aheadStart = 0;
  private aheadEnd = 0;

  constructor(
    private readonly parts: PassParts,
    private readonly limits: PassLimits,
  ) {
    this.table = new StateTable(parts.live.words, limits.expanders?.allocate);
    this.ways = Array.from({ length: limits.questions }, () => undefined);
    this.table.meet(-1, 0);
  }

  get levels(): Levels {
    const last = this.sizes.at(-1) ?? 0;
    return {
      sizes: [...this.sizes],
      expanded: this.expanding - this.levelStart,
      ahead: Math.max(0, this.table.size - this.levelStart - last),
    };
  }

  *run(): Resumable<PassEnd> {
    const { table } = this;
    const { memo, live, dead, symmetry, scope } = this.parts;
    const { questions, whole, maxStates, maxDepth } = this.limits;
    const { words } = live;
    let open = questions;
    const actCount = scope.acts.length;
    const { probe } = table;
    const from = new Int32Array(words);
    const size = attemptSize(words);
    let levelEnd = 1;
    let yielded = 0;
    for (let state = 0; state < table.size; state++) {
      if (state === levelEnd) {
        this.depth++;
        this.levelStart = levelEnd;
        levelEnd = table.size;
        this.sizes.push(levelEnd - this.levelStart);
      }
      this.expanding = state;
      if (this.depth >= maxDepth) return this.left < Infinity ? 'stale' : 'depth';
      if (state >= this.aheadEnd) this.expandAhead(state);
      table.load(state, from);
      const toldOf = state < this.aheadEnd ? (state - this.aheadStart) * actCount * size : UNTOLD;
      for (let act = 0; act < actCount; act++) {
        let told = toldOf === UNTOLD ? UNTOLD : toldOf + act * size;
        let leaf = told === UNTOLD ? NO_LEAF : (this.ahead[told] as number);
        if (leaf < 0) {
          told = UNTOLD;
          leaf = memo.leafOf(act, from);
        }
        if (leaf < 0) {
          leaf = this.perform(from, act, () => this.realWay(state, act));
          if (leaf === NO_LEAF) return 'stale';
        }
        if (symmetry.isOn && !symmetry.mirror(from, act, leaf, this.performThere)) return 'stale';
        if (this.performed >= yielded + PERFORMED_IN_PART) {
          yielded = this.performed;
          yield;
        }
        this.tried++;
        const kind = memo.kinds[leaf] as number;
        if (kind !== TAKEN) {
          if (kind === HITS) open -= this.answer(memo.leaf(leaf).hits, state, act);
          else {
            if (kind === GAP) this.gaps++;
            continue;
          }
        }
        this.transitions++;
        if (told !== UNTOLD) {
          if ((this.ahead[told + 1] as number) !== NOT_STORED) continue;
          for (let i = 0; i < words; i++) probe[i] = this.ahead[told + 2 + i] as number;
        } else {
          memo.apply(leaf, from, probe);
          dead.mask(probe);
        }
        if (symmetry.isOn && table.find() < 0) {
          symmetry.canonical(probe);
          if (live.isStale) return 'stale';
        }
        table.meet(state, act);
      }
      if (open === 0 && questions > 0 && !whole) return this.left < Infinity ? 'stale' : 'answered';
      if (table.size >= maxStates && this.left < Infinity) return 'stale';
      if (table.size >= maxStates) return state + 1 === table.size ? 'exhausted' : 'states';
      if (state % STATES_IN_PART === 0) yield;
    }
    return this.left < Infinity ? 'stale' : 'exhausted';
  }

  /** Where there are threads, they expand the next states as far as the acts are known; this thread then goes on in order. */
  private expandAhead(state: number): void {
    const { expanders } = this.limits;
    const { table } = this;
    if (!expanders || table.size - state < LEAST_AHEAD) return;
    const { memo, dead, live, scope } = this.parts;
    const { nodes, kinds, changeStarts, changes } = memo;
    const { guardWords, keep } = dead;
    const { states, slots } = table;
    const known = { nodes, kinds, changeStarts, changes, guardWords, keep, states, slots };
    const [words, acts] = [live.words, scope.acts.length];
    const most = Math.floor(NUMBERS_AHEAD / (attemptSize(words) * acts));
    this.aheadStart = state;
    this.aheadEnd = Math.min(table.size, state + Math.max(most, LEAST_AHEAD));
    this.ahead = expanders.expand({ words, acts, ...known }, state, this.aheadEnd);
  }

  /** States under all names of vCPUs that are alike. */
  get named(): number {
    const { symmetry, live } = this.parts;
    if (!symmetry.isOn) return this.table.size;
    const words = new Int32Array(live.words);
    let sum = 0;
    for (let state = 0; state < this.table.size; state++) {
      this.table.load(state, words);
      sum += symmetry.formsOf(words);
    }
    return sum;
  }

  /** @returns how many questions have their answer now that had none */
  private answer(hits: readonly number[], state: number, act: number): number {
    let answered = 0;
    for (const question of hits) {
      if (this.ways[question]) continue;
      this.ways[question] = [state, act];
      answered++;
    }
    return answered;
  }

  /** Performs an act by the handlers. @returns its leaf, or `NO_LEAF` where the pass ends */
  private perform(words: Int32Array, act: number, wayTo?: () => Way): number {
    const { performer, live, dead, memo } = this.parts;
    const leaf = performer.perform(words, act, wayTo);
    if (live.isStale) return NO_LEAF;
    if (dead.add(memo.leaf(leaf))) this.left = Math.min(this.left, PERFORMED_BEHIND);
    this.performed++;
    return --this.left <= 0 ? NO_LEAF : leaf;
  }

  /** In a state that is reached under exchanged names only. */
  private readonly performThere = (words: Int32Array, act: number): number => this.perform(words, act);

  /** What is done on the way to a state under the names of the first state, and what an act of the state is then. */
  private realWay(state: number, act: number): Way {
    const { live, memo } = this.parts;
    const way = this.actsTo(state, act);
    const last = way.pop() as number;
    let words = new Int32Array(live.words);
    const leaves = way.map((by) => {
      const leaf = memo.leafOf(by, words);
      const next = new Int32Array(words.length);
      memo.apply(leaf, words, next);
      words = next;
      return leaf;
    });
    return { leaves, act: last };
  }

  /** The acts to a state and behind it, under the names of the first state. */
  private actsTo(state: number, ...last: readonly number[]): number[] {
    const { table } = this;
    const { memo, dead, symmetry, live } = this.parts;
    const path: number[] = [];
    for (let at = state; at > 0; at = table.parentOf(at)) path.push(at);
    path.reverse();
    const words = new Int32Array(live.words);
    const there = new Int32Array(live.words);
    /** By exchange of names on the way: how many steps it was. */
    const done: number[] = [];
    const real = (act: number): number => done.reduceRight((by, steps) => symmetry.actBefore(steps, by), act);
    const way = path.map((at) => {
      const by = table.actTo(at);
      const act = real(by);
      if (symmetry.isOn) {
        table.load(table.parentOf(at), words);
        memo.apply(memo.leafOf(by, words), words, there);
        dead.mask(there);
        done.push(symmetry.canonical(there));
      }
      return act;
    });
    return [...way, ...last.map(real)];
  }

  /** The acts to a state, and `last` behind them. */
  wayTo(state: number, ...last: readonly number[]): Act[] {
    const { acts } = this.parts.scope;
    return this.actsTo(state, ...last).map((by) => (acts[by] as Scope['acts'][number]).act);
  }
}
