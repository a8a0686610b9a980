import { describe, expect, test } from 'vitest';
import type { Act } from '../../engine/acts';
import type { World } from '../../engine/world';
import { profileIds } from '../../profiles/profiles';
import { profile } from '../../profiles/resolve';
import { memoryTape } from '../../scenarios/memory-tape';
import { parseScenario } from '../../scenarios/parse';
import { runScenario } from '../../scenarios/run';
import type { Scenario } from '../../scenarios/scenario';
import type { Origin, Tape } from '../../scenarios/tape';
import { sampled } from '../../testing/effort';
import { ChartRun, type Cell, type CellAddress } from './cell';
import { matrixCharts } from './charts';
import type { MatrixChart } from './chart';
import { answerOf } from './facts';
import { judge, snapshot, type Snapshot } from './outcome';
import { cellText } from './scenario';

/** A tape that looks at the world just before the event of a cell. */
function watchedTape(world: World, before: Act, look: (world: World, step: number) => void): Tape {
  const tape = memoryTape(world);
  let seen = false;
  return Object.create(tape, {
    perform: {
      value: (act: Act, origin: Origin) => {
        if (!seen && act === before) {
          seen = true;
          look(world, tape.stepCount);
        }
        return tape.perform(act, origin);
      },
    },
  }) as Tape;
}

/** The first act behind the last note. */
function eventAct({ lines }: Scenario): Act {
  const at = lines.findLastIndex(({ kind }) => kind === 'note');
  const line = lines.slice(at).find((one) => one.kind === 'act');
  if (line?.kind !== 'act') throw new Error('a cell without an event');
  return line.act;
}

/** Runs the text of a cell as anyone would, and judges what the run shows. */
function judged(chart: MatrixChart, { state, event }: CellAddress, cell: Cell) {
  const text = cellText({ chart, state, event }, cell);
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(`${text}\n${JSON.stringify(parsed.problems)}`);
  const first = eventAct(parsed.scenario);
  const ahead = event.ahead ?? chart.ahead;
  let before: Snapshot | undefined;
  let firstStep = 0;
  const run = runScenario(parsed.scenario, profile(cell.profile as never), (world) =>
    watchedTape(world, first, (at, step) => {
      before = snapshot(at, chart, ahead);
      firstStep = step;
    }),
  );
  if (!before) throw new Error(`the event never came\n${text}`);
  const { timeline } = run;
  const { world } = timeline;
  const steps = Array.from({ length: timeline.stepCount - firstStep }, (_, i) =>
    timeline.step(firstStep + i),
  );
  const acts = timeline.acts.filter(({ firstStep: at }) => at >= firstStep);
  const impossible = acts.find(
    ({ refused, origin }) => refused !== undefined && origin === 'scenario',
  )?.refused;
  const answered = state.answered ?? event.answered;
  const after = snapshot(world, chart, ahead);
  const moves = steps.flatMap(({ move, rule }) => (move ? [{ ...move, ...(rule ? { rule } : {}) }] : []));
  const verdict = judge({
    chart,
    event,
    answered,
    choice: { ...cell.eventChoice, row: state.id },
    before,
    trace: {
      moves,
      findings: steps.flatMap(({ findings }) => findings),
      facets: [],
      acts: [],
      ...(impossible === undefined ? {} : { impossible }),
    },
    after,
    world,
  });
  const answer = impossible === undefined ? answerOf(world, chart, answered, moves).text : '';
  return { text, verdict, answer, facts: [before.facts, after.facts] };
}

const cellsOf = (chart: MatrixChart): CellAddress[] =>
  chart.states.flatMap((state) => chart.events.map((event) => ({ state, event })));

/** Cells that a sample of a chart looks at. */
const CELLS = 10;

describe.each(matrixCharts)('chart $id', (chart) => {
  test.each(profileIds)('under %s the scenario of every cell, run like any other, gives the cell', (id) => {
    const run = new ChartRun(chart, profile(id));
    let reached = 0;
    for (const address of sampled(cellsOf(chart), CELLS)) {
      const cell = run.cell(address);
      if (cell.outcome === 'unreachable') continue;
      reached++;
      const { text, verdict, answer, facts } = judged(chart, address, cell);
      const facets =
        cell.outcome === 'unspecified' ? { outcome: cell.outcome, because: cell.because } : verdict;
      expect({ text, ...facets, answer, facts }).toEqual({
        text,
        outcome: cell.outcome,
        because: cell.because,
        answer: cell.answer,
        facts: [cell.facts.map(({ before }) => before), cell.facts.map(({ after }) => after)],
      });
    }
    // The released kernels reach most cells; a posting may know nothing of them.
    expect(reached).toBeGreaterThan(id.startsWith('linux-') ? CELLS / 4 : -1);
  });
});
