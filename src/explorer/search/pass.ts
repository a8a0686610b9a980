/** One pass of a search: breadth first from the first state on, until the end or until a cell turns out to be live. */
import type { Resumable } from '../../base/resumable';
import type { Act } from '../../engine/acts';
import type { DeadCells } from './dead-cells';
import type { Levels } from './growth';
import type { LiveCells } from './live-cells';
import { GAP, HITS, TAKEN, type Memo } from './memo';
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

  constructor(
    private readonly parts: PassParts,
    private readonly limits: PassLimits,
  ) {
    this.table = new StateTable(parts.live.words);
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
      table.load(state, from);
      let { nodes, changes, changeStarts } = memo;
      for (let act = 0; act < actCount; act++) {
        let at = nodes[act] as number;
        while (at > 0) {
          const value =
            ((from[nodes[at] as number] as number) >>> (nodes[at + 1] as number)) & (nodes[at + 2] as number);
          at = nodes[at + 4 + value] as number;
        }
        let leaf = -1 - at;
        if (at === 0) {
          leaf = this.perform(from, act, () => this.realWay(state, act));
          if (leaf === NO_LEAF) return 'stale';
        }
        if (symmetry.isOn && !symmetry.mirror(from, act, leaf, this.performThere)) return 'stale';
        if (this.performed > yielded) {
          ({ nodes, changes, changeStarts } = memo);
          if (this.performed >= yielded + PERFORMED_IN_PART) {
            yielded = this.performed;
            yield;
          }
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
        const last = changeStarts[leaf + 1] as number;
        for (let i = 0; i < words; i++) probe[i] = from[i] as number;
        for (let i = changeStarts[leaf] as number; i < last; i += 3) {
          const word = changes[i] as number;
          probe[word] = ((probe[word] as number) & (changes[i + 1] as number)) | (changes[i + 2] as number);
        }
        dead.mask(probe);
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
