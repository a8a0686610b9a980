/** Breadth first over everything that the acts of a scope lead to, each state once, with the shortest way to each answer. */
import type { Resumable } from '../../base/resumable';
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import { DeadCells } from './dead-cells';
import type { Expanders } from './expanding';
import type { Levels } from './growth';
import { IdleReads } from './idle-reads';
import { LiveCells } from './live-cells';
import { Memo } from './memo';
import { Pass, type PassEnd, type PassLimits, type PassParts } from './pass';
import { Performer } from './performing';
import type { Question } from './property';
import { inForce, type Reduction } from './reductions';
import type { Scope } from './scope';
import { scout } from './scouting';
import { stateMap, type StateMap } from './state-map';
import { Symmetry } from './symmetry';
import { Taker } from './taking';

/** States that are stored when nobody says how many. */
export const DEFAULT_MAX_STATES = 5_000_000;
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
  /** The same with the names of vCPUs that are alike: so many it would be without symmetry, if the first state is alike for them. */
  readonly named: number;
  /** Acts that could be taken, over all states that were looked at. */
  readonly transitions: number;
  /** Acts that were not taken because the model lacks what would follow. */
  readonly gaps: number;
  /** Acts on the shortest way to the farthest state. */
  readonly depth: number;
  readonly levels: Levels;
  /** Why the search ended. */
  readonly end: Exclude<PassEnd, 'stale'>;
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
  /** Threads that expand states beside this one; what the search says is the same without them. */
  readonly expanders?: Expanders | undefined;
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
  private readonly shared: PassParts;
  private readonly idle: IdleReads | undefined;
  private readonly passLimits: PassLimits;
  private pass: Pass;
  private end: Searched['end'] = 'states';
  /** Counted when the search has ended. */
  private named: number | undefined;
  /** Acts that were tried in the passes before the present one. */
  private triedBefore = 0;
  private restarts = -1;
  private readonly without: readonly Reduction[];
  private projected: readonly string[] = [];

  constructor(
    scope: Scope,
    private readonly questions: readonly Question[],
    worlds: readonly World[],
    private readonly limits: SearchLimits,
  ) {
    const taker = new Taker(scope, questions, worlds);
    const { without = [], projection } = limits;
    const whole: readonly Reduction[] = taker.hasParts ? [] : ['idle reads'];
    // What is told of a state is read after the last act too.
    this.without = [
      ...without,
      ...(projection ? (['idle reads', 'dead cells', 'symmetry'] as const) : whole),
    ];
    const live = new LiveCells(
      taker.cellCount,
      (cell) => taker.trace.before(cell, taker.get(cell)),
      this.without.includes('live cells'),
    );
    const memo = new Memo(scope.acts.length, live, limits.expanders?.allocate);
    const performer = new Performer(scope, taker, live, memo);
    if (inForce(this.without).includes('idle reads')) {
      this.idle = new IdleReads(taker, live);
      taker.observeParts(this.idle);
    }
    const dead = new DeadCells(live, (cell) => taker.isKept(cell), limits.expanders?.allocate);
    const symmetry = new Symmetry(
      inForce(this.without).includes('symmetry') ? scope : undefined,
      taker,
      live,
      memo,
    );
    this.shared = { scope, taker, live, memo, performer, dead, symmetry };
    this.passLimits = {
      questions: questions.length,
      whole: limits.whole === true,
      maxStates: limits.maxStates ?? scope.maxStates ?? DEFAULT_MAX_STATES,
      expanders: limits.expanders,
      maxDepth: limits.maxDepth ?? scope.maxDepth ?? Infinity,
    };
    this.pass = new Pass(this.shared, this.passLimits);
    this.parts = this.run();
  }

  progress(): Progress {
    const { table, transitions, depth, levels, ways } = this.pass;
    const answered = ways.filter((way) => way !== undefined).length;
    const { maxStates } = this.passLimits;
    return { states: table.size, transitions, depth, levels, maxStates, ways: answered };
  }

  soFar(): Searched {
    const { end, restarts, pass, projected } = this;
    const { live, taker, memo, symmetry } = this.shared;
    const { table, transitions, gaps, depth, levels, ways } = pass;
    return {
      answers: this.questions.map((question, at) => {
        const found = ways[at];
        return found ? { question, way: pass.wayTo(...found) } : { question };
      }),
      states: table.size,
      named: this.named ?? table.size,
      transitions,
      gaps,
      depth,
      levels,
      end,
      cells: live.cells.map((cell) => taker.name(cell)),
      words: live.words,
      reductions: inForce([...this.without, ...(symmetry.isOn ? [] : (['symmetry'] as const))]),
      bytes: table.byteLength,
      performed: memo.size,
      tried: this.triedBefore + pass.tried,
      restarts,
      projected,
    };
  }

  map(maxNodes: number): StateMap {
    return stateMap(this.shared, this.pass, maxNodes);
  }

  /** Packed states get the form that is asked for now, and it is known which of their cells are dead. */
  private prepare(): void {
    const { live, dead, memo, symmetry } = this.shared;
    let isNew = live.isStale || this.restarts === 0;
    if (isNew) this.pack();
    while (symmetry.isOn && !symmetry.begin()) {
      this.pack();
      isNew = true;
    }
    if (!inForce(this.without).includes('dead cells')) return;
    if (isNew) dead.analyse(memo.all);
    else dead.settle();
  }

  private pack(): void {
    const { live, performer } = this.shared;
    if (live.changed.size > 0) this.idle?.forget();
    performer.pack();
  }

  private *run(): Resumable<Searched> {
    this.pack();
    yield* scout(this.shared, () => this.pack());
    for (;;) {
      this.restarts++;
      this.prepare();
      this.triedBefore += this.pass.tried;
      this.pass = new Pass(this.shared, this.passLimits);
      const end = yield* this.pass.run();
      if (end === 'stale' || !this.project()) continue;
      this.end = end;
      this.named = this.pass.named;
      return this.soFar();
    }
  }

  /** Tells every state. @returns false where that reads a cell which the stored states do not tell apart */
  private project(): boolean {
    const { projection } = this.limits;
    if (!projection) return true;
    const { live, performer } = this.shared;
    const { table } = this.pass;
    const told = new Set<string>();
    const words = new Int32Array(live.words);
    for (let state = 0; state < table.size; state++) {
      table.load(state, words);
      told.add(performer.tell(words, projection));
    }
    this.projected = [...told].sort();
    return !live.isStale;
  }
}
