/** Runs that look the same in a view at one row of a comparison share a pane; the others get separate panes. */
import { bandRuns } from '../engine/page-class';
import type { Comparison } from '../recording/comparison/model';
import type { Moment, StepRecord } from '../recording/timeline/timeline';
import { chartInstances, instanceStep, pageStep, regionStates } from './chart-instances';

/** A run at a row: where it stands, and the step it made there, if it made one. */
export interface RunAtRow {
  readonly run: number;
  /** After the steps it has made. */
  readonly moment: Moment;
  readonly step: StepRecord | undefined;
}

export interface Pane {
  /** Runs that look the same here; the first one is drawn. */
  readonly runs: readonly number[];
  readonly position: number;
  /** The run made a step in this row. */
  readonly moved: boolean;
}

/** Every run at a row. @param row -1: before the first */
export function runsAt({ runs, rows, positionsAfter }: Comparison, row: number): readonly RunAtRow[] {
  const positions = positionsAfter(row);
  return runs.map(({ timeline }, run) => {
    const index = rows[row]?.steps[run];
    const step = index === undefined ? undefined : timeline.step(index);
    const moment = timeline.at(positions[run] ?? 0);
    return { run, moment, step };
  });
}

/** Panes in the order of the runs. @param keyOf what a view shows of a run; equal texts look alike */
export function panesOf(runs: readonly RunAtRow[], keyOf: (run: RunAtRow) => string): readonly Pane[] {
  const panes = new Map<string, { runs: number[]; position: number; moved: boolean }>();
  for (const one of runs) {
    const key = keyOf(one);
    const same = panes.get(key);
    if (same) same.runs.push(one.run);
    else panes.set(key, { runs: [one.run], position: one.moment.position, moved: one.step !== undefined });
  }
  return [...panes.values()];
}

/** All that the page map shows of a run. */
export function pagesKey({ moment: { world }, step }: RunAtRow): string {
  const changed = step?.changes.filter(({ kind }) => kind === 'pages') ?? [];
  return JSON.stringify([bandRuns(world, 0, world.config.gfnCount), changed]);
}

/** All that the statechart of one machine shows of a run: its states, and the events of the run's step. */
export function machineKey({ moment: { world }, step }: RunAtRow, id: string): string {
  const instance = chartInstances(world).find((one) => one.id === id);
  return JSON.stringify([instance && regionStates(world, instance), step?.transitions ?? []]);
}

/** The machine that a row is about: the first that a step of any run sent an event to. */
export function machineOf(runs: readonly RunAtRow[]): string | undefined {
  for (const { moment, step } of runs) {
    const { world } = moment;
    const [taken] = step?.transitions ?? [];
    const touched =
      taken &&
      chartInstances(world).find(({ chart, index }) => chart.id === taken.chart && index === taken.instance);
    if (touched) return touched.id;
  }
  return undefined;
}

/** Regions of a machine that a step of any run sent an event to: they are looked at first, in every pane. */
export function decidedRegions(runs: readonly RunAtRow[], id: string): readonly string[] {
  const regions = runs.flatMap(({ moment: { world }, step }) => {
    const instance = chartInstances(world).find((one) => one.id === id);
    if (!instance || !step) return [];
    const { decisions } = instanceStep(instance, {
      world,
      transitions: step.transitions,
      changes: step.changes,
    });
    return decisions.flatMap((decision) => decision.regions.map(({ region }) => region));
  });
  return [...new Set(regions)];
}

/** Where the RMP entry of a page stands in a run. */
export const pageKey = ({ moment: { world }, step }: RunAtRow, gfn: number): string =>
  JSON.stringify(pageStep(world, gfn, step?.changes ?? []) ?? 'no page');
