/** Breadth first over everything that the acts of a scope lead to, each state once, with the shortest way to each answer. */
import type { Resumable } from '../../base/resumable';
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import { LiveCells } from './live-cells';
import { GAP, HITS, Memo, TAKEN } from './memo';
import type { Question } from './property';
import type { Scope } from './scope';
import { StateTable } from './state-table';
import { Taker } from './taking';

/** States that are stored when nobody says how many. */
export const DEFAULT_MAX_STATES = 5_000_000;
/** States that are expanded in one part of the work, when all is known. */
const STATES_IN_PART = 2_000;
/** Acts that are performed in one part. */
const PERFORMED_IN_PART = 20;

/** Where a search stands. */
export interface Progress {
  readonly states: number;
  readonly transitions: number;
  /** Acts on the way to the states that are looked at now. */
  readonly depth: number;
}

/** What a search found out about one question. */
export interface Answer {
  readonly question: Question;
  /** The shortest way to such an act, that act included; nothing when no act that was looked at is one. */
  readonly way?: readonly Act[];
}

export interface Searched {
  readonly answers: readonly Answer[];
  /** States stored, the one it began in included. */
  readonly states: number;
  /** Acts that could be taken, over all states that were looked at. */
  readonly transitions: number;
  /** Acts that were not taken because the model lacks what would follow. */
  readonly gaps: number;
  /** Acts on the shortest way to the farthest state. */
  readonly depth: number;
  /** Why the search ended. */
  readonly end: 'exhausted' | 'answered' | 'states' | 'depth';
  /** Live cells, and the words that a packed state has. */
  readonly cells: readonly string[];
  readonly words: number;
  /** Bytes of the table of states. */
  readonly bytes: number;
  /** Acts that were performed by their handler, of all that were tried. */
  readonly performed: number;
  readonly tried: number;
  /** How often the search began again because a cell turned out to be live. */
  readonly restarts: number;
}

export interface SearchLimits {
  readonly maxStates?: number | undefined;
  readonly maxDepth?: number | undefined;
  /** Go on when every question has its answer. */
  readonly whole?: boolean;
}

/** One search, done in parts. */
export interface Search {
  readonly parts: Resumable<Searched>;
  progress(): Progress;
  /** What is known so far. */
  soFar(): Searched;
}

/** @param worlds in the state in which the search begins; several under different profiles are held against each other */
export function search(
  scope: Scope,
  questions: readonly Question[],
  worlds: readonly World[],
  limits: SearchLimits = {},
): Search {
  return new Searcher(scope, questions, worlds, limits);
}

class Searcher implements Search {
  readonly parts: Resumable<Searched>;
  private readonly taker: Taker;
  private readonly live: LiveCells;
  private readonly memo: Memo;
  private table = new StateTable(1);
  private ways: (readonly [state: number, act: number] | undefined)[] = [];
  private end: Searched['end'] = 'states';
  private transitions = 0;
  private gaps = 0;
  private depth = 0;
  private tried = 0;
  private restarts = -1;
  private readonly maxStates: number;
  private readonly maxDepth: number;

  constructor(
    private readonly scope: Scope,
    private readonly questions: readonly Question[],
    worlds: readonly World[],
    private readonly limits: SearchLimits,
  ) {
    this.taker = new Taker(scope, questions, worlds);
    this.live = new LiveCells((cell) => this.taker.get(cell));
    this.memo = new Memo(scope.acts.length, this.live);
    this.maxStates = limits.maxStates ?? scope.maxStates ?? DEFAULT_MAX_STATES;
    this.maxDepth = limits.maxDepth ?? scope.maxDepth ?? Infinity;
    this.parts = this.run();
  }

  progress(): Progress {
    return { states: this.table.size, transitions: this.transitions, depth: this.depth };
  }

  soFar(): Searched {
    const { table, transitions, gaps, depth, end, live, tried, memo, restarts } = this;
    return {
      answers: this.questions.map((question, at) => {
        const found = this.ways[at];
        return found ? { question, way: this.wayTo(found[0], found[1]) } : { question };
      }),
      states: table.size,
      transitions,
      gaps,
      depth,
      end,
      cells: live.cells.map((cell) => this.taker.name(cell)),
      words: live.words,
      bytes: table.byteLength,
      performed: memo.size,
      tried,
      restarts,
    };
  }

  private *run(): Resumable<Searched> {
    for (;;) {
      this.restarts++;
      this.live.pack();
      this.memo.rebuild();
      const end = yield* this.pass();
      if (end === 'stale') continue;
      this.end = end;
      return this.soFar();
    }
  }

  /** From the first state on, until the end or until a cell turns out to be live. */
  private *pass(): Resumable<Searched['end'] | 'stale'> {
    const { memo, live, maxStates, questions } = this;
    const { words } = live;
    const table = new StateTable(words);
    this.table = table;
    this.ways = questions.map(() => undefined);
    this.transitions = 0;
    this.gaps = 0;
    this.depth = 0;
    let open = questions.length;
    const actCount = this.scope.acts.length;
    const { probe } = table;
    const from = new Int32Array(words);
    table.meet(-1, 0);
    let levelEnd = 1;
    let performed = 0;
    for (let state = 0; state < table.size; state++) {
      if (state === levelEnd) {
        this.depth++;
        levelEnd = table.size;
      }
      if (this.depth >= this.maxDepth) return 'depth';
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
          leaf = this.perform(state, act);
          if (live.isStale) return 'stale';
          ({ nodes, changes, changeStarts } = memo);
          if (++performed % PERFORMED_IN_PART === 0) yield;
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
        table.meet(state, act);
      }
      if (open === 0 && questions.length > 0 && this.limits.whole !== true) return 'answered';
      if (table.size >= maxStates) return state + 1 === table.size ? 'exhausted' : 'states';
      if (state % STATES_IN_PART === 0) yield;
    }
    return 'exhausted';
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

  /** Performs an act in a state, by the handlers. @returns the number of what it did */
  private perform(state: number, act: number): number {
    const { taker, memo } = this;
    const touched = new Map<number, number>();
    for (const [from, by] of this.pathTo(state)) {
      const { writes } = memo.leaf(this.leafOf(from, by));
      for (let at = 0; at < writes.cells.length; at++) {
        const cell = writes.cells[at] as number;
        if (!touched.has(cell)) touched.set(cell, taker.get(cell));
        taker.set(cell, writes.values[at] as number);
      }
    }
    const taken = taker.take(this.scope.acts[act] as Scope['acts'][number]);
    for (const [cell, value] of touched) taker.set(cell, value);
    return memo.add(act, taken);
  }

  private leafOf(state: number, act: number): number {
    const { nodes } = this.memo;
    const from = new Int32Array(this.live.words);
    this.table.load(state, from);
    let at = nodes[act] as number;
    while (at > 0) {
      const value =
        ((from[nodes[at] as number] as number) >>> (nodes[at + 1] as number)) & (nodes[at + 2] as number);
      at = nodes[at + 4 + value] as number;
    }
    return -1 - at;
  }

  /** The states and acts on the way to a state. */
  private pathTo(state: number): [state: number, act: number][] {
    const path: [number, number][] = [];
    for (let at = state; at > 0; at = this.table.parentOf(at))
      path.push([this.table.parentOf(at), this.table.actTo(at)]);
    return path.reverse();
  }

  private wayTo(state: number, act: number): Act[] {
    return [...this.pathTo(state).map(([, by]) => by), act].map((by) => this.actOf(by));
  }

  private actOf(act: number): Act {
    return (this.scope.acts[act] as Scope['acts'][number]).act;
  }
}
