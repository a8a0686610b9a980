/** One cell: an event in a state under a profile, as computed by the engine. */
import type { Confidence, Source } from '../../abi/source';
import type { Act } from '../../engine/acts';
import { rules, type RuleId } from '../../engine/rules';
import { valueDoc, valuesOf, type FacetName, type FacetValue } from '../../profiles/facets';
import { override, type ResolvedProfile } from '../../profiles/resolve';
import { copyOf } from '../../recording/timeline/readers';
import { settled, type Choice, type MatrixChart, type MatrixEvent, type MatrixState } from './chart';
import { answerOf } from './facts';
import { judge, remarksOn, snapshot, type Verdict } from './outcome';
import { outcomeSigns, type Outcome } from './outcomes';
import { performAll, Reach, rootOf, type Root, type Searched } from './reach';
import { Tracer, type Trace } from './trace';

/** A facet that the event consulted, with the value of this profile. */
export interface ConsultedFacet {
  readonly name: FacetName;
  readonly value: string;
  readonly says: string;
  readonly confidence: Confidence;
}

/** A rule of a move of the event. */
export interface AppliedRule {
  readonly id: RuleId;
  readonly says: string;
  readonly source: Source;
}

/** A fact of the chart before and after the event. */
export interface FactChange {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

/** The result of a cell under one profile. Plain data. */
export interface Cell extends Verdict {
  readonly chart: string;
  readonly state: string;
  readonly event: string;
  readonly profile: string;
  readonly stateChoice: Choice;
  readonly eventChoice: Choice;
  /** The answer to the requester; empty when the event did not happen. */
  readonly answer: string;
  readonly facts: readonly FactChange[];
  readonly facets: readonly ConsultedFacet[];
  /** Broken invariants that do not make the state a bad one. */
  readonly remarks: readonly string[];
  readonly rules: readonly AppliedRule[];
  /** Acts that prepare the chart, the way into the state, and the event with the acts of threads after it. */
  readonly acts: {
    readonly root: readonly Act[];
    readonly way: readonly Act[];
    readonly event: readonly Act[];
  };
}

/** Which cell. */
export interface CellAddress {
  readonly state: MatrixState;
  readonly event: MatrixEvent;
  readonly stateChoice?: Choice;
  readonly eventChoice?: Choice;
}

/** All cells of one chart under one profile; the search runs once, each cell is computed on demand. */
export class ChartRun {
  private readonly root: Root;
  private readonly reach: Reach;

  constructor(
    readonly chart: MatrixChart,
    readonly profile: ResolvedProfile,
  ) {
    this.root = rootOf(chart, profile);
    this.reach = new Reach(chart, this.root);
  }

  get searched(): Searched {
    return this.reach.searched;
  }

  cell(address: CellAddress): Cell {
    const { state, event } = address;
    const place = {
      chart: this.chart.id,
      state: state.id,
      event: event.id,
      profile: this.profile.spec,
      stateChoice: settled(state.axes, address.stateChoice ?? {}),
      eventChoice: settled(event.axes, address.eventChoice ?? {}),
    };
    const way = this.reach.to(state, place.stateChoice);
    if (!way.reached) return { ...place, ...unreachable(way.why) };
    const one = { event, choice: place.eventChoice, state, way: way.acts };
    const done = perform(this.chart, this.root, one);
    return { ...place, ...done, ...this.unknownIn(done, one) };
  }

  private performance({ state, event, stateChoice = {}, eventChoice = {} }: CellAddress) {
    const way = this.reach.to(state, stateChoice);
    return way.reached
      ? { event, choice: settled(event.axes, eventChoice), state, way: way.acts }
      : undefined;
  }

  /** The outcome where a facet without a known value was consulted: every value is tried; their outcomes may agree. */
  private unknownIn(done: Done, one: Performance): Partial<Verdict> {
    if (done.outcome === 'impossible') return {};
    for (const { name } of done.facets) {
      if (this.profile.facets[name] !== 'unspecified') continue;
      const tried = this.withOtherValues(name, one);
      if (tried.every(({ outcome }) => outcome === done.outcome)) continue;
      const says = tried.map(({ value, outcome }) => `${outcomeSigns[outcome].says} if ${value}`).join(', ');
      return { outcome: 'unspecified', because: `no source says which ${name} this is: ${says}` };
    }
    return {};
  }

  /** The facets that decided a cell: another value would change the answer or the state after it. */
  decided(address: CellAddress): readonly FacetName[] {
    const one = this.performance(address);
    if (!one) return [];
    const done = perform(this.chart, this.root, one);
    const signature = (other: Done): string => JSON.stringify([other.outcome, other.answer, other.facts]);
    return done.facets
      .map(({ name }) => name)
      .filter((name) =>
        this.withOtherValues(name, one).some((other) => signature(other) !== signature(done)),
      );
  }

  /** The event with every other known value of a facet, from the same state on. */
  private withOtherValues(name: FacetName, one: Performance): (Done & { readonly value: FacetValue })[] {
    const { world } = this.root;
    const mark = world.mark();
    performAll(world, one.way);
    const others = valuesOf(name)
      .filter((value) => value !== this.profile.facets[name] && value !== 'unspecified')
      .map((value) => {
        const copy = copyOf(world, override(this.profile, name, value));
        return { ...perform(this.chart, { world: copy, acts: [] }, { ...one, way: [] }), value };
      });
    world.undo(mark);
    return others;
  }
}

/** An event with everything that it depends on. */
interface Performance {
  readonly event: MatrixEvent;
  readonly choice: Choice;
  readonly state: MatrixState;
  readonly way: readonly Act[];
}

/** Performs an event and takes it back. */
function perform(chart: MatrixChart, root: Root, { event, choice, state, way }: Performance): Done {
  const { world } = root;
  const answered = state.answered ?? event.answered;
  const choiceAtRow = { ...choice, row: state.id };
  const mark = world.mark();
  performAll(world, way);
  const ahead = event.ahead ?? chart.ahead;
  const before = snapshot(world, chart, ahead);
  const { trace } = new Tracer(world).take(event.steps, choiceAtRow);
  const after = snapshot(world, chart, ahead);
  const verdict = judge({ chart, event, answered, choice: choiceAtRow, before, trace, after, world });
  const answer = trace.impossible === undefined ? answerOf(world, chart, answered, trace.moves).text : '';
  world.undo(mark);
  const facts = chart.facts.map(({ title }, index) => ({
    title,
    before: before.facts[index] ?? '',
    after: after.facts[index] ?? '',
  }));
  return {
    ...verdict,
    answer,
    facts,
    ...decidedBy(trace, world.profile),
    remarks: remarksOn(trace),
    acts: { root: root.acts, way, event: trace.acts },
  };
}

type Done = Omit<Cell, 'chart' | 'state' | 'event' | 'profile' | 'stateChoice' | 'eventChoice'>;

const unreachable = (why: string): Done => ({
  outcome: 'unreachable' satisfies Outcome,
  because: why,
  answer: '',
  facts: [],
  facets: [],
  remarks: [],
  rules: [],
  acts: { root: [], way: [], event: [] },
});

function decidedBy({ facets, moves }: Trace, profile: ResolvedProfile): Pick<Cell, 'facets' | 'rules'> {
  const ids = new Set(moves.flatMap(({ rule }) => (rule === undefined ? [] : [rule])));
  return {
    facets: facets.map((name) => {
      const value = profile.facets[name];
      const { confidence } = profile.sourceOf(name);
      return { name, value, says: valueDoc(name, value), confidence };
    }),
    rules: [...ids].map((id) => ({ id, ...rules[id] })),
  };
}
