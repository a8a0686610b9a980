/** The shortest ways into the states of a chart, found by the explorer's walk over the same handlers. */
import { Unmodelled } from '../../base/assert';
import type { Act } from '../../engine/acts';
import { perform } from '../../engine/perform';
import { nextVmmAct } from '../../engine/vmm/handle';
import type { World } from '../../engine/world';
import type { ResolvedProfile } from '../../profiles/resolve';
import { standardLaunch } from '../../scenarios/launch';
import { worldFor } from '../../scenarios/machine';
import type { Head } from '../../scenarios/scenario';
import { walk } from '../walk';
import { always, choicesOf, settled, type Choice, type MatrixChart, type MatrixState } from './chart';
import { isAtRest, Tracer } from './trace';

/** A search ends without a result after this many states. */
const MAX_STATES = 3_000;

/** How a state is reached, or what was tried. */
export type Reached =
  | { readonly reached: true; readonly acts: readonly Act[] }
  | { readonly reached: false; readonly why: string };

/** Statistics of the search. */
export interface Searched {
  readonly states: number;
  readonly depth: number;
  /** Nothing was left to look at. */
  readonly isComplete: boolean;
}

const headOfChart = ({ vm, host, title }: MatrixChart): Head => ({
  title,
  refs: [],
  profiles: [],
  vm,
  guest: 'manual',
  host,
});

/** The world in which the search of a chart begins, and the acts that a scenario writes to come there. */
export interface Root {
  readonly world: World;
  readonly acts: readonly Act[];
}

export function rootOf(chart: MatrixChart, profile: ResolvedProfile): Root {
  const head = headOfChart(chart);
  const world = worldFor(head, profile);
  const tracer = new Tracer(world);
  if (chart.launched) for (const act of standardLaunch(head, profile)) tracer.take([always(act)], {});
  const prepared: Act[] = [];
  for (const act of chart.root) {
    const mark = world.mark();
    const { trace } = new Tracer(world).take([always(act)], {});
    if (trace.impossible === undefined) prepared.push(...trace.acts);
    else world.undo(mark);
  }
  world.log.top = 0;
  return { world, acts: prepared };
}

const keyOf = (state: string, choice: Choice): string =>
  [state, ...Object.entries(choice).map(([axis, value]) => `${axis}=${value}`)].join(' ');

/** Ways into the states of one chart under one profile. */
export class Reach {
  private readonly ways = new Map<string, readonly Act[]>();
  private search: Searched | undefined;

  constructor(
    private readonly chart: MatrixChart,
    readonly root: Root,
  ) {}

  /** The states of the search, which runs when a way is first requested. */
  get searched(): Searched {
    return (this.search ??= this.searchAll());
  }

  /** The way from the root into a state; the world stands at the root before and after. */
  to(state: MatrixState, choice: Choice): Reached {
    const { searched } = this;
    const wanted = settled(state.axes, choice);
    const key = keyOf(state.id, wanted);
    if (state.after && !this.ways.has(key)) return this.after(state, wanted);
    const acts = this.ways.get(key);
    if (acts) return { reached: true, acts };
    const found = searched.isComplete
      ? `all ${searched.states} states that these acts lead to were looked at`
      : `${searched.states} states to depth ${searched.depth} were looked at`;
    return { reached: false, why: `${found}, none is this one` };
  }

  /** A state that results from one act in another state, after the threads have continued. */
  private after(state: MatrixState, choice: Choice): Reached {
    const { after } = state;
    const first = this.chart.states.find(({ id }) => id === after?.state);
    if (!after || !first) return { reached: false, why: 'its first state is not in the chart' };
    const way = this.to(first, {});
    if (!way.reached) return way;
    const { world } = this.root;
    const mark = world.mark();
    performAll(world, way.acts);
    const { trace } = new Tracer(world).take([after.act], {});
    const holds = trace.impossible === undefined && state.holds(world, choice);
    world.undo(mark);
    if (!holds) return { reached: false, why: trace.impossible ?? 'the act before it does not lead here' };
    const acts = [...way.acts, ...trace.acts];
    this.ways.set(keyOf(state.id, choice), acts);
    return { reached: true, acts };
  }

  private searchAll(): Searched {
    const { chart } = this;
    const { world } = this.root;
    const wanted = chart.states
      .filter(({ after }) => !after)
      .flatMap((state) => choicesOf(state.axes).map((choice) => ({ state, choice })));
    const found = new Map<number, { state: MatrixState; choice: Choice }[]>();
    let open = wanted;
    const result = walk(world, (at) => moves(chart, at), {
      maxStates: MAX_STATES,
      visit: (at, number) => {
        const hits = open.filter(
          ({ state, choice }) => (state.heldBack ?? isAtRest(at)) && state.holds(at, choice),
        );
        if (hits.length > 0) {
          found.set(number, hits);
          open = open.filter((one) => !hits.includes(one));
        }
        return open.length > 0;
      },
    });
    for (const [number, hits] of found) {
      const acts = writtenActs(world, result.path(number));
      for (const { state, choice } of hits) this.ways.set(keyOf(state.id, choice), acts);
    }
    const { states, depth, isComplete } = result;
    return { states, depth, isComplete };
  }
}

/** Acts of a personality are not chosen by the search. */
function moves(chart: MatrixChart, world: World): readonly Act[] {
  const own = nextVmmAct(world);
  return own ? [own] : chart.roam(world);
}

/** Performs acts that are known to succeed, and the acts of the personality after each. */
export function performAll(world: World, acts: readonly Act[]): void {
  for (const act of acts) {
    performOne(world, act);
    for (let own = nextVmmAct(world); own; own = nextVmmAct(world)) performOne(world, own);
  }
}

function performOne(world: World, act: Act): void {
  try {
    perform(world, act);
  } catch (error) {
    if (!(error instanceof Unmodelled)) throw error;
  }
}

/** A way without what the personality did on it by itself; the world is as before. */
function writtenActs(world: World, path: readonly Act[]): readonly Act[] {
  const mark = world.mark();
  const written = path.filter((act) => {
    const isOwn = nextVmmAct(world) !== undefined;
    performOne(world, act);
    return !isOwn;
  });
  world.undo(mark);
  return written;
}
