/** Breadth first over everything that the acts of a scope lead to, each state once, with the shortest way to each answer. */
import type { Resumable } from '../../base/resumable';
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import { DeadCells } from './dead-cells';
import type { Levels } from './growth';
import { IdleReads } from './idle-reads';
import { LiveCells } from './live-cells';
import { GAP, HITS, Memo, REFUSED, TAKEN } from './memo';
import { NO_LEAF, Performer } from './performing';
import type { Question } from './property';
import type { Scope } from './scope';
import { vcpuGroup } from '../../engine/state/vcpu';
import { inForce, type Reduction } from './reductions';
import { StateTable } from './state-table';
import { Taker } from './taking';

/** States that are stored when nobody says how many. */
export const DEFAULT_MAX_STATES = 5_000_000;
/** States that are expanded in one part of the work, when all is known. */
const STATES_IN_PART = 2_000;
/** Acts that are performed in one part. */
const PERFORMED_IN_PART = 20;
/** Acts that are performed behind one that makes a cell live: what else they bring is then known at once. */
const PERFORMED_BEHIND = 200;
/** Ways at random before the search, and the acts that are tried on each. */
const WALKS = 120;
const WALK_LENGTH = 60;

/** Where a search stands. */
export interface Progress {
  readonly states: number;
  readonly transitions: number;
  /** Acts on the way to the states that are looked at now. */
  readonly depth: number;
  readonly levels: Levels;
  /** States at which it stops. */
  readonly maxStates: number;
  /** Questions that have an answer by now. */
  readonly ways: number;
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
  readonly levels: Levels;
  /** Why the search ended. */
  readonly end: 'exhausted' | 'answered' | 'states' | 'depth';
  /** Live cells, and the words that a packed state has. */
  readonly cells: readonly string[];
  readonly words: number;
  /** What makes states fewer, by name. */
  readonly reductions: readonly string[];
  /** Bytes of the table of states. */
  readonly bytes: number;
  /** Acts that were performed by their handler, of all that were tried. */
  readonly performed: number;
  readonly tried: number;
  /** How often the search began again because a cell turned out to be live. */
  readonly restarts: number;
  /** Everything that the projection tells of states, sorted. */
  readonly projected: readonly string[];
}

export interface SearchLimits {
  readonly maxStates?: number | undefined;
  readonly maxDepth?: number | undefined;
  /** Go on when every question has its answer. */
  readonly whole?: boolean;
  /** Reductions that are left off: what the search costs without them. */
  readonly without?: readonly Reduction[];
  /** What is told of each state: states of which it tells something else are kept apart, though no act reads it. */
  readonly projection?: (world: World) => string;
}

/** One search, done in parts. */
export interface Search {
  readonly parts: Resumable<Searched>;
  progress(): Progress;
  /** What is known so far. */
  soFar(): Searched;
  /** The states that are stored, by machine state, and the graph of the first of them. */
  map(maxNodes: number): StateMap;
}

/** Everything that a search stored, for a drawing. */
export interface StateMap {
  /** What the statecharts of the vCPUs say, and how many states say so; in the order in which they were met. */
  readonly clusters: readonly { readonly name: string; readonly states: number; readonly depth: number }[];
  /** The first states; all of them when there are no more. */
  readonly nodes: readonly {
    readonly cluster: number;
    readonly depth: number;
    readonly way: readonly Act[];
  }[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly act: Act }[];
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
  private readonly performer: Performer;
  private readonly dead: DeadCells;
  private readonly idle: IdleReads | undefined;
  private table = new StateTable(1);
  private ways: (readonly [state: number, act: number] | undefined)[] = [];
  private end: Searched['end'] = 'states';
  private transitions = 0;
  private gaps = 0;
  private depth = 0;
  /** States of all levels that are known whole; the first state of the last of them, and the one that is expanded. */
  private sizes: number[] = [];
  private levelStart = 0;
  private expanding = 0;
  private tried = 0;
  private restarts = -1;
  private readonly without: readonly Reduction[];
  private projected: readonly string[] = [];
  private readonly maxStates: number;
  private readonly maxDepth: number;

  constructor(
    private readonly scope: Scope,
    private readonly questions: readonly Question[],
    worlds: readonly World[],
    private readonly limits: SearchLimits,
  ) {
    this.taker = new Taker(scope, questions, worlds);
    const { without = [], projection } = limits;
    const whole: readonly Reduction[] = this.taker.hasParts ? [] : ['idle reads'];
    // What is told of a state is read after the last act too.
    this.without = [...without, ...(projection ? (['idle reads', 'dead cells'] as const) : whole)];
    const { cellCount } = this.taker;
    this.live = new LiveCells(
      cellCount,
      (cell) => this.taker.trace.before(cell, this.taker.get(cell)),
      this.without.includes('live cells'),
    );
    this.memo = new Memo(scope.acts.length, this.live);
    this.performer = new Performer(scope, this.taker, this.live, this.memo);
    if (inForce(this.without).includes('idle reads')) {
      this.idle = new IdleReads(this.taker, this.live);
      this.taker.observeParts(this.idle);
    }
    this.dead = new DeadCells(this.live, (cell) => this.taker.isKept(cell));
    this.maxStates = limits.maxStates ?? scope.maxStates ?? DEFAULT_MAX_STATES;
    this.maxDepth = limits.maxDepth ?? scope.maxDepth ?? Infinity;
    this.parts = this.run();
  }

  progress(): Progress {
    const ways = this.ways.filter((way) => way !== undefined).length;
    const { levels, depth, transitions, maxStates } = this;
    return { states: this.table.size, transitions, depth, levels, maxStates, ways };
  }

  private get levels(): Levels {
    const last = this.sizes.at(-1) ?? 0;
    return {
      sizes: [...this.sizes],
      expanded: this.expanding - this.levelStart,
      ahead: Math.max(0, this.table.size - this.levelStart - last),
    };
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
      levels: this.levels,
      end,
      cells: live.cells.map((cell) => this.taker.name(cell)),
      words: live.words,
      reductions: inForce(this.without),
      bytes: table.byteLength,
      performed: memo.size,
      tried,
      restarts,
      projected: this.projected,
    };
  }

  map(maxNodes: number): StateMap {
    const { table, live } = this;
    const clusters = new Map<string, { number: number; states: number; depth: number }>();
    const nodes: StateMap['nodes'][number][] = [];
    const edges: StateMap['edges'][number][] = [];
    const depths = new Int32Array(table.size);
    const words = new Int32Array(live.words);
    for (let state = 0; state < table.size; state++) {
      const depth = state === 0 ? 0 : (depths[table.parentOf(state)] as number) + 1;
      depths[state] = depth;
      table.load(state, words);
      const name = this.machineState(words);
      const cluster = clusters.get(name) ?? { number: clusters.size, states: 0, depth };
      clusters.set(name, cluster);
      cluster.states++;
      if (state >= maxNodes) continue;
      nodes.push({ cluster: cluster.number, depth, way: this.pathTo(state).map(([, by]) => this.actOf(by)) });
      edges.push(...this.edgesOf(state, words).filter(({ to }) => to < maxNodes));
    }
    return {
      clusters: [...clusters].map(([name, { states, depth }]) => ({ name, states, depth })),
      nodes,
      edges,
    };
  }

  private machineState(words: Int32Array): string {
    const { live, taker } = this;
    return Array.from({ length: taker.vcpus }, (_, vcpu) => {
      const [mpState, run] = (['mpState', 'run'] as const).map((variable) => {
        const { kind } = vcpuGroup.variables[variable];
        return kind[live.valueIn(taker.cellOf(vcpu, variable), words)] ?? '';
      });
      return `v${vcpu} ${mpState ?? ''} ${run ?? ''}`;
    }).join(', ');
  }

  /** Where the acts that are known lead from a state. */
  private edgesOf(state: number, words: Int32Array): StateMap['edges'] {
    const { memo, table } = this;
    return this.scope.acts.flatMap(({ act }, number) => {
      const leaf = memo.leafOf(number, words);
      const kind = leaf < 0 ? undefined : memo.kinds[leaf];
      if (kind !== TAKEN && kind !== HITS) return [];
      memo.apply(leaf, words, table.probe);
      this.dead.mask(table.probe);
      const to = table.find();
      return to < 0 || to === state ? [] : [{ from: state, to, act }];
    });
  }

  /** Packed states get the form that is asked for now, and it is known which of their cells are dead. */
  private prepare(): void {
    const { live, dead, memo } = this;
    const isNew = live.isStale || this.restarts === 0;
    if (isNew) this.pack();
    if (!inForce(this.without).includes('dead cells')) return;
    if (isNew) dead.analyse(memo.all);
    else dead.settle();
  }

  private pack(): void {
    if (this.live.changed.size > 0) this.idle?.forget();
    this.performer.pack();
  }

  private *run(): Resumable<Searched> {
    this.pack();
    yield* this.scout();
    for (;;) {
      this.restarts++;
      this.prepare();
      const end = yield* this.pass();
      if (end === 'stale' || !this.project()) continue;
      this.end = end;
      return this.soFar();
    }
  }

  /** Tells every state. @returns false where that reads a cell which the stored states do not tell apart */
  private project(): boolean {
    const { projection } = this.limits;
    if (!projection) return true;
    const told = new Set<string>();
    const words = new Int32Array(this.live.words);
    for (let state = 0; state < this.table.size; state++) {
      this.table.load(state, words);
      told.add(this.performer.tell(words, projection));
    }
    this.projected = [...told].sort();
    return !this.live.isStale;
  }

  /** From the first state on, until the end or until a cell turns out to be live. */
  private *pass(): Resumable<Searched['end'] | 'stale'> {
    const { memo, live, dead, maxStates, questions } = this;
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
    this.sizes = [1];
    this.levelStart = 0;
    let performed = 0;
    /** Acts that are performed before the search begins again; without end while nothing asks for it. */
    let left = Infinity;
    for (let state = 0; state < table.size; state++) {
      if (state === levelEnd) {
        this.depth++;
        this.levelStart = levelEnd;
        levelEnd = table.size;
        this.sizes.push(levelEnd - this.levelStart);
      }
      this.expanding = state;
      if (this.depth >= this.maxDepth) return left < Infinity ? 'stale' : 'depth';
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
          leaf = this.performer.perform(from, act, () => this.leavesTo(state));
          if (live.isStale) return 'stale';
          if (dead.add(memo.leaf(leaf))) left = Math.min(left, PERFORMED_BEHIND);
          if (--left <= 0) return 'stale';
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
        dead.mask(probe);
        table.meet(state, act);
      }
      if (open === 0 && questions.length > 0 && this.limits.whole !== true)
        return left < Infinity ? 'stale' : 'answered';
      if (table.size >= maxStates && left < Infinity) return 'stale';
      if (table.size >= maxStates) return state + 1 === table.size ? 'exhausted' : 'states';
      if (state % STATES_IN_PART === 0) yield;
    }
    return left < Infinity ? 'stale' : 'exhausted';
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

  /** What was done on the way to a state. */
  private leavesTo(state: number): number[] {
    const words = new Int32Array(this.live.words);
    return this.pathTo(state).map(([from, by]) => {
      this.table.load(from, words);
      return this.memo.leafOf(by, words);
    });
  }

  /**
   * Some ways at random, the same each time: what is live is mostly known before states are stored, so that a search seldom
   * begins again.
   */
  private *scout(): Resumable<void> {
    const { memo, live, scope } = this;
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return (seed >>> 8) % below;
    };
    for (let walk = 0; walk < WALKS; walk++) {
      const way: number[] = [];
      let words = new Int32Array(live.words);
      for (let steps = 0; steps < WALK_LENGTH; steps++) {
        const act = random(scope.acts.length);
        const known = memo.leafOf(act, words);
        const leaf = known < 0 ? this.performer.perform(words, act, () => way) : known;
        if (live.isStale) {
          this.pack();
          words = memo.wordsAfter(way);
        }
        if (leaf === NO_LEAF) continue;
        if (memo.kinds[leaf] === REFUSED || memo.kinds[leaf] === GAP) continue;
        const next = new Int32Array(live.words);
        memo.apply(leaf, words, next);
        words = next;
        way.push(leaf);
      }
      yield;
    }
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
