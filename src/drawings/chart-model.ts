/**
 * A statechart as a drawing needs it: states, and arrows that gather every transition between the same two states. What
 * many states share is one arrow, and what holds in every state leaves "any". Read from the compiled tables, so that a drawing and
 * the engine cannot mean different charts.
 */
import type { Candidate, Chart, Region } from '../machines/compile';

/** The source of an arrow that leaves every state of its region. */
export const ANY_STATE = '*';
const SOURCES = '|';

/**
 * An arrow that leaves many states starts at a small node of its own beside its target, so that it stays short.
 * @returns the states it stands for, none for all of them; undefined when `source` is a state
 */
export function manySources(source: string): readonly string[] | undefined {
  if (source === ANY_STATE) return [];
  return source.includes(SOURCES) ? source.split(SOURCES) : undefined;
}

/** One line beside an arrow: an event, and the guard that lets it go this way. */
export interface ChartLine {
  readonly event: string;
  /** Name of the guard; '' when nothing was asked before; `else` when earlier guards had to fail. */
  readonly guard: string;
  /** The footnote of the region that has the guard's name, from 1; missing where it stands beside the arrow. */
  readonly note?: number;
}

export interface ChartArrow {
  /** `source>target`, unique in its region. */
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly lines: readonly ChartLine[];
}

export interface ChartRegion {
  readonly name: string;
  readonly states: readonly string[];
  readonly initial: string;
  readonly arrows: readonly ChartArrow[];
  /** Guards whose names are too long to stand beside an arrow. */
  readonly notes: readonly string[];
}

export interface ChartModel {
  readonly id: string;
  readonly regions: readonly ChartRegion[];
}

/** One way an event can go in one state, in the order in which the guards are asked. */
export interface Way {
  readonly event: string;
  readonly guard: string;
  /** Name of the state it leads to; the state itself when it stays. */
  readonly target: string;
  readonly effects: Candidate['effects'];
  readonly candidate: Candidate;
}

/** The ways of an event in a state. What stands behind a candidate without a guard is never asked. */
export function waysOf(chart: Chart, region: Region, state: number, event: string): Way[] {
  const code = chart.eventCodes.get(event);
  const candidates = code === undefined ? [] : (region.table[state * chart.eventTypes.length + code] ?? []);
  const last = candidates.findIndex(({ guard }) => guard === '');
  const asked = last < 0 ? candidates : candidates.slice(0, last + 1);
  return asked.map((candidate, index) => ({
    event,
    guard: candidate.guard === '' && index > 0 ? 'else' : candidate.guard,
    target: region.states[candidate.target < 0 ? state : candidate.target] as string,
    effects: candidate.effects,
    candidate,
  }));
}

const lineKey = ({ event, guard }: ChartLine, target: string): string => `${event}|${guard}|${target}`;

/** From this many states on, equal transitions are one arrow. */
const MANY = 4;

/** By line and target: the one source that stands for all states which have the transition. */
function commonSources(chart: Chart, region: Region): ReadonlyMap<string, string> {
  const sources = new Map<string, string[]>();
  region.states.forEach((state, code) => {
    for (const event of chart.eventTypes) {
      for (const way of waysOf(chart, region, code, event)) {
        if (way.candidate.target < 0) continue;
        const key = lineKey(way, way.target);
        sources.set(key, [...(sources.get(key) ?? []), state]);
      }
    }
  });
  const { length } = region.states;
  const common = new Map<string, string>();
  for (const [key, states] of sources) {
    if (length > 2 && states.length === length) common.set(key, ANY_STATE);
    else if (states.length >= MANY) common.set(key, states.join(SOURCES));
  }
  return common;
}

/** Where an arrow for this way starts. */
function sourceOf(way: Way, state: string, common: ReadonlyMap<string, string>): string {
  return common.get(lineKey(way, way.target)) ?? state;
}

/** Longer names of guards are footnotes: `setTo UNINITIALIZED` still stands beside its arrow. */
const LONGEST_GUARD = 19;

const arrowId = (source: string, target: string): string => `${source}>${target}`;

function regionModel(chart: Chart, region: Region): ChartRegion {
  const common = commonSources(chart, region);
  const arrows = new Map<string, { source: string; target: string; lines: Map<string, ChartLine> }>();
  const notes: string[] = [];
  const lineOf = ({ event, guard }: Way): ChartLine => {
    if (guard.length <= LONGEST_GUARD) return { event, guard };
    if (!notes.includes(guard)) notes.push(guard);
    return { event, guard, note: notes.indexOf(guard) + 1 };
  };
  region.states.forEach((state, code) => {
    for (const event of chart.eventTypes) {
      for (const way of waysOf(chart, region, code, event)) {
        const source = sourceOf(way, state, common);
        if (way.candidate.target < 0 || source === way.target) continue; // what stays is no arrow
        const id = arrowId(source, way.target);
        const arrow = arrows.get(id) ?? { source, target: way.target, lines: new Map<string, ChartLine>() };
        arrow.lines.set(lineKey(way, way.target), lineOf(way));
        arrows.set(id, arrow);
      }
    }
  });
  return {
    name: region.name,
    states: region.states,
    initial: region.states[region.initial] as string,
    arrows: [...arrows].map(([id, { source, target, lines }]) => ({
      id,
      source,
      target,
      lines: [...lines.values()],
    })),
    notes,
  };
}

export function chartModel(chart: Chart): ChartModel {
  return { id: chart.id, regions: chart.regions.map((region) => regionModel(chart, region)) };
}

/** Finds the arrow of a way, or undefined when the state stays and nothing is drawn. */
export function arrowFinder(chart: Chart, region: Region): (state: string, way: Way) => string | undefined {
  const common = commonSources(chart, region);
  return (state, way) => {
    const source = sourceOf(way, state, common);
    return source === way.target || way.candidate.target < 0 ? undefined : arrowId(source, way.target);
  };
}

/** What stands in brackets behind an event: the guard or the number of its footnote; '' for no guard. */
export const guardText = ({ guard, note }: ChartLine): string => (guard === '' ? '' : ` [${note ?? guard}]`);

/** A line as it stands beside its arrow. */
export const lineText = (line: ChartLine): string => line.event + guardText(line);
